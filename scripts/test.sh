#!/usr/bin/env bash
# Installs what is missing, builds everything, runs all tests.
set -euo pipefail
source "$(dirname "$0")/common.sh"

install_missing "${packages[@]}"
build release
ctest --preset release
