#!/bin/sh
# Installs the pinned client beside which harvesting is measured into a cache folder and prints that folder; exits with 3 when
# there is no Node.
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
folder="${OSLO_HARVEST_CLIENTS:-${XDG_CACHE_HOME:-$HOME/.cache}/oslo-registry/harvest-clients}"
for program in node npm; do
    command -v "$program" >/dev/null 2>&1 || { echo "$program is not installed: no other client is measured" >&2; exit 3; }
done
wanted="$(cat "$here/package.json" "$here/package-lock.json" | cksum) $(node --version)"
if [ "$(cat "$folder/installed" 2>/dev/null || true)" != "$wanted" ]; then
    mkdir -p "$folder"
    rm -f "$folder/installed"
    cp "$here/package.json" "$here/package-lock.json" "$folder/"
    (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >&2
    echo "$wanted" >"$folder/installed"
fi
cp "$here/replicate.mjs" "$folder/"
echo "$folder"
