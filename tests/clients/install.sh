#!/bin/sh
# Installs the pinned clients, see tests/install.sh, and prints the folder they are in.
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
folder="${OSLO_CLIENTS:-${XDG_CACHE_HOME:-$HOME/.cache}/oslo-registry/clients}"
folder="$("$here/../install.sh" "$here" "$folder" "the clients cannot be tried")"
# Node looks for packages above the files that name them.
cp "$here"/*.mjs "$folder/"
echo "$folder"
