#!/bin/sh
# Installs the pinned validators into a cache folder outside the checkout and prints that folder. Says what is missing and exits
# with 3 when they cannot be installed.
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
folder="${OSLO_VALIDATORS:-${XDG_CACHE_HOME:-$HOME/.cache}/oslo-registry/validators}"

if ! command -v python3 >/dev/null 2>&1; then
    echo "python3 is not installed: there are no other validators to compare with" >&2
    exit 3
fi

# What is installed is told by what it was installed from.
wanted="$(cksum <"$here/requirements.txt") $(python3 --version)"
if [ "$(cat "$folder/installed" 2>/dev/null || true)" != "$wanted" ]; then
    mkdir -p "$folder"
    rm -f "$folder/installed"
    if ! python3 -m venv --clear "$folder/venv" >&2 ||
        ! "$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt" >&2; then
        echo "the validators of tests/validators/requirements.txt could not be installed" >&2
        exit 3
    fi
    echo "$wanted" >"$folder/installed"
fi
echo "$folder"
