#!/usr/bin/env bash
# Shows what Waybill is for, on three nodes behind HAProxy with a Redis of their
# own, and checks each result. Stays up until Ctrl-C; with --once it ends there.
set -euo pipefail
cd "$(dirname "$0")/.."
# Debian keeps HAProxy where only root's PATH leads.
export PATH="$PATH:/usr/sbin"

case ${1-} in
  '' | --once) ;;
  *)
    echo "Usage: bash app/demo.sh [--once]" >&2
    exit 2
    ;;
esac

url=127.0.0.1:8080
# Of each program: its process, and where to read its output.
declare -A pid=() out=()
folder=

# Ends with what the programs logged last, and a message.
fail() {
  [[ ! $folder ]] || tail -n 3 "$folder"/*.log >&2
  echo "demo.sh: $1" >&2
  exit 1
}

# Leaves nothing behind. All state is for show, so none of it needs saving.
clean_up() {
  if ((${#pid[@]})); then
    kill -KILL "${pid[@]}" 2> /dev/null || true
    wait "${pid[@]}" 2> /dev/null || true
  fi
  [[ ! $folder ]] || rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# start NAME COMMAND...: should this script be killed, the program dies with it.
start() {
  local name=$1 fd
  shift
  exec {fd}< <(exec setpriv --pdeathsig KILL "$@" 2> "$folder/$name.log")
  pid[$name]=$!
  out[$name]=$fd
}

# hear NAME PATTERN: the next line that a program prints is to match.
hear() {
  local line=
  IFS= read -r -t 20 -u "${out[$1]}" line || fail "$1 was to say: $2"
  # shellcheck disable=SC2053 # it is a pattern
  [[ $line = $2 ]] || fail "$1 was to say: $2, not: $line"
  echo "  $1 $line"
}

# push ID TEXT ANSWER: pushes through the balancer, whose answer is to match.
push() {
  local answer
  echo
  echo "\$ curl --data '$2' $url/socket/$1"
  answer=$(curl -sS --noproxy '*' --max-time 20 --data "$2" \
    -w '%{http_code} from %header{x-node}' "$url/socket/$1") \
    || fail "curl could not push"
  answer="${answer##*$'\n'}: ${answer%$'\n'*}"
  echo "  $answer"
  # shellcheck disable=SC2053
  [[ $answer = $3 ]] || fail "the answer was to be: $3"
}

# publish MESSAGE: sends a push as any program with a Redis client can.
publish() {
  local nodes
  echo
  echo "\$ redis-cli -s $redis PUBLISH waybill '$1'"
  nodes=$(redis-cli -s "$redis" PUBLISH waybill "$1")
  echo "  $nodes nodes hear it"
  [[ $nodes = 3 ]] || fail "3 nodes were to hear it"
}

is_taken() {
  (: < "/dev/tcp/127.0.0.1/$1") 2> /dev/null
}

# -- build ---------------------------------------------------------------------

for port in 8080 8081 8082 8083; do
  ! is_taken $port || fail "port $port is taken; the demo needs 8080 to 8083"
done

bash app/setup.sh build demo
echo "Building, which takes some minutes the first time"
cmake --preset release > /dev/null
cmake --build --preset release --target waybill

# -- start ---------------------------------------------------------------------

folder=$(mktemp -d /tmp/waybill.XXXXXX)
redis=$folder/redis.sock

echo
echo "Starting Redis, three nodes and HAProxy"
start redis redis-server --port 0 --unixsocket "$redis" --save '' \
  --dir "$folder" --logfile "$folder/redis.log"
for i in 1 2 3; do
  start node$i build/release/waybill serve --node node$i \
    --listen 127.0.0.1:808$i --redis "unix://$redis"
done
# A node is ready when Redis is.
for i in 1 2 3; do
  hear node$i "ready: node$i listens on *"
done
start haproxy haproxy -db -f app/demo/haproxy.cfg
# HAProxy does not tell when it listens.
for ((tries = 200; ; --tries)); do
  ! is_taken 8080 || break
  ((tries)) || fail "HAProxy does not listen"
  sleep 0.05
done
echo "  haproxy listens on $url"

# -- show ----------------------------------------------------------------------

# listen NUMBER NODE: connects a client of id 456.
listen() {
  start "client $1" /usr/bin/python3 -X utf8 app/demo/client.py "ws://$url/websocket/456"
  welcome "$1" "$2"
}

# welcome NUMBER NODE: a client is to be greeted by a node.
welcome() {
  hear "client $1" "is on $2"
  hear "client $1" 'got: 连接成功!'
}

# both TEXT: each of the two clients is to get a message.
both() {
  hear 'client 1' "got: $1"
  hear 'client 2' "got: $1"
}

echo
echo "Two clients of id 456 connect to ws://$url/websocket/456"
listen 1 node1
listen 2 node2

push 456 'to you both' '200 from node3: *"nodes":2}'
both 'to you both'

publish '{"KEY":456,"VALUE":"aaaa"}'
both aaaa

publish '{"KEY":"456","VALUE":"bbbb"}'
both bbbb

push 789 'anyone there?' '404 from node?: {"error":"nobody",*}'

echo
echo "\$ kill -KILL ${pid[node2]} # node2"
kill -KILL "${pid[node2]}"
unset 'pid[node2]'
welcome 2 'node[13]'

push 456 'still there?' '200 from node[13]: *"nodes":[12]}'
both 'still there?'

echo
echo "All as it should be."
[[ ${1-} != --once ]] || exit 0

# -- stay ----------------------------------------------------------------------

trap 'exit 0' INT
cat << END
It stays up until Ctrl-C. Try from another terminal:

  curl --data 'hello' $url/socket/456
  curl $url/socket/456
  redis-cli -s $redis PUBLISH waybill '{"KEY":456,"VALUE":{"any":"JSON"}}'

or connect a WebSocket client of your own to ws://$url/websocket/YOUR-ID.

END
for i in 1 2; do
  while IFS= read -r line; do
    echo "  client $i $line"
  done <&"${out[client $i]}" &
done
wait
