#!/usr/bin/env bash
# Checks who includes whom: app -> net, redis, actors; net -> actors;
# redis -> actors; actors -> CAF's core and the standard library only.
set -euo pipefail
cd "$(dirname "$0")/.."

bad=0
# forbid FOLDER PATTERN: no file of FOLDER may include what PATTERN matches.
forbid() {
  if grep -rnE "^ *# *include +[<\"]($2)" --include='*.hpp' --include='*.cpp' "$1"; then
    echo "^ $1/ may not include that"
    bad=1
  fi
}

forbid actors '(net|redis|app|test)/'
forbid net '(redis|app|test)/'
forbid redis '(net|app|test)/'
forbid app 'test/'
# Includes are written from the root.
for folder in actors net redis app test; do
  forbid $folder '\.\.?/'
done
# What actors include in angle brackets is CAF, or has no folder and no ".h":
# the standard library.
forbid actors '([^c]|c[^a]|ca[^f])[^>"]*[/.].*>|caf/(io|openssl)/'
exit $bad
