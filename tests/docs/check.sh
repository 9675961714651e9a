#!/usr/bin/env bash
# Compiles the C++ blocks of Markdown files: check.sh COMPILER INCLUDE_FLAGS FILE...
# A block with an #include is a file of its own; one that defines a function or a type stands at
# namespace scope; any other stands inside a function. Exits with 77 where the compiler is absent.
set -euo pipefail
compiler=$1
flags=$2
shift 2
if ! command -v "$compiler" > /dev/null; then
  echo "$compiler is not installed: skipped"
  exit 77
fi
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

awk -v dir="$dir" '
  BEGIN { count = 0 }
  function flush_block() {
    if (text ~ /(^|\n)#include/) {
      file = dir "/whole" count ".cpp"
      printf "%s", text > file
      close(file)
    } else if (text ~ /(^|\n)(void|Tensor|struct|class|int) [^\n;=]*\{\n/) {
      together = together "namespace block" count " {\n" text "}\n"
    } else {
      together = together "inline void block" count "() {\n" text "}\n"
    }
    text = ""
    ++count
  }
  /^```cpp/ { inside = 1; next }
  /^```/ { if (inside) flush_block(); inside = 0; next }
  inside { text = text $0 "\n" }
  END {
    print "#include \"prelude.hpp\"\n" together > (dir "/blocks.cpp")
    if (count == 0) exit 1
  }
' "$@"

for file in "$dir"/*.cpp; do
  # shellcheck disable=SC2086
  "$compiler" -std=c++20 -fopenmp-simd -fsyntax-only -Wall -Wextra -Wconversion -Werror -Wno-unused -Wno-unused-value \
    -Wno-unused-result -I"$here" $flags "$file"
  echo "compiled $(grep -c . "$file") lines of ${file##*/}"
done
