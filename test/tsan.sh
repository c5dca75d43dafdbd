#!/usr/bin/env bash
# Builds CAF 0.17.6 from Debian's source with the thread sanitizer, in build/caf,
# and runs tests of a build that has both.
#
#   bash test/tsan.sh [CTEST-OPTION...]
set -euo pipefail
cd "$(dirname "$0")/.."
caf=$PWD/build/caf

# Prints where apt has the source, and its hash: 'URI' FILE SIZE SHA256:HASH
source_of() {
  local lists=$caf/lists
  mkdir -p "$lists"
  sed -n 's/^deb /deb-src /p' /etc/apt/sources.list > "$caf/apt.list" 2> /dev/null || true
  for file in /etc/apt/sources.list.d/debian.sources; do
    [[ ! -e $file ]] || sed 's/^Types: deb$/Types: deb-src/' "$file" > "$caf/apt.sources"
  done
  local options=(-o Dir::State::Lists="$lists" -o Dir::Etc::SourceParts=-)
  for file in "$caf"/apt.{list,sources}; do
    [[ -s $file ]] && options+=(-o Dir::Etc::SourceList="$file")
  done
  apt-get "${options[@]}" update > /dev/null
  apt-get "${options[@]}" source --print-uris actor-framework | grep 'orig.tar.gz '
}

bash app/setup.sh build test clang
npm ci --prefix test --no-audit --no-fund --loglevel error
if [[ ! -e $caf/lib/libcaf_core.so ]]; then
  read -r uri file _ hash < <(source_of)
  curl -sSf -o "$caf/$file" "$(tr -d "'" <<< "$uri")"
  echo "${hash#SHA256:}  $caf/$file" | sha256sum --check --quiet
  tar -xf "$caf/$file" -C "$caf"
  # This release predates compilers that want these two headers.
  cmake -S "$caf"/actor-framework-* -B "$caf/build" -G Ninja \
    -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_INSTALL_PREFIX="$caf" \
    -DCMAKE_CXX_FLAGS='-fsanitize=thread -O1 -g1 -w -include limits -include cstdint' \
    -DCAF_NO_IO=ON -DCAF_NO_TOOLS=ON -DCAF_NO_EXAMPLES=ON -DCAF_NO_UNIT_TESTS=ON \
    -DCAF_NO_OPENSSL=ON -DCAF_NO_OPENCL=ON -DCAF_NO_PYTHON=ON
  cmake --build "$caf/build" --target install
fi
cmake --preset tsan -DWAYBILL_CAF_ROOT="$caf"
cmake --build --preset tsan
ctest --preset tsan "$@"
