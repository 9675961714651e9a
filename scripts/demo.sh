#!/usr/bin/env bash
# Installs what is missing, builds the library and the main example, fits skeletal ages to
# radiographs, and prints the trace that the example saved.
set -euo pipefail
source "$(dirname "$0")/common.sh"

install_missing "${packages[@]}"
build release --target bones ember-inspect
echo
build/release/bones --out bones.trace.json "$@"
echo
echo "Look at the trace again: build/release/ember-inspect bones.trace.json"
