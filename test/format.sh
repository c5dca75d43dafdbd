#!/usr/bin/env bash
# Checks that the sources look as .clang-format says to clang-format 14, that of
# Debian 12. Others break lines elsewhere, so with them this is skipped (77).
set -euo pipefail
cd "$(dirname "$0")/.."
clang-format --version
clang-format --version | grep -q 'version 14' || exit 77
find actors net redis app test -name '*.hpp' -o -name '*.cpp' \
  | xargs clang-format --dry-run -Werror
