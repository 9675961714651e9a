#!/usr/bin/env bash
# Installs what is missing, builds the benchmarks, runs all of them, and writes build/bench.json and docs/benchmarks.md.
#     scripts/bench.sh [--only REGEX] [--out FILE.json] [--build-time] [--against REVISION]
# --only REGEX runs the rows whose names match, prints them, and leaves docs/benchmarks.md as it is. --build-time builds the
# library from nothing as well, for row 13. --against REVISION measures that revision's library with the present
# benchmarks, by turns, and prints what changed; a program that does not build there is left out.
set -euo pipefail
source "$(dirname "$0")/common.sh"

only='' out=build/bench.json against='' build_time=()
while [ $# -gt 0 ]; do
  case $1 in
    --only) only=$2; shift 2 ;;
    --out) out=$2; shift 2 ;;
    --against) against=$2; shift 2 ;;
    --build-time) build_time=(--build-time); shift ;;
    *) sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
done

install_missing "${packages[@]}" libbenchmark-dev python3

# configure_and_build SOURCE [OPTION...]: the benchmarks of a source tree, in its build/release.
configure_and_build() {
  local source=$1 launcher=()
  shift
  if command -v ccache > /dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
  (cd "$source" && CCACHE_BASEDIR=$PWD cmake --preset release -DEMBER_BUILD_BENCHMARKS=ON "${launcher[@]}" "$@" > /dev/null)
}

names=()
for source in benchmarks/*.cpp; do names+=("bench_$(basename "$source" .cpp)"); done

# build_programs SOURCE TARGET...: as many of them as build.
build_programs() {
  local source=$1
  shift
  CCACHE_BASEDIR=$source cmake --build "$source/build/release" -j "$(jobs)" --target "$@" -- -k 0
}

run_options=(--benchmark_repetitions=2 --benchmark_min_time=0.01 --benchmark_out_format=json)
[ -z "$only" ] || run_options+=("--benchmark_filter=($only)|^exp/")

# run_program BUILD NAME FILE.json: silently; what it says where it fails.
run_program() {
  "$1/benchmarks/$2" "${run_options[@]}" --benchmark_out="$3" > "$3.log" 2>&1 || { tail -n 3 "$3.log" >&2; return 1; }
}

configure_and_build "$PWD"
build_programs "$PWD" "${names[@]}" bones eight_schools | tail -n 1

results=$(mktemp -d)
tree=''
clean() {
  rm -rf "$results"
  [ -z "$tree" ] || git worktree remove --force "$tree"
}
trap clean EXIT

if [ -n "$against" ]; then
  tree=$PWD/build/against-$(git rev-parse --short "$against^{commit}")
  git worktree add --force --detach "$tree" "$against" > /dev/null
  rm -rf "$tree/benchmarks"
  cp -r benchmarks "$tree/benchmarks"
  configure_and_build "$tree" -DEMBER_BUILD_TESTS=OFF -DEMBER_BUILD_EXAMPLES=OFF -DEMBER_BUILD_TOOLS=OFF
  build_programs "$tree" "${names[@]}" > build/against.log || true
fi

load=$(cut -d ' ' -f 1-3 /proc/loadavg)
# Several times, so that a busy minute spoils no row.
for round in 1 2 3; do
  for name in "${names[@]}"; do
    run_program build/release "$name" "$results/new-$name-$round.json"
    [ -n "$tree" ] || continue
    if [ ! -x "$tree/build/release/benchmarks/$name" ]; then
      [ "$round" -gt 1 ] || echo "$name does not build at $against (build/against.log): left out"
    elif ! run_program "$tree/build/release" "$name" "$results/old-$name-$round.json"; then
      echo "$name fails at $against: left out"
      rm -f "$results"/old-"$name"-*.json
    fi
  done
done

if [ -z "$only$against" ]; then
  python3 benchmarks/build_and_start.py build/release "$results/new-build.json" "${build_time[@]}"
fi
python3 benchmarks/table.py merge "$out" "$results"/new-*.json
python3 benchmarks/table.py about "$out" compiler "$(c++ --version | head -n 1)" \
  revision "$(git describe --always --dirty)" load "$load"

if [ -n "$against" ]; then
  python3 benchmarks/table.py merge "$results/old.json" "$results"/old-*.json
  python3 benchmarks/table.py compare "$out" "$results/old.json"
  exit
fi

peers=()
[ -n "$only" ] || mapfile -t peers < <(benchmarks/peers/run.sh "$(dirname "$out")")
python3 benchmarks/table.py print "$out" "${peers[@]}"
if [ -z "$only" ]; then
  python3 benchmarks/table.py write "$out" docs/benchmarks.md "${peers[@]}"
  echo "written: $out, docs/benchmarks.md"
fi
