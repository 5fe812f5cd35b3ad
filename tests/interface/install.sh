#!/bin/sh
# Installs what judges the description of the interface, see tests/install.sh, and prints the folder it is in.
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
folder="${OSLO_INTERFACE:-${XDG_CACHE_HOME:-$HOME/.cache}/oslo-registry/interface}"
exec "$here/../install.sh" "$here" "$folder" "the interface cannot be judged"
