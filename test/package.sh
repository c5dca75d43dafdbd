#!/usr/bin/env bash
# Makes the Debian package, and installs, upgrades, removes and purges it on a
# system of its own: a folder from debootstrap that systemd boots in a container.
# Takes some minutes, and as root. Without that or the tools: exit code 77.
#
#   bash app/setup.sh build package-test
#   cmake --preset release && cmake --build --preset release
#   sudo bash test/package.sh build/release [FOLDER]
#
# FOLDER is one from `debootstrap --variant=minbase`, which is copied; without it,
# one is made.
set -euo pipefail
cd "$(dirname "$0")/.."

if (($# < 1 || $# > 2)) || [[ ! -e $1/CPackConfig.cmake ]]; then
  echo "Usage: bash test/package.sh BUILD-FOLDER [DEBOOTSTRAP-FOLDER]" >&2
  exit 2
fi
if ((EUID)); then
  echo "package.sh: skipped, as only root may use debootstrap"
  exit 77
fi
for tool in debootstrap dpkg-shlibdeps systemd-nspawn curl; do
  if ! command -v $tool > /dev/null; then
    echo "package.sh: skipped, as there is no $tool; see app/setup.sh package-test"
    exit 77
  fi
done

folder=$(mktemp -d /tmp/waybill-package.XXXXXX)
root=$folder/root
log=$folder/log
# The process that is 1 in the container.
init=

clean_up() {
  [[ ! $init ]] || kill -KILL "$init" 2> /dev/null || true
  wait
  rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

step() {
  echo "== $*"
}

# Runs a command, and shows what it printed only if it fails.
quietly() {
  "$@" > "$log" 2>&1 < /dev/null || {
    cat "$log" >&2
    echo "package.sh: failed: $*" >&2
    return 1
  }
}

# check WHAT COMMAND...: ends with what should be, unless the command succeeds.
check() {
  local what=$1
  shift
  "$@" > "$log" 2>&1 || {
    cat "$log" >&2
    [[ ! $init ]] || inside systemctl status --no-pager waybill >&2 || true
    echo "package.sh: not so: $what" >&2
    exit 1
  }
  echo "   $what"
}

# The same for what may take a while.
await() {
  local what=$1 tries=100
  shift
  until "$@" > /dev/null 2>&1 || ((--tries == 0)); do
    sleep 0.2
  done
  check "$what" "$@"
}

no() {
  ! "$@"
}

# Runs a command in the container, before and after it is booted.
inside() {
  if [[ $init ]]; then
    nsenter --target "$init" --all -- "$@"
  else
    chroot "$root" "$@"
  fi
}

pid_of() {
  inside systemctl show --property MainPID --value waybill
}

# is_online PORT: tells whether a node is ready there.
is_online() {
  nsenter --target "$init" --net -- \
    curl -sf --noproxy '*' --max-time 5 "http://127.0.0.1:$1/readyz"
}

# has_line FILE LINE: tells whether a line of a file of the container begins so.
has_line() {
  grep -q "^$2" "$root$1"
}

# is_held KEY PATTERN: tells whether that is so for the running node, see proc(5).
is_held() {
  inside grep -qP "^$1:?\s+$2" "/proc/$(pid_of)/${3-status}"
}

is_other() {
  local now
  now=$(pid_of)
  [[ $now != 0 && $now != "$1" ]]
}

# -- make ----------------------------------------------------------------------

step "Two packages of different versions"
version=$(sed -nE 's/^set\(CPACK_PACKAGE_VERSION "(.*)"\)/\1/p' "$1/CPackConfig.cmake")
declare -A package
for each in "$version" "$version+1"; do
  quietly cpack --config "$1/CPackConfig.cmake" -B "$folder/$each" \
    -D "CPACK_DEBIAN_PACKAGE_VERSION=$each"
  package[$each]=$(basename "$folder/$each/"*.deb)
done

step "A system to install them on"
if [[ ${2-} ]]; then
  cp -a "$2" "$root"
else
  # shellcheck source=/dev/null
  . /etc/os-release
  components=main
  [[ $ID = debian ]] || components=main,universe
  quietly debootstrap --variant=minbase --components=$components \
    "$VERSION_CODENAME" "$root"
fi
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
quietly inside apt-get install -y --no-install-recommends systemd systemd-sysv
for each in "${!package[@]}"; do
  cp "$folder/$each/${package[$each]}" "$root/root"
done
first=/root/${package[$version]}
second=/root/${package[$version+1]}

# -- install -------------------------------------------------------------------

step "Install $version, where no systemd runs"
quietly inside apt-get install -y --no-install-recommends "$first"
check "there is a user" inside getent passwd waybill
check "the configuration is for its group" \
  test "$(inside stat -c '%U:%G %a' /etc/waybill/waybill.toml)" = 'root:waybill 640'
check "others cannot look at it" \
  test "$(inside stat -c '%U:%G %a' /etc/waybill)" = 'root:waybill 750'
check "the service is enabled" inside systemctl is-enabled waybill
check "the unit has no fault" \
  systemd-analyze verify --root="$root" --man=no waybill.service
check "systemd calls it no more exposed than 2.0 of 10" \
  systemd-analyze security --root="$root" --offline=true --threshold=20 waybill.service

step "Boot"
systemd-nspawn --quiet --register=no --keep-unit --private-network \
  --directory="$root" --boot > "$folder/boot.log" 2>&1 < /dev/null &
nspawn=$!
for ((tries = 100; tries; --tries)); do
  init=$(pgrep --parent $nspawn) && break
  sleep 0.1
done
await "the node serves" is_online 8080
await "systemd knows that it does" inside systemctl is-active waybill
check "nobody else may become what it is" is_held NoNewPrivs 1
check "its system calls are filtered" is_held Seccomp 2
check "all that is left of root is to listen on low ports" \
  is_held CapBnd 0000000000000400
check "it runs as its own user" is_held Uid "$(inside id -u waybill)\b"
# Or as many as this machine lets root have.
files=$(ulimit -n 524288 2> /dev/null || true; ulimit -Hn)
check "it may open $files files" is_held 'Max open files' "$files\b" limits

step "Reload and crash"
pid=$(pid_of)
check "it reads its files again" inside systemctl reload waybill
check "it stays the same process" test "$(pid_of)" = "$pid"
inside systemctl kill --kill-who=main --signal=KILL waybill
await "it comes back" is_other "$pid"
await "and serves" is_online 8080

step "Hang, with a watchdog that is soon awake"
inside mkdir -p /run/systemd/system/waybill.service.d
inside sh -c 'printf "[Service]\nWatchdogSec=2s\n" \
  > /run/systemd/system/waybill.service.d/watchdog.conf'
inside systemctl daemon-reload
inside systemctl restart waybill
pid=$(pid_of)
# Longer than the watchdog waits.
sleep 5
check "it stays while it does not hang" test "$(pid_of)" = "$pid"
inside systemctl kill --kill-who=main --signal=STOP waybill
await "it is replaced when it does" is_other "$pid"
await "and serves" is_online 8080
inside rm -r /run/systemd/system/waybill.service.d
inside systemctl daemon-reload
inside systemctl restart waybill

# -- upgrade -------------------------------------------------------------------

step "Upgrade, with a configuration that was changed"
sed -i 's/127\.0\.0\.1:8080/127.0.0.1:8090/' "$root/etc/waybill/waybill.toml"
pid=$(pid_of)
quietly inside dpkg --install "$second"
await "it was restarted" is_other "$pid"
await "it does what was changed" is_online 8090
# shellcheck disable=SC2016 # the field is for dpkg-query
check "the new version is there" \
  test "$(inside dpkg-query -W -f '${Version}' waybill)" = "$version+1"
check "the configuration keeps its mode" \
  test "$(inside stat -c '%U:%G %a' /etc/waybill/waybill.toml)" = 'root:waybill 640'

step "Upgrade, with a service that was disabled"
quietly inside systemctl disable --now waybill
quietly inside dpkg --install "$second"
check "it stays disabled" no inside systemctl is-enabled waybill
quietly inside systemctl enable waybill

# -- remove --------------------------------------------------------------------

step "Remove"
quietly inside systemctl start waybill
quietly inside dpkg --remove waybill
check "it runs no more" no is_online 8090
check "the program is gone" no test -e "$root/usr/bin/waybill"
check "the configuration stays" has_line /etc/waybill/waybill.toml 'listen.*8090'

step "Install again"
quietly inside dpkg --install "$first"
await "it serves as before" is_online 8090

step "Purge, with a secret beside the configuration"
inside install -m 640 -g waybill /dev/null /etc/waybill/jwt-secret
quietly inside dpkg --purge waybill
check "it is still for the same group" \
  test "$(inside stat -c '%U:%G %a' /etc/waybill/jwt-secret)" = 'root:waybill 640'
check "the configuration is gone" no test -e "$root/etc/waybill/waybill.toml"

step "Purge"
rm "$root/etc/waybill/jwt-secret"
quietly inside dpkg --install "$first"
await "it serves as it did at first" is_online 8080
quietly inside dpkg --purge waybill
check "it runs no more" no is_online 8090
check "the user is gone" no inside getent passwd waybill
check "so is its group" no inside getent group waybill
rm "$root$first" "$root$second"
left=$(inside find / -xdev -path /proc -prune -o -iname '*waybill*' -print)
check "nothing is left${left:+ but $left}" test -z "$left"

echo
echo "All as it should be."
