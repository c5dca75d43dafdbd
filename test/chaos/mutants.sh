#!/usr/bin/env bash
# Breaks a copy of Waybill on purpose, in one place at a time, and checks that the
# checker finds out. A mutant that lives is a hole in test/chaos/.
#
#   bash test/chaos/mutants.sh [FOLDER]
#
# Copies and builds in FOLDER, which may stay for the next time; takes under 20
# minutes.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(realpath -m "${1:-$root/build/mutants}")
seconds=${WAYBILL_MUTANT_SECONDS:-20}

mkdir -p "$folder/source"
cd "$root"
# Only what has changed, so that the rest is not built again.
git ls-files -co --exclude-standard | while read -r file; do
  [[ ! -e $file ]] || cmp -s "$file" "$folder/source/$file" \
    || cp --parents "$file" "$folder/source"
done
cd "$folder"
# What a change does is the same without optimization, and sooner built.
cmake --preset release -S source -B build -DWAYBILL_TESTS=OFF \
  -DCMAKE_CXX_FLAGS_RELEASE='-O0 -DNDEBUG' > cmake.log

# live SECONDS FAULTS LOG: lives with faults for some time.
live() {
  cmake --build build --target waybill > build.log || {
    cat build.log >&2
    exit 2
  }
  WAYBILL=$folder/build/waybill "$root/test/chaos/run" --seed 7 \
    --seconds "$1" --faults "$2" > "$3" 2>&1
}

# mutants DO: runs DO with NAME, FILE, CHANGE, FAULTS and FINDS of each: with a
# CHANGE (for sed) of FILE, the checker finds failures of a kind, under FAULTS.
mutants() {
  # A session that ends takes its id from the others that have it.
  "$1" skips_the_compare actors/session_table.cpp \
    '/session_table::give_up/,/^}/ {
      s/(= entries_\.find\(address\.key\(\)\);)/\1 if (i == entries_.end()) continue;/
      s/if \(!i->second\.sessions\.empty\(\)\)/if (false)/
    }' \
    client_rush 'false answers|wrong in calm'
  # A client confirms what it got, and one more.
  "$1" trims_one_too_far actors/session.cpp \
    's/(unread_\.front\(\)\.number <= number);/\1 + 1;/' \
    client_death 'lost'
  # A client that comes back to its event stream gets again what it has read.
  "$1" forgets_the_position net/events/events_transport.hpp \
    's/(open_session\(\*slot, topics, self, )position_\.entry\)/\1"")/' \
    client_rush 'twice at one stream'
  # A node that has not answered counts as one that has done all that was asked.
  local silent='sent_to_ - std::min(sent_to_, result_.counts.nodes)'
  "$1" counts_an_unknown actors/receipt.cpp \
    "s/(result_\.)(unknown = )sent_to_ .*/\1counts.sessions += $silent, \\
      \1counts.written += $silent, \1\20/" \
    node_freeze 'false answers'
  # What is not a push stops the mailbox that it is in.
  "$1" trips_over_an_entry redis/scripts.cpp \
    's/message and expiry and/message and true and/' \
    poison 'wrong in calm'
  # Nobody is there while the nodes that were are still on their way back.
  "$1" forgets_the_missing redis/bridge_link.cpp \
    's/(bridge::expected_nodes\(\) \{)/\1 return 0;/' \
    redis_kill 'false answers'
}

all_faults=
collect_faults() {
  [[ ,$all_faults, == *,$4,* ]] || all_faults+=${all_faults:+,}$4
}

bad=0
try_mutant() {
  local name=$1 file=source/$2 change=$3 faults=$4 finds=$5
  cp "$file" kept
  sed -i -E "$change" "$file"
  if cmp -s kept "$file"; then
    echo "$name: nothing to change in $file"
    bad=1
  elif live "$seconds" "$faults" "$name.log" \
    || ! grep -qE "^($finds): " "$name.log"; then
    echo "$name: lives, see $folder/$name.log"
    bad=1
  else
    echo "$name: found, $(grep -cE "^($finds): " "$name.log") lines of it"
  fi
  mv kept "$file"
  # Or the build would not see that it is what it was.
  touch "$file"
}

mutants collect_faults
if live "$((3 * seconds))" "$all_faults" honest.log; then
  echo "without a change: nothing found under $all_faults"
else
  echo "without a change: fails, see $folder/honest.log"
  bad=1
fi
mutants try_mutant
echo "took $((SECONDS / 60)) min $((SECONDS % 60)) s"
exit $bad
