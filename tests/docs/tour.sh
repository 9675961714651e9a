#!/usr/bin/env bash
# Walks docs/tour.md: takes its files out, builds them against an installed ember and runs what it says.
#     tour.sh TOUR.md BUILD_DIR
set -euo pipefail
tour=$1
build=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# A block whose fence says file=NAME is that file.
awk -v dir="$dir" '
  /^```[a-z]+ file=/ { file = dir "/" substr($0, index($0, "file=") + 5); next }
  /^```/ { file = ""; next }
  file != "" { print > file }
' "$tour"
for file in plants.csv plants.cpp CMakeLists.txt; do [ -s "$dir/$file" ]; done

cmake --install "$build" --prefix "$dir/prefix" > "$dir/log"
cd "$dir"
sed -i 's/project(plants CXX)/project(plants CXX)\nset(CMAKE_CXX_FLAGS_RELEASE "-O0")/' CMakeLists.txt   # builds faster
cmake -B build -DCMAKE_PREFIX_PATH="$dir/prefix" > log
cmake --build build > log
build/plants > printed 2> log
cat printed
awk '$1 == "slope" && $2 > 1.2 && $2 < 2.2 { slope = 1 }
     $1 == "by_room[2]" && $2 > 1.5 && $2 < 4 { south = 1 }
     END { exit !(slope && south) }' printed
grep -q '^lp__,by_room.1,by_room.2,by_room.3,' draws.csv
grep -q '"losses"' fit.json
grep -q '"spread" -> "by_room"' plants.dot
prefix/bin/ember-inspect plants.trace.json > table
cat table
grep -q '21/24: obs 3' table
prefix/bin/ember-inspect plants.trace.json --html report.html --fit fit.json --draws draws.csv --params params.json
grep -q "</html>" report.html
grep -q "AutoNormal.locs.slope" report.html
prefix/bin/ember-inspect plants.trace.json --site height_observed | grep -q 'depends on'

# What it says of the mistake is what happens.
sed -i 's/, .obs_mask = d.seen//' plants.cpp
cmake --build build > log
! build/plants > log 2> message
expected=$(awk '/^```text/ { inside = 1; next } /^```/ { inside = 0 } inside' "$tour")
[ -n "$expected" ]
grep -qF "$expected" message
