#!/usr/bin/env bash
# Builds every fuzz target with the stable toolchain and runs each for SECONDS (60): fuzz/run.sh [SECONDS] [TARGET...]
#
# The flags are libFuzzer's coverage instrumentation without a sanitizer, which would need another toolchain;
# safe Rust, debug assertions and overflow checks leave little for one to find. libFuzzer needs a C++ compiler.
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:-60}
targets=("${@:2}")
[ ${#targets[@]} -gt 0 ] || targets=(decoder filter_pattern query_events query_text traceback)
coverage=(-Cpasses=sancov-module --cfg=fuzzing)
for option in level=4 inline-8bit-counters pc-table trace-compares; do
  coverage+=("-Cllvm-args=-sanitizer-coverage-$option")
done
# Named, so that the flags are not those of build scripts too.
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="${coverage[*]}" cargo build --release --locked --target "$host"
for target in "${targets[@]}"; do
  mkdir -p "corpus/$target"
  "${CARGO_TARGET_DIR:-target}/$host/release/$target" "corpus/$target" \
    -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -print_final_stats=1
done
