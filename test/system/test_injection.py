"""Text that others choose stays what it is: it becomes no header, no second argument
and no command."""

import json
import re
from urllib.parse import quote

import pytest

from clients import Http, assert_reachable, joined, receive

# Texts that would end an argument, a command or a header, were it pasted somewhere.
STRANGE = [
    'a" "b', "a' 'b", "a\\", "a b", "a;b", "$1", "*3", "%s%n%d", "%0d%0aFLUSHALL", "{a}b", "[ab]*?",
    "a\u2028b", "\u202eb", "`id`", "$(id)", "-1", "--", "a:b", "waybill:{id:456}", "*1\u2029$8",
    '"VALUE":"x', "\ufeffa", "连接", "😀", "x" * 256,
]

COMMAND = "\r\n*1\r\n$8\r\nFLUSHALL\r\n"

# All that a node sends to Redis in these tests, and what they ask themselves.
COMMANDS = {"DEL", "EVALSHA", "HGET", "HMGET", "HSET", "PEXPIRE", "PTTL", "PUBLISH", "PUBSUB",
            "SET", "SUBSCRIBE", "TIME", "UNSUBSCRIBE", "XADD", "XLEN", "XREVRANGE", "XTRIM",
            "ZADD", "ZRANGE", "GET", "EXISTS", "KEYS"}

HEADERS = {"server", "content-type", "content-length", "connection", "allow", "retry-after"}


@pytest.fixture(scope="module")
def watched(shared_lab):
    """A node, its Redis, and all commands that this gets."""
    cluster = shared_lab.cluster("--upstream", "redis", size=1)
    return cluster.nodes[0], cluster.redis, Monitor(cluster.redis)


class Monitor:
    """Reads what Redis is asked, by MONITOR."""

    def __init__(self, redis):
        self._redis = redis
        self._connection = redis.connect()
        assert self._connection.command("MONITOR") == b"OK"
        self._marks = 0

    def commands(self):
        """Returns the commands since the last call, each a list of its words."""
        self._marks += 1
        mark = f"mark {self._marks}"
        self._redis.command("ECHO", mark)
        commands = []
        while True:
            line = self._connection.read().decode("latin1")
            words = [word.encode("latin1").decode("unicode_escape").encode("latin1").decode(errors="replace")
                     for word in re.findall(r'"((?:[^"\\]|\\.)*)"', line)]
            if words == ["ECHO", mark]:
                return commands
            commands.append(words)


def channels(commands, name):
    """Returns the channels that commands of this name were about."""
    found = {}
    for command, *rest in commands:
        if command == name:
            for word in rest if name != "PUBLISH" else rest[:1]:
                found[word] = len(rest)
    return found


@pytest.mark.parametrize("name", STRANGE)
async def test_an_id_is_one_argument(watched, name):
    node, redis, monitor = watched
    redis.command("SET", "witness", "1")
    async with joined(node, name, query=f"?topics={quote(name, safe='')}") as ws, \
            Http(node) as http:
        for query in ["", "?receipt=received", "?ttl=60"]:
            answer = await http.push(name, COMMAND + query, query)
            assert answer.status == 200 and answer.headers.keys() <= HEADERS
            assert await receive(ws) == COMMAND + query
        answer = await http.request("POST", f"/topic/{quote(name, safe='')}", COMMAND.encode())
        assert answer.status == 200
        assert await receive(ws) == COMMAND
        answer = await http.request("GET", f"/socket/{quote(name, safe='')}")
        assert answer.json == {"id": name, "online": True, "nodes": 1}
        assert answer.headers.keys() <= HEADERS
        await ws.send(COMMAND)
        redis.publish(json.dumps({"KEY": name, "VALUE": COMMAND}))
        assert await receive(ws) == COMMAND
    commands = monitor.commands()
    assert {command.upper() for command, *_ in commands} <= COMMANDS
    assert f"waybill:{{id:{name}}}" in channels(commands, "SUBSCRIBE")
    assert f"waybill:{{topic:{name}}}" in channels(commands, "SUBSCRIBE")
    assert channels(commands, "PUBLISH")[f"waybill:{{id:{name}}}"] == 2
    # A key of another name would be one that the id has made.
    keys = {key.decode() for key in redis.command("KEYS", "*")}
    assert keys <= {"witness", *(f"waybill:{kind}:{{id:{text}}}" for kind in ("mail", "due")
                                 for text in STRANGE)}


@pytest.mark.parametrize("key", ['a"b', "a\\", "*1", "$8", "waybill:mail:{id:456}", "x" * 255, "{a}"])
async def test_an_idempotency_key_is_one_argument(watched, key):
    node, redis, monitor = watched
    async with joined(node, "456") as ws, Http(node) as http:
        for _ in range(2):
            answer = await http.push("456", COMMAND, headers={"Idempotency-Key": key})
            assert answer.status == 200, answer
            assert answer.headers.keys() <= HEADERS
        assert await receive(ws) == COMMAND
        await assert_reachable(node, "456", ws)
    assert {command.upper() for command, *_ in monitor.commands()} <= COMMANDS
    assert redis.command("EXISTS", f"waybill:once:{{id:456}}:{key}") == 1


@pytest.mark.parametrize("data", [
    b"GET /socket/a%0d%0aSet-Cookie:x HTTP/1.1\r\nHost: waybill\r\n\r\n",
    b"POST /socket/a?receipt=%0d%0aSet-Cookie:x HTTP/1.1\r\nHost: waybill\r\n\r\n",
    b"GET /%0d%0aSet-Cookie:x HTTP/1.1\r\nHost: waybill\r\n\r\n",
    b"GET /websocket/a?topics=%0d%0aSet-Cookie:x HTTP/1.1\r\nHost: waybill\r\n\r\n",
    b"PUT%0d%0aSet-Cookie:x /socket/a HTTP/1.1\r\nHost: waybill\r\n\r\n",
    b"POST /socket/a HTTP/1.1\r\nHost: waybill\r\nIdempotency-Key: a\tSet-Cookie:x\r\n\r\n",
    b"POST /socket/a HTTP/1.1\r\nHost: waybill\r\nExpect: x\tSet-Cookie:x\r\n\r\n",
], ids=["an id", "a parameter", "a path", "a topic", "a method", "a key", "an expectation"])
async def test_no_answer_has_a_header_of_its_client(watched, data):
    node, _, _ = watched
    async with Http(node) as http:
        await http.send(data)
        answer = await http.read()
        assert 400 <= answer.status < 502
        assert answer.headers.keys() <= HEADERS | {"upgrade", "sec-websocket-version"}
