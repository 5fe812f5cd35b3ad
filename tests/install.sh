#!/bin/sh
# Installs what a folder of tests pins, for Python in requirements.txt and for Node in package-lock.json, into a cache folder
# outside the checkout, unless it is there already, and prints that folder. Says what is missing and exits with 3 when there is
# no Python or Node to install with.
#
# Usage: tests/install.sh PINS TARGET CONSEQUENCE
set -eu
pins="$1"
folder="$2"
consequence="$3"

for program in python3 node npm; do
    if ! command -v "$program" >/dev/null 2>&1; then
        echo "$program is not installed: $consequence" >&2
        exit 3
    fi
done
node_version="$(node --version)"
case "$node_version" in
    v1[0-9].* | v[0-9].*)
        echo "node $node_version is too old, 20 or later is needed: $consequence" >&2
        exit 3
        ;;
esac

# What is installed is told by what it was installed from.
wanted="$(cat "$pins/requirements.txt" "$pins/package-lock.json" | cksum) $(python3 --version) $node_version"
if [ "$(cat "$folder/installed" 2>/dev/null || true)" != "$wanted" ]; then
    mkdir -p "$folder"
    rm -f "$folder/installed"
    cp "$pins/package.json" "$pins/package-lock.json" "$folder/"
    (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >&2
    python3 -m venv --clear "$folder/venv" >&2
    "$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$pins/requirements.txt" >&2
    echo "$wanted" >"$folder/installed"
fi
echo "$folder"
