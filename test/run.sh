#!/usr/bin/env bash
# Installs what the tests need, builds, and runs every test; with the preset
# fuzz, every fuzz target for a while.
#
#   bash test/run.sh [PRESET]
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:-release}

case $preset in
  asan) jobs=(test clang) ;;
  fuzz) jobs=(clang) ;;
  *) jobs=(test) ;;
esac
bash app/setup.sh build "${jobs[@]}"
if [[ ${jobs[0]} = test ]]; then
  npm ci --prefix test --no-audit --no-fund --loglevel error
fi
echo "Building $preset, which takes some minutes the first time"
cmake --preset "$preset"
cmake --build --preset "$preset"
ctest --preset "$preset"
