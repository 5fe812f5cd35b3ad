#!/bin/sh
# Installs what judges the description of the interface into a cache folder outside the checkout and prints that folder. Says what is missing and exits
# with 3 when there is no Python or Node to install with.
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
folder="${OSLO_INTERFACE:-${XDG_CACHE_HOME:-$HOME/.cache}/oslo-registry/interface}"

for program in python3 node npm; do
    if ! command -v "$program" >/dev/null 2>&1; then
        echo "$program is not installed: the interface cannot be judged" >&2
        exit 3
    fi
done
node_version="$(node --version)"
case "$node_version" in
    v1[0-9].* | v[0-9].*)
        echo "node $node_version is too old: 20 or later is needed" >&2
        exit 3
        ;;
esac

# What is installed is told by what it was installed from.
wanted="$(cat "$here/requirements.txt" "$here/package-lock.json" | cksum) $(python3 --version) $node_version"
if [ "$(cat "$folder/installed" 2>/dev/null || true)" != "$wanted" ]; then
    mkdir -p "$folder"
    rm -f "$folder/installed"
    cp "$here/package.json" "$here/package-lock.json" "$folder/"
    (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >&2
    python3 -m venv --clear "$folder/venv" >&2
    "$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt" >&2
    echo "$wanted" >"$folder/installed"
fi
echo "$folder"
