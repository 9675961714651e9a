#!/usr/bin/env bash
# Builds the fuzzers of the readers of files with clang and runs each over its corpus and changes of
# it. A finding stops with what was wrong, and leaves the input in build/fuzz/findings.
#     scripts/fuzz.sh [INPUTS [TARGET...]]     20000 inputs of all targets by default
set -uo pipefail
source "$(dirname "$0")/common.sh"

install_missing "${packages[@]}" "${fuzz_packages[@]}"
build fuzz > build-fuzz.log 2>&1 || { tail -n 30 build-fuzz.log; exit 1; }

inputs=${1:-20000}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(ls tests/fuzz/corpus)
mkdir -p build/fuzz/findings build/fuzz/logs
failures=()
for target in "${targets[@]}"; do
  # What is found on the way is kept apart from the small corpus of the repository.
  mkdir -p "build/fuzz/corpus/$target"
  log=build/fuzz/logs/$target
  build/fuzz/tests/fuzz/fuzz_"$target" -runs="$inputs" -seed=1 -timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=1024 \
    -max_len=10000 -print_final_stats=1 -artifact_prefix="build/fuzz/findings/$target-" \
    "build/fuzz/corpus/$target" "tests/fuzz/corpus/$target" > "$log" 2>&1
  if [ $? -eq 0 ]; then
    echo "$target: $(grep -o 'number_of_executed_units: .*' "$log"), $(grep -o 'peak_rss_mb: .*' "$log") MB"
  else
    failures+=("$target")
    echo "$target: FAILED ($log)"
    grep -E -A4 'finding:|ERROR:|runtime error|uncaught|terminate' "$log" | cut -c1-300 | head -n 12
  fi
done
[ ${#failures[@]} -eq 0 ] || { echo "failed: ${failures[*]}"; exit 1; }
