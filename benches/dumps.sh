#!/bin/sh
# Dumps a synthetic town twice: the second time everything is there already. Prints per register the rows, the time, rows a
# second and MB a second of N-Quads, and the most memory that the process took.
set -eu
oslo="$1"
addresses="$2"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
data="$folder/data"
"$oslo" generate --addresses "$addresses" >"$folder/town.nq"
"$oslo" --data "$data" load --on-violation off "$folder/town.nq" >/dev/null
/usr/bin/time -f '%e s, at most %M KiB of memory' "$oslo" --data "$data" dump >"$folder/told.tsv"
awk -F '\t' 'NR > 1 && $7 ~ /\.nq\.gz$/ { printf "%s: %d statements in %.1f s, %d a second\n", $1, $4, $6 / 1000, $4 * 1000 / ($6 ? $6 : 1) }' "$folder/told.tsv"
du -sh "$data/dumps"
/usr/bin/time -f '%e s when everything is there' "$oslo" --data "$data" dump >/dev/null
