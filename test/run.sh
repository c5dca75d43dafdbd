#!/usr/bin/env bash
# Installs what the tests need, builds, and runs every test.
#
#   bash test/run.sh [PRESET]
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:-release}

bash app/setup.sh build test
echo "Building $preset, which takes some minutes the first time"
cmake --preset "$preset"
cmake --build --preset "$preset"
ctest --preset "$preset"
