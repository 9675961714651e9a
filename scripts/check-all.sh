#!/usr/bin/env bash
# Everything that is run by hand before work is called done: every preset, clang-tidy, format, all
# sources as one, a short run of the fuzzers.
#     scripts/check-all.sh [PRESET...]     all of release debug asan clang tsan float by default
set -uo pipefail
source "$(dirname "$0")/common.sh"

install_missing "${packages[@]}" "${browser_packages[@]}" "${document_packages[@]}" "${fuzz_packages[@]}" clang-tidy-16 clang-format-16 \
  libbenchmark-dev
presets=("$@")
[ ${#presets[@]} -gt 0 ] || presets=(release debug asan clang tsan float)
failures=()

note() {
  if [ "$2" -eq 0 ]; then echo "== $1: good"; else
    echo "== $1: FAILED"
    failures+=("$1")
  fi
}

for preset in "${presets[@]}"; do
  build "$preset" > "build-$preset.log" 2>&1 && ctest --preset "$preset" 2>&1 | tail -n 12
  note "$preset (build-$preset.log)" $?
done

mapfile -t sources < <(git ls-files '*.cpp' '*.hpp')
clang-format-16 --dry-run -Werror "${sources[@]}"
note format $?

mapfile -t library < <(git ls-files 'core/*.cpp' 'distributions/*.cpp' 'handlers/*.cpp' 'inference/*.cpp')
cmake --preset clang > build-tidy.log 2>&1 &&
  printf '%s\n' "${library[@]}" | xargs -P "$(jobs)" -n 4 clang-tidy-16 -quiet -p build/clang >> build-tidy.log 2>&1
note "clang-tidy (build-tidy.log)" $?

# They compile in groups that change with every new file: no two may use a name for two things.
printf '#include "%s"\n' "${library[@]/#/$PWD/}" |
  g++ -std=c++20 -w -fsyntax-only -DEigen=ember_eigen -DEIGEN_DONT_PARALLELIZE -Ibuild/clang/include -isystem /usr/include/eigen3 \
    -x c++ - > build-one.log 2>&1
note "all sources as one (build-one.log)" $?

scripts/fuzz.sh 20000
note fuzz $?

if [ ${#failures[@]} -gt 0 ]; then
  echo "failed: ${failures[*]}"
  exit 1
fi
echo "all good"
