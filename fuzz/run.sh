#!/usr/bin/env bash
# Builds every fuzz target with the stable toolchain and runs each for SECONDS (60): fuzz/run.sh [SECONDS] [TARGET...]
#
# The flags are libFuzzer's coverage instrumentation without a sanitizer, which would need another toolchain;
# safe Rust, debug assertions and overflow checks leave little for one to find.
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:-60}
shift || true
passes="sancov-module"
coverage=(-Cpasses=$passes -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
  -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares --cfg=fuzzing)
RUSTFLAGS="${coverage[*]}" cargo build --release --target "$(rustc -vV | sed -n 's/^host: //p')"
for target in "${@:-decoder filter_pattern query_text traceback}"; do
  for name in $target; do
    mkdir -p "corpus/$name"
    target/*/release/"$name" "corpus/$name" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -print_final_stats=1
  done
done
