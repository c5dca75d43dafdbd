"""The log: a line an event, whatever clients and programs send."""

import contextlib
import json
import os
import re
import subprocess

import pytest

from websockets.exceptions import InvalidStatusCode

from clients import Http, assert_reachable, join, joined, request
from harness import CLEAN_ENVIRONMENT, ROOT, WAYBILL, eventually
from tokens import bearer, make_key

# Text that would break a line, fake one, or speak to the terminal.
NASTY = "a\n2026-01-01T00:00:00.000+00:00 error fake\r\n\x1b[31mred\x07\0\u2028\u0085\u202e\"}\\"

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d (info|warning|error) .*")


async def provoke(lab, *options):
    """Lets clients and programs send what is nasty. Returns all that was logged."""
    cluster = lab.cluster(*options, size=1)
    node, = cluster.nodes
    async with joined(node, NASTY.translate(dict.fromkeys(range(32))).replace("\u0085", "")) as ws:
        await ws.send(NASTY)
        await ws.send(NASTY.encode() + b"\xff")
        await ws.send("x" * 60_000)
        await ws.send("the last")
    node.log.wait_for("the last")
    cluster.redis.publish(NASTY)
    cluster.redis.publish(b"\n\xff" + NASTY.encode())
    await eventually(lambda: len(cluster.redis.dead_letters()) == 2)
    for nasty in [
            NASTY.encode(), b"GET /socket/a%0d%0a%1b[31m HTTP/1.1\r\nHost: a",
            b"GET /websocket/a%0d%0a?topics=%1b HTTP/1.1\r\nHost: a\r\nUpgrade: websocket",
            b"POST /socket/a HTTP/1.1\r\nHost: a\r\nIdempotency-Key: \x85" + NASTY[-3:].encode(),
            b"GET /livez HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: \x85\x9b\xe2\x80\xae"]:
        async with Http(node) as http:
            await http.send(nasty + b"\r\n\r\n")
            await http.read()
    node.stop()
    return node.log.rest()


async def test_nothing_that_is_sent_can_break_a_line(lab):
    lines = await provoke(lab)
    for line in lines:
        assert LINE.fullmatch(line)
        # No control characters, of C1 neither: terminals obey those, too.
        assert not re.search(r"[\x00-\x1f\x7f-\x9f]", line)
        assert len(line) < 1000
    messages = [line for line in lines if "message from" in line]
    assert len(messages) == 4
    assert "a\\n2026" in messages[0] and "\\u001b" in messages[0]


async def test_in_json_each_line_is_an_object(lab):
    lines = [json.loads(line) for line in await provoke(lab, "--log-format", "json")]
    for line in lines:
        code = ["code"] if line["level"] == "warning" else []
        assert list(line)[:4 + len(code)] == ["time", "level", *code, "node", "message"]
    assert {line["code"] for line in lines if "code" in line} == {"WB-211"}
    assert not any("WB-" in line["message"] for line in lines)
    assert all(TIME.fullmatch(line["time"]) for line in lines)
    assert {line["node"] for line in lines} == {"node1"}
    assert {line["level"] for line in lines} <= {"info", "warning"}
    assert sum("message from" in line["message"] for line in lines) == 4


async def test_in_json_what_a_line_is_about_has_members(lab, tmp_path):
    key = make_key(tmp_path / "keys", "ops", "--scope", "push,kick")
    node = lab.node("--log-format", "json", "--api-key-file", tmp_path / "keys",
                    "--max-sessions-per-id", "1")
    async with joined(node, "a b") as ws:
        await ws.send("hello")
        node.log.wait_for("message from")
        with pytest.raises(InvalidStatusCode):
            await join(node, "a b")
        await request(node, "DELETE", "/socket/a%20b", headers=bearer(key))
    await request(node, "POST", "/broadcast", b"x", headers=bearer(key))
    await request(node, "GET", "/stats")
    node.stop()
    found = [[json.loads(line).get(name) for name in ("message", "id", "peer", "key")]
             for line in node.log.rest() if "127.0.0.1:" in line or "message from" in line]
    begins = ["listening on", "message from", "429 too_many_sessions", "audit: kick",
              "audit: broadcast", "401 "]
    assert [message.startswith(begin) for (message, *_), begin in zip(found, begins)] == [True] * 6
    members = [[name and name.partition(":")[0] for name in line[1:]] for line in found]
    assert members == [[None, None, None], ["a b", None, None], ["a b", "127.0.0.1", None],
                       ["a b", "127.0.0.1", "ops"], [None, "127.0.0.1", "ops"],
                       [None, "127.0.0.1", None]]


