#!/usr/bin/env bash
# The reference of the public headers builds without a warning. doxygen.sh SOURCE OUTPUT; exits with 77 without doxygen.
set -euo pipefail
if ! command -v doxygen > /dev/null; then
  echo "doxygen is not installed: skipped"
  exit 77
fi
cd "$1"
{ cat docs/Doxyfile; echo "OUTPUT_DIRECTORY = $2"; } | doxygen -
[ -s "$2/html/index.html" ]
