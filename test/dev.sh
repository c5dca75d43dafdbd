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
set -euo pipefail
cd "$(dirname "$0")/.."
build=build/release

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
  # GCC's precompiled header is of no use to clang.
  mkdir -p build/lint
  sed -E 's/ -include [^ ]*cmake_pch\.hxx//' $build/compile_commands.json \
    > build/lint/compile_commands.json
  printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 1 clang-tidy --quiet -p build/lint
}

suite=${1:?name a suite, or format, or lint}
[[ -f $build/build.ninja ]] || cmake --preset release > /dev/null
case $suite in
  format)
    git ls-files -co --exclude-standard '*.hpp' '*.cpp' | xargs clang-format -i
    ;;
  lint)
    shift
    lint "$@"
    ;;
  actors* | net* | redis* | app*)
    cmake --build $build --target "test_${suite%%.*}"
    ctest --test-dir $build --output-on-failure -R "^$suite(\.|\$)"
    ;;
  bench*)
    cmake --build $build --target waybill waybill_load waybill_bare call_counter
    ctest --test-dir $build --output-on-failure -R "^$suite\$"
    ;;
  *)
    cmake --build $build --target waybill waybill_newer
    ctest --test-dir $build --output-on-failure -R "^$suite\$"
    ;;
esac
