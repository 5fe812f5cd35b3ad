#!/bin/sh
# Installs what feeds are tried with into a cache folder outside the checkout and prints that folder. Says what is missing and
# exits with 3 when there is no Python to install with. Packages of Node are installed where there is a package.json.
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
folder="${OSLO_FEEDS:-${XDG_CACHE_HOME:-$HOME/.cache}/oslo-registry/feeds}"

if ! command -v python3 >/dev/null 2>&1; then
    echo "python3 is not installed: the feeds cannot be tried" >&2
    exit 3
fi
node_version=""
if [ -f "$here/package.json" ]; then
    for program in node npm; do
        if ! command -v "$program" >/dev/null 2>&1; then
            echo "$program is not installed: the feeds cannot be tried" >&2
            exit 3
        fi
    done
    node_version="$(node --version)"
fi

# What is installed is told by what it was installed from.
wanted="$(cat "$here/requirements.txt" "$here"/package-lock.json 2>/dev/null | cksum) $(python3 --version) $node_version"
if [ "$(cat "$folder/installed" 2>/dev/null || true)" != "$wanted" ]; then
    mkdir -p "$folder"
    rm -f "$folder/installed"
    if [ -f "$here/package.json" ]; then
        cp "$here/package.json" "$here/package-lock.json" "$folder/"
        (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >&2
    fi
    python3 -m venv --clear "$folder/venv" >&2
    # Without what they depend on: ckanext-dcat would bring all of CKAN, of which its parser needs a few names.
    "$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r "$here/requirements.txt" >&2
    echo "$wanted" >"$folder/installed"
fi
# Programs stand beside what they need.
for file in "$here"/*.py "$here"/*.mjs; do
    if [ -f "$file" ]; then cp "$file" "$folder/"; fi
done
echo "$folder"
