#!/usr/bin/env bash
# Breaks a copy of Waybill on purpose, in one place at a time, and checks that the
# ledger finds out. A mutant that lives is a hole in test/faults/.
#
#   bash test/faults/mutants.sh [FOLDER]
#
# Copies and builds in FOLDER, which may stay for the next time.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(realpath -m "${1:-$root/build/mutants}")
seconds=${WAYBILL_MUTANT_SECONDS:-40}

mkdir -p "$folder/source"
cd "$root"
# Only what has changed, so that the rest is not built again.
git ls-files -co --exclude-standard | while read -r file; do
  [[ ! -e $file ]] || cmp -s "$file" "$folder/source/$file" \
    || cp --parents "$file" "$folder/source"
done
cd "$folder"
cmake --preset release -S source -B build \
  -DWAYBILL_TESTS=OFF > cmake.log

# Lives with faults for some time; what it prints goes to a file.
live() {
  cmake --build build --target waybill > build.log || {
    cat build.log >&2
    exit 2
  }
  WAYBILL=$folder/build/waybill "$root/test/faults/run" --seed 7 \
    --seconds "$seconds" --faults "$1" > "$2" 2>&1
}

bad=0
# mutant NAME FILE CHANGE FAULTS FINDS: with a CHANGE (for sed) of FILE, the ledger
# finds failures of a kind, under FAULTS; and none without it.
mutant() {
  local name=$1 file=source/$2 change=$3 faults=$4 finds=$5
  if ! live "$faults" "$name.honest.log"; then
    echo "$name: fails before the change, see $folder/$name.honest.log"
    bad=1
    return
  fi
  cp "$file" kept
  sed -i -E "$change" "$file"
  if cmp -s kept "$file"; then
    echo "$name: nothing to change in $file"
    bad=1
  elif live "$faults" "$name.log" || ! grep -qE "^($finds): " "$name.log"; then
    echo "$name: lives, see $folder/$name.log"
    bad=1
  else
    echo "$name: found, $(grep -cE "^($finds): " "$name.log") lines of it"
  fi
  mv kept "$file"
  # Or the build would not see that it is what it was.
  touch "$file"
}

# A session that ends takes its id from the others that have it.
mutant skips_the_compare actors/roster.cpp \
  '/roster::give_up/,/^}/ {
    s/(= entries_\.find\(where\.key\(\)\);)/\1 if (i == entries_.end()) continue;/
    s/if \(!i->second\.sessions\.empty\(\)\)/if (false)/
  }' \
  client_rush 'wrong in calm'
# A client confirms what it got, and one more.
mutant trims_one_too_far actors/session.cpp \
  's/(unread_\.front\(\)\.number <= number);/\1 + 1;/' \
  client_death 'lost'
# A node that has not answered counts as one that has done all that was asked.
silent='sent_to_ - std::min(sent_to_, result_.counts.nodes)'
mutant counts_an_unknown actors/receipt.cpp \
  "s/(result_\.)(unknown = )sent_to_ .*/\1counts.sessions += $silent, \\
    \1counts.written += $silent, \1\20/" \
  node_freeze 'false answers'

exit $bad
