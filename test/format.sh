#!/usr/bin/env bash
# Checks that the sources look as .clang-format says.
set -euo pipefail
cd "$(dirname "$0")/.."
find actors net redis app test -name '*.hpp' -o -name '*.cpp' | xargs clang-format --dry-run -Werror
