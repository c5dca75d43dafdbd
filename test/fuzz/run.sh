#!/usr/bin/env bash
# Runs a fuzz target for WAYBILL_FUZZ_SECONDS (30), from its seeds and from what
# its earlier runs came upon, which lies beside it in corpus/. An input that
# breaks it is put into findings/ there.
#
#   bash test/fuzz/run.sh build/fuzz/fuzz_TARGET [OPTION OF LIBFUZZER]...
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
program=$1
shift
folder=$(cd "$(dirname "$program")" && pwd)
target=$(basename "$program")
target=${target#fuzz_}
corpus=$folder/corpus/$target
mkdir -p "$corpus" "$folder/findings"

options=(-max_total_time="${WAYBILL_FUZZ_SECONDS:-30}" -print_final_stats=1
  # What takes longer, or more memory, is a finding, too.
  -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=256
  -artifact_prefix="$folder/findings/$target-")
[[ -e $here/$target.dict ]] && options+=(-dict="$here/$target.dict")
# Freed memory that is held back, to find its use, counts as memory, too.
export ASAN_OPTIONS=quarantine_size_mb=64
export UBSAN_OPTIONS=print_stacktrace=1
exec "$program" "${options[@]}" "$@" "$corpus" "$here/seeds/$target"