async def test_in_json_the_line_of_a_ready_node_is_an_object(lab):
    node = lab.node("--log-format", "json", "--node", "node1")
    line, = map(json.loads, node.out.all())
    assert TIME.fullmatch(line.pop("time"))
    assert line.pop("message").startswith("ready: node1 listens on ")
    assert line == {"level": "info", "node": "node1"}


@pytest.mark.parametrize("value, coloured", [("1", False), ("", True)])
def test_colours_are_left_out_where_they_are_not_wanted(value, coloured):
    master, terminal = os.openpty()
    node = subprocess.Popen([WAYBILL, "serve", "--listen", "127.0.0.1:0"], stderr=terminal,
                            stdout=subprocess.PIPE,
                            env=CLEAN_ENVIRONMENT | {"TERM": "xterm", "NO_COLOR": value})
    with node:
        os.close(terminal)
        node.stdout.readline()
        node.terminate()
        output = b""
        # Its end is an error.
        with contextlib.suppress(OSError):
            while part := os.read(master, 65536):
                output += part
        os.close(master)
    assert b"listening on" in output and (b"\x1b[" in output) == coloured


async def test_a_code_precedes_the_message_of_a_warning(lab):
    lines = [LINE.fullmatch(line) for line in await provoke(lab)]
    warnings = [line[0] for line in lines if line[1] == "warning"]
    assert warnings and all(" warning WB-211 bad message on channel " in x for x in warnings)


async def test_the_levels_are_called_as_the_guide_says(lab):
    guide = (ROOT / "docs/guide/operations.md").read_text()
    named = set(re.findall(r"`(\w+)`", re.search(r"A\nlevel is (.*?)\.", guide, re.DOTALL)[1]))
    lines = await provoke(lab, "--log-format", "json", "--log-level", "debug")
    taken = lab.node()
    failed = lab.new_node("--log-format", "json", listen=f"127.0.0.1:{taken.port}")
    assert failed.wait() == 1
    found = {json.loads(line)["level"] for line in [*lines, *failed.log.rest()]}
    assert {"info", "warning", "critical"} <= found <= named


@pytest.mark.parametrize("level, shown", [
    ("debug", {"info", "warning"}), ("info", {"info", "warning"}), ("warn", {"warning"}),
    ("error", set())])
async def test_the_level_decides_what_is_logged(lab, level, shown):
    redis = lab.redis()
    node = lab.node("--log-level", level, redis=redis)
    redis.publish("this is a warning")
    await eventually(lambda: len(redis.dead_letters()) == 1)
    node.stop()
    assert {LINE.fullmatch(line)[1] for line in node.log.rest()} >= shown
    if not shown:
        assert node.log.rest() == []
    if level == "warn":
        assert not any(" info " in line for line in node.log.rest())


async def test_a_flood_is_sampled(lab):
    node = lab.node("--max-message-rate", "1000000")
    async with joined(node, "456") as ws:
        for i in range(1000):
            await ws.send(str(i))
        node.log.wait_for("message from")

        async def sampled():
            # It is said with the first line of another second.
            await ws.send("more")
            return any("similar lines dropped" in line for line in node.log.all())

        await eventually(sampled)
    assert sum("message from" in line for line in node.log.all()) < 1000


async def test_what_clients_do_normally_is_not_worth_a_line(lab):
    node = lab.node("--upstream", "echo")
    node.log.wait_for("listening on")
    before = node.log.all()
    async with joined(node, *["456"] * 20) as sessions:
        await assert_reachable(node, "456", *sessions)
        for ws in sessions[:10]:
            ws.transport.abort()
    node.stop()
    later = node.log.rest()[len(before):]
    assert [line for line in later if "stop" not in line] == []


async def test_the_log_tells_who_ended_sessions_or_reached_everyone(lab):
    node = lab.node()
    async with Http(node) as http:
        await http.request("DELETE", "/socket/456")
        await http.request("POST", "/broadcast", b"x")
        lines = ['{"all":true,"message":"x"}', '{"to":"456","message":"x"}'] * 2
        await http.request("POST", "/push", "\n".join(lines).encode())
    for action in ('kick of "456"', "broadcast", "broadcast, 2 in a batch"):
        node.log.wait_for(f" info audit: {action} by 127.0.0.1:")
