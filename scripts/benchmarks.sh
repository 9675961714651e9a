#!/usr/bin/env bash
# Installs what is missing, builds the benchmarks and runs them one after the other.
#     scripts/benchmarks.sh [GOOGLE BENCHMARK OPTIONS]
set -euo pipefail
source "$(dirname "$0")/common.sh"

install_missing "${packages[@]}" libbenchmark-dev
cmake --preset release -DEMBER_BUILD_BENCHMARKS=ON
cmake --build --preset release -j "$(jobs)"
for program in build/release/benchmarks/bench_*; do
  echo
  echo "== ${program##*/}"
  "$program" --benchmark_repetitions=5 --benchmark_min_time=0.1 --benchmark_report_aggregates_only=false "$@"
done
