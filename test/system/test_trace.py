"""The trace of an id tells afterwards what became of the last pushes to it, hop by hop."""

import json
import re
import subprocess

from clients import joined, push, receive, request, silent, stall
from harness import CLEAN_ENVIRONMENT, WAYBILL, eventually


async def trace(node, name, query=""):
    """Asks a node for the trace of an id."""
    answer = await request(node, "GET", f"/trace/{name}{query}")
    assert answer.status == 200
    return answer.json


def hops_of(entry):
    """Returns the names of the hops of a push, in their order."""
    return [hop["hop"] for hop in entry["hops"]]


async def pushes(node, name, count):
    """Returns the pushes of a trace; the hops of a pusher that has its answer are known."""
    found = (await trace(node, name))["pushes"]
    assert len(found) == count
    assert all("answered" in hops_of(entry) for entry in found)
    return found


def last_of(entry, hop):
    """Returns the last hop of this kind."""
    return next(event for event in reversed(entry["hops"]) if event["hop"] == hop)


async def test_each_hop_of_a_push_is_told_by_any_node(cluster):
    one, two, three = cluster.nodes
    async with joined(two, "traced") as ws:
        answer = await push(one, "traced", "hello", "?receipt=received")
        assert await receive(ws) == "hello"
        [found] = await pushes(three, "traced", 1)
        assert found["push"] == answer.json["push"]
        assert sorted(hops_of(found)) == ["answered", "delivered", "received", "taken", "written"]
        taken, delivered = last_of(found, "taken"), last_of(found, "delivered")
        assert (taken["node"], taken["bytes"], taken["receipt"]) == ("node1", 5, "received")
        assert (delivered["node"], delivered["sessions"]) == ("node2", 1)
        for hop in ("written", "received"):
            assert last_of(found, hop)["node"] == "node2"
            assert last_of(found, hop)["peer"].startswith("127.0.0.1:")
        assert last_of(found, "answered")["status"] == 200
        # All on one machine: no clock differs.
        times = [event["after"] for event in found["hops"]]
        assert times == sorted(times) and times[0] == 0 and times[-1] < 60_000_000


async def test_a_push_without_a_receipt_is_traced_too(cluster):
    one, two, three = cluster.nodes
    async with joined(two, "plain") as ws:
        await push(one, "plain", "hello")
        assert await receive(ws) == "hello"

        async def written():
            found = await pushes(three, "plain", 1)
            return "written" in hops_of(found[0]) and found[0]

        assert (await eventually(written))["push"].startswith("node1-")


async def test_what_a_session_has_forgotten_is_told(cluster):
    async with joined(cluster.nodes[0], "busy") as ws:
        for i in range(10):
            await push(cluster.nodes[0], "busy", str(i), "?receipt=received")
        found = await trace(cluster.nodes[1], "busy")
        assert [event["hop"] for event in found["sessions"]] == ["joined", "forgotten"]
        written = ["written" in hops_of(entry) for entry in found["pushes"]]
        assert written == [False] * 2 + [True] * 8
        assert len([await receive(ws) for _ in range(10)]) == 10


async def test_who_was_not_there_is_told(cluster):
    one, _, three = cluster.nodes
    (await push(one, "away", "hello")).check_failure(404)
    [found] = await pushes(three, "away", 1)
    assert hops_of(found) == ["taken", "answered"]
    assert last_of(found, "answered")["status"] == 404
    async with joined(three, "away"):
        [session] = (await trace(one, "away"))["sessions"]
        assert (session["hop"], session["node"]) == ("joined", "node3")
        assert found["at"] < session["at"]


async def test_who_read_too_slowly_is_told(lab):
    node = lab.node()
    with silent(node, "slow"):
        await stall(node, "slow")

        async def has_left():
            await push(node, "slow", "x" * 200_000)
            sessions = (await trace(node, "slow"))["sessions"]
            return any(hop["hop"] == "left" for hop in sessions) and sessions

        left = (await eventually(has_left))[-1]
        assert "you read too slowly" in left["why"]
        found = (await trace(node, "slow"))["pushes"]
        assert any("dropped" in hops_of(entry) for entry in found)


