#!/bin/sh
# Fuzzes the query path for a number of seconds each target: fuzz/run.sh [seconds] [target…]. Needs a nightly compiler and a C++
# compiler. What it learns is kept in a cache folder outside the checkout; what it finds is named at the end.
set -eu
cd "$(dirname "$0")"
seconds="${1:-60}"
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- query update

if ! cargo +nightly --version >/dev/null 2>&1; then
    echo "a nightly compiler is needed: rustup toolchain install nightly" >&2
    exit 2
fi
folder="${XDG_CACHE_HOME:-$HOME/.cache}/oslo-registry/fuzz"
target="$(rustc +nightly -vV | sed -n 's/^host: //p')"
# The flags of cargo-fuzz, without a sanitizer: there is no unsafe code of ours to look at, and it runs four times as fast.
RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=16" \
    CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$folder/target}" \
    cargo +nightly build --release --target "$target"

for name in "$@"; do
    corpus="$folder/corpus-$name"
    found="$folder/found-$name"
    mkdir -p "$corpus" "$found"
    seeds="seeds/queries.txt"
    [ "$name" = update ] && seeds="seeds/updates.txt"
    number=0
    while IFS= read -r line; do
        printf '%s' "$line" >"$corpus/seed-$number"
        number=$((number + 1))
    done <"$seeds"
    "${CARGO_TARGET_DIR:-$folder/target}/$target/release/$name" "$corpus" -dict=sparql.dict -artifact_prefix="$found/" \
        -max_total_time="$seconds" -max_len=1024 -timeout=30 -rss_limit_mb=3072 -print_final_stats=1
done
