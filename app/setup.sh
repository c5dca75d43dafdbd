#!/usr/bin/env bash
# Installs the Debian or Ubuntu packages that a job needs, if any is missing.
#
#   bash app/setup.sh build|demo|test|bench|clang|package|package-test...
set -euo pipefail

# shellcheck source=/dev/null
. /etc/os-release
boost=1.83
[[ ${VERSION_CODENAME-} = bookworm ]] && boost=1.81

demo=(redis-server haproxy curl python3-websockets)
packages=()
for job in "$@"; do
  case $job in
    build) packages+=(g++ cmake ninja-build ccache libcaf-dev libhiredis-dev
             "libboost$boost-dev" "libboost-url$boost-dev" libcli11-dev
             libspdlog-dev libssl-dev libjwt-dev nlohmann-json3-dev
             libtomlplusplus-dev prometheus-cpp-dev) ;;
    demo) packages+=("${demo[@]}") ;;
    test)
      packages+=("${demo[@]}" nginx python3-aiohttp python3-pytest
        python3-pytest-xdist openssl iproute2 nftables clang-format clang-tidy)
      # For the client in JavaScript.
      packages+=(nodejs node-ws)
      # For the client in Java.
      packages+=(openjdk-17-jdk-headless)
      # Ubuntu has Chromium only as a snap: there the browser's test is skipped.
      [[ $ID = debian ]] && packages+=(chromium)
      packages+=(python3-jsonschema python3-yaml prometheus)
      # For what packages hold.
      packages+=(yamllint mandoc zsh golang-go golang-github-masterminds-sprig-dev
        golang-github-ghodss-yaml-dev)
      # For test/bench.
      packages+=(libbenchmark-dev)
      # Node.js of another source than Debian brings its npm along.
      command -v npm > /dev/null || packages+=(npm) ;;
    # The routers that test/bench/compare.py measures beside Waybill.
    bench)
      packages+=(nginx libnginx-mod-nchan golang-go
        golang-github-gorilla-websocket-dev golang-github-gomodule-redigo-dev)
      # Packages that centrifuge needs, but does not depend on.
      packages+=(golang-github-centrifugal-{centrifuge,protocol}-dev
        golang-github-fzambia-eagle-dev golang-github-igm-sockjs-go-dev
        golang-github-mna-redisc-dev) ;;
    clang) packages+=(clang libclang-rt-dev) ;;
    package) packages+=(dpkg-dev file) ;;
    package-test) packages+=(dpkg-dev file debootstrap systemd-container curl) ;;
    *)
      echo "setup.sh: no job is called $job" >&2
      exit 2
      ;;
  esac
done

installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n')
missing=()
for package in "${packages[@]}"; do
  grep -qxF "$package installed" <<< "$installed" || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  exit 0
fi

if ((EUID)); then
  command -v sudo > /dev/null || {
    echo "Run this as root, or install sudo, to install ${missing[*]}" >&2
    exit 1
  }
  exec sudo bash "$0" "$@"
fi
echo "Installing ${missing[*]}"

# After a plain `su`, root has the user's PATH, and dpkg wants its own.
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" DEBIAN_FRONTEND=noninteractive

log=$(mktemp)
policy=/usr/sbin/policy-rc.d
own_policy=
trap 'rm -f "$log" $own_policy' EXIT
# Only programs are wanted. This keeps packages from starting services.
if [[ ! -e $policy ]]; then
  own_policy=$policy
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod +x "$policy"
fi

# Runs apt-get and shows what it said if it fails. What it reports on descriptor
# 3 is left to the caller.
apt() {
  # A new machine may still be busy with upgrades of its own; they hold the lock.
  apt-get -o DPkg::Lock::Timeout=300 "$@" < /dev/null &>> "$log" || {
    cat "$log" >&2
    return 1
  }
}

# Prints each tenth of what apt reports: `dlstatus:1:20.5:Retrieving file…`.
progress() {
  local kind percent step last=
  while IFS=: read -r kind _ percent _; do
    case $kind in
      dlstatus) step=downloaded ;;
      pmstatus) step=installed ;;
      *) continue ;;
    esac
    step+=" $((${percent%%.*} / 10 * 10))%"
    [[ $step = "$last" ]] || echo "  $step"
    last=$step
  done
}

apt update
# Nothing that is there is removed to make room, another Boost say: that is for
# its owner to decide.
apt install -y --no-install-recommends --no-remove -o APT::Status-Fd=3 \
  "${missing[@]}" 3>&1 | progress

# Nor are they to start with the machine next time.
for service in redis-server haproxy nginx; do
  if [[ " ${missing[*]} " = *" $service "* ]]; then
    update-rc.d "$service" disable
  fi
done
