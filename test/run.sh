#!/usr/bin/env bash
# Installs what the tests need, builds, and runs every test; with the preset
# fuzz, every fuzz target for a while.
#
#   bash test/run.sh [PRESET]
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:-release}

kind=test
if [[ $preset = fuzz ]]; then
  kind=fuzz
fi
bash app/setup.sh build "$kind"
if [[ $kind = test ]]; then
  npm ci --prefix test --no-audit --no-fund --loglevel error
fi
echo "Building $preset, which takes some minutes the first time"
cmake --preset "$preset"
cmake --build --preset "$preset"
ctest --preset "$preset"
