#!/usr/bin/env bash
# The short way from an edit to an answer.
#
#   bash test/dev.sh redis.node_table   builds and runs one suite of test/redis
#   bash test/dev.sh net                all suites of test/net
#   bash test/dev.sh system.kick        test/system/test_kick.py, and the router it needs
#   bash test/dev.sh bench.load         test/bench/test_load.py, and the programs that it needs
#   bash test/dev.sh format             formats the sources
#   bash test/dev.sh lint [FILE...]     runs clang-tidy, by default on what differs from
#                                       the last commit, or else on what that changed
#
# It builds in build/release, where a change compiles up to 24 sources again. With
# WAYBILL_BUILD=build/debug it compiles one, once that preset is built.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${WAYBILL_BUILD:-build/release}

sources() { grep -E '^(actors|net|redis|app)/.*\.cpp$' || true; }

lint() {
  local files=("$@")
  if [[ $# = 0 ]]; then
    mapfile -t files < <(git diff --name-only --diff-filter=d HEAD | sources)
  fi
  if [[ ${#files[@]} = 0 ]] && git rev-parse -q --verify HEAD~1 > /dev/null; then
    mapfile -t files < <(git diff --name-only --diff-filter=d HEAD~1 | sources)
  fi
  [[ ${#files[@]} -gt 0 ]] || return 0
  # Only that preset has a command for each source.
  [[ -f build/debug/compile_commands.json ]] || cmake --preset debug > /dev/null
  printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 1 clang-tidy --quiet -p build/debug
}

suite=${1:?name a suite, or format, or lint}
[[ -f $build/build.ninja ]] || cmake --preset "${build##*/}" > /dev/null
case $suite in
  format)
    git ls-files -co --exclude-standard '*.hpp' '*.cpp' | xargs clang-format -i
    ;;
  lint)
    shift
    lint "$@"
    ;;
  actors* | net* | redis* | app*)
    cmake --build "$build" --target "test_${suite%%.*}"
    ctest --test-dir "$build" --output-on-failure -R "^$suite(\.|\$)"
    ;;
  bench*)
    cmake --build "$build" --target waybill waybill_load waybill_bare call_counter
    ctest --test-dir "$build" --output-on-failure -R "^$suite\$"
    ;;
  *)
    cmake --build "$build" --target waybill waybill_newer
    ctest --test-dir "$build" --output-on-failure -R "^$suite\$"
    ;;
esac