async def test_what_was_kept_is_told_until_it_is_read(cluster):
    one, two, three = cluster.nodes
    answer = await push(one, "kept", "hello", "?ttl=60")
    assert answer.status == 202
    async with joined(two, "kept") as ws:
        assert await receive(ws) == "hello"

        async def read():
            [found] = await pushes(three, "kept", 1)
            return "received" in hops_of(found) and found

        found = await eventually(read)
        assert found["push"] == answer.json["push"]
        assert last_of(found, "answered")["status"] == 202


async def test_what_came_on_the_open_channel_has_no_name(cluster):
    one, two, _ = cluster.nodes
    async with joined(one, "456") as ws:
        cluster.redis.publish('{"KEY":456,"VALUE":"hello"}')
        assert await receive(ws) == "hello"

        async def written():
            found = (await trace(two, "456"))["pushes"]
            return found and hops_of(found[0]) == ["delivered", "written"] and found

        [found] = await eventually(written)
        assert "push" not in found


async def test_a_name_that_is_no_utf8_is_told_as_well_as_it_can_be(cluster):
    one, two, _ = cluster.nodes
    async with joined(one, "broken") as ws:
        cluster.redis.publish(b"\x82\xa4push\xa2a\xff\xa4text\xa5hello", "waybill:{id:broken}")
        assert await receive(ws) == "hello"
        [found] = (await trace(two, "broken"))["pushes"]
        assert found["push"] == "a\ufffd"
        assert (await request(one, "GET", "/why/broken")).status == 200


async def test_a_node_that_does_not_answer_is_counted(lab):
    one, two = lab.cluster(size=2).nodes
    two.freeze()
    try:
        assert (await trace(one, "456", "?wait=100ms"))["unknown"] == 1
        answer = await request(one, "GET", "/stats?cluster=1&wait=100ms")
        assert [node["node"] for node in answer.json["nodes"]] == ["node1"]
        assert answer.json["unknown"] == 1
    finally:
        two.thaw()


async def test_the_figures_of_all_nodes_are_told_by_any(cluster):
    one, two, three = cluster.nodes
    async with joined(one, "a", "a"), joined(three, "b"):
        answer = await request(two, "GET", "/stats?cluster=1")
        assert answer.json["unknown"] == 0
        nodes = {node["node"]: node for node in answer.json["nodes"]}
        assert {name: node["sessions"] for name, node in nodes.items()} == {
            "node1": 2, "node2": 0, "node3": 1}
        assert all("links_lost" in node for node in nodes.values())


def run_trace(node, *arguments):
    """Runs `waybill trace` at a node."""
    return subprocess.run(
        [WAYBILL, "trace", *(["--text"] if "--json" not in arguments else []), "--url", f"http://127.0.0.1:{node.port}", *arguments],
        capture_output=True, text=True, timeout=30, env=CLEAN_ENVIRONMENT)


async def test_the_command_prints_it(cluster):
    one, two, three = cluster.nodes
    async with joined(two, "printed") as ws:
        await push(one, "printed", "hello", "?receipt=received")
        assert await receive(ws) == "hello"
        await pushes(three, "printed", 1)
        lines = run_trace(three, "printed").stdout.splitlines()
        time = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
        assert re.fullmatch(rf"{time}  session of 127\.0\.0\.1 at node2 joined", lines[0])
        assert re.fullmatch(rf"{time}  node1-\w+-\d+", lines[1])
        assert re.fullmatch(r" +0 us  node1       taken: 5 bytes, receipt received", lines[2])
        assert re.fullmatch(r" +\d+ us  node2       delivered to 1 session", lines[3])
        assert re.fullmatch(r" +\d+ us  node2       written, session of 127\.0\.0\.1:\d+", lines[4])
        assert re.fullmatch(r" +\d+ us  node1       answered with 200", lines[6])
        assert "node" in json.loads(run_trace(three, "printed", "--json").stdout)["sessions"][0]


async def test_the_command_says_when_nothing_is_known(node):
    ended = run_trace(node, "never")
    assert (ended.returncode, ended.stdout) == (0, "the nodes have no trace of this id\n")


async def test_the_command_fails_where_the_node_does(lab):
    redis = lab.redis()
    node = lab.node(redis=redis)
    redis.kill()
    await eventually(lambda: run_trace(node, "456").returncode == 1)
    assert "bus_away" in run_trace(node, "456").stderr
