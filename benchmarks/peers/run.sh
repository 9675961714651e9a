#!/usr/bin/env bash
# Runs what can be run of the peers and writes FOLDER/PEER.json; prints these files' names, and on the error output which
# peers are left out, and why.
#     benchmarks/peers/run.sh FOLDER
set -euo pipefail
here=$(dirname "$0")
folder=$1

stan=/usr/lib/R/site-library/StanHeaders/include
if [ ! -f "$stan/stan/math/rev/mat.hpp" ]; then
  echo "Stan Math is left out: needs Debian's r-cran-stanheaders" >&2
else
  program=$folder/stan_math
  # It takes half a minute to compile: only where something changed.
  if [ ! -x "$program" ] || [ "$here/stan_math.cpp" -nt "$program" ] || [ "$here/../common/adam_by_hand.hpp" -nt "$program" ]; then
    c++ -std=gnu++17 -O3 -DNDEBUG -march=native -fno-math-errno -fno-trapping-math -fopenmp-simd -w -isystem "$stan" \
      -isystem /usr/include/eigen3 "$here/stan_math.cpp" -o "$program" -ltbb
  fi
  "$program" > "$folder/stan_math.json"
  echo "$folder/stan_math.json"
fi

if python3 "$here/pyro_peer.py" > "$folder/pyro.json"; then
  echo "$folder/pyro.json"
else
  echo "Pyro is left out" >&2
  rm -f "$folder/pyro.json"
fi
