"""A receipt tells how far a push came: exact numbers, and never a false success."""

import asyncio
import contextlib
import time

import pytest

from clients import Http, confirm, get, join, joined, push, receive, receive_many, silent, stall
from harness import Node, eventually, together
from raw_websocket import PING, TEXT

LEVELS = ["routed", "written", "received"]


@contextlib.asynccontextmanager
async def two_and_one(cluster, name, stop=None):
    """Two sessions of an id on the first node, one of which does not read, and
    one on the second. Yields those that do read."""
    one, two, _ = cluster.nodes
    with silent(one, name):
        if stop:
            await stop(one, name)
        async with joined(one, name) as here, joined(two, name) as there:
            yield here, there


async def test_each_level_counts_what_came_so_far(cluster):
    async with two_and_one(cluster, "levels") as sessions, Http(cluster.nodes[2]) as http:
        answers = [await http.push("levels", level, f"?receipt={level}&wait=500ms")
                   for level in LEVELS]
        assert [answer.counts for answer in answers] == [
            (200, {"nodes": 2}),
            (200, {"nodes": 2, "sessions": 3, "written": 3}),
            (200, {"nodes": 2, "sessions": 3, "written": 3, "received": 2}),
        ]
        for ws in sessions:
            assert await receive_many(ws, 3) == LEVELS


async def test_what_waits_for_a_client_that_does_not_read_is_not_written(cluster):
    async with two_and_one(cluster, "stalled", stall), Http(cluster.nodes[2]) as http:
        answers = [await http.push("stalled", level, f"?receipt={level}&wait=500ms")
                   for level in LEVELS]
        assert [answer.counts for answer in answers] == [
            (200, {"nodes": 2}),
            (200, {"nodes": 2, "sessions": 3, "written": 2}),
            (200, {"nodes": 2, "sessions": 3, "written": 2, "received": 2}),
        ]


async def test_what_was_not_written_is_written_once_the_client_reads(cluster):
    one, _, three = cluster.nodes
    with silent(one, "awakes") as slow:
        texts = await stall(one, "awakes")
        pushing = asyncio.create_task(push(three, "awakes", "last", "?receipt=written&wait=30s"))

        def read_to_the_last():
            frames = iter(slow.read_frame, (TEXT, b"last"))
            return [payload.decode() for opcode, payload in frames if opcode == TEXT]

        assert await asyncio.to_thread(read_to_the_last) == texts
        assert (await pushing).counts == (200, {"nodes": 1, "sessions": 1, "written": 1})


@pytest.mark.parametrize("level", LEVELS[1:])
async def test_a_receipt_comes_as_soon_as_all_have_come_so_far(nodes, level):
    one, two, three = nodes
    async with joined(one, "soon", "soon") as here, joined(two, "soon") as there:
        began = time.monotonic()
        answer = await push(three, "soon", "x", f"?receipt={level}&wait=60s")
        assert time.monotonic() - began < 5
        assert answer.json["sessions"] == answer.json[level] == 3
        assert answer.counts[0] == 200
        for ws in [*here, there]:
            assert await receive(ws) == "x"


@pytest.mark.parametrize("level", LEVELS)
async def test_nobody_is_found_at_any_level(nodes, level):
    one, _, three = nodes
    await (await join(one, f"left {level}")).close()

    async def is_unknown():
        return (await push(three, f"left {level}", "x", f"?receipt={level}")).status == 404

    await eventually(is_unknown)
    for name in [f"left {level}", "never there"]:
        began = time.monotonic()
        answer = await push(three, name, "x", f"?receipt={level}&wait=30s")
        answer.check_failure(404)
        assert time.monotonic() - began < 2
        assert not any(answer.counts[1].values())


async def test_a_client_that_answers_no_ping_has_not_received_and_is_not_closed(nodes):
    one, _, three = nodes
    with silent(one, "mute") as ws:
        for text in ["first", "second"]:
            began = time.monotonic()
            answer = await push(three, "mute", text, "?receipt=received&wait=500ms")
            answer.check_failure(504)
            assert 0.5 <= time.monotonic() - began < 2
            assert answer.counts[1] == {"nodes": 1, "sessions": 1, "written": 1, "received": 0}
        assert ws.read_frame() == (TEXT, b"first")
        # One ping is in flight, and no more while it is not answered.
        assert ws.read_frame()[0] == PING
        assert ws.read_frame() == (TEXT, b"second")
        answer = await push(three, "mute", "third", "?receipt=written&wait=30s")
        assert answer.counts == (200, {"nodes": 1, "sessions": 1, "written": 1})
        assert ws.read_frame() == (TEXT, b"third")


async def test_nobody_waits_for_a_client_that_has_gone(nodes):
    one, _, three = nodes
    with silent(one, "goes") as ws:
        began = time.monotonic()
        pushing = asyncio.create_task(push(three, "goes", "x", "?receipt=received&wait=30s"))
        assert await asyncio.to_thread(ws.read_frame) == (TEXT, b"x")
        ws.reset()
        # It was written, so that nobody held the address would not be true.
        assert (await pushing).check_failure(504).json["received"] == 0
        assert time.monotonic() - began < 5


async def test_what_is_kept_is_accepted_when_nobody_reaches_the_level(nodes):
    one, _, three = nodes
    with silent(one, "kept"):
        answer = await push(three, "kept", "x", "?receipt=received&wait=500ms&ttl=60")
        assert answer.counts == (202, {"nodes": 1, "sessions": 1, "written": 1, "received": 0,
                                       "kept": True})


@pytest.mark.parametrize("level", LEVELS[1:])
@pytest.mark.parametrize("how", [Node.kill, Node.freeze])
async def test_a_node_lost_in_the_middle_of_a_push_is_unknown(lab, how, level):
    one, two, three = lab.cluster().nodes
    with silent(two, "456"):
        await stall(two, "456")
        async with joined(one, "456") as ws, Http(three) as http:
            began = time.monotonic()
            pushing = asyncio.create_task(http.push("456", "x", f"?receipt={level}&wait=2s"))
            assert await receive(ws) == "x"
            how(two)
            answer = (await pushing).check_failure(504)
            assert 2 <= time.monotonic() - began < 4
            counts = answer.counts[1]
            assert (counts["nodes"], counts["unknown"]) == (2, 1)
            assert counts["written"] == counts[level] == 1
            two.kill()

            async def is_forgotten():
                return (await get(three, "/socket/456"))["nodes"] == 1

            await eventually(is_forgotten)
            assert (await confirm(three, "456", ws)).counts[1] == {
                "nodes": 1, "sessions": 1, "written": 1, "received": 1}


@pytest.mark.parametrize("ttl, status", [(0, 504), (60, 202)])
@pytest.mark.parametrize("level", LEVELS[1:])
async def test_a_frozen_node_is_unknown(lab, level, ttl, status):
    one, two, three = lab.cluster().nodes
    async with joined(one, "456"), joined(two, "456"), Http(three) as http:
        two.freeze()
        answer = await http.push("456", "x", f"?receipt={level}&wait=500ms&ttl={ttl}")
        reached = dict.fromkeys(["written", "received"][:LEVELS.index(level)], 1)
        kept = {"kept": True} if ttl else {}
        assert answer.counts == (status, {"nodes": 2, "sessions": 1, "unknown": 1, **reached,
                                          **kept})
        # It is there, only nobody knows what it does with the push: so too here.
        assert (await http.push("456", "y")).counts == (200, {"nodes": 2})
        two.thaw()

        async def is_back():
            answer = await http.push("456", "z", f"?receipt={level}&wait=1s")
            return answer.status == 200

        await eventually(is_back)


@pytest.mark.parametrize("query", [
    "receipt=", "receipt=Received", "receipt=delivered", "receipt", "receipt=written,received",
    "wait=", "wait=5", "wait=-1s", "wait=1.5s", "wait=5d", "wait=5S", "wait=5 s", "wait=s",
    "wait=99999999999999999999s", "ttl=", "ttl=-1", "ttl=1.5", "ttl=1s", "ttl=x", "ttl=1e3",
    "ttl=99999999999999999999",
])
async def test_what_is_not_a_value_is_refused(nodes, query):
    async with joined(nodes[0], "refusing") as ws:
        answer = await push(nodes[2], "refusing", "never", "?" + query.replace(" ", "%20"))
        answer.check_failure(400)
        await confirm(nodes[2], "refusing", ws)


async def test_many_pushers_get_exact_receipts_and_keep_their_order(nodes):
    one, two, _ = nodes
    pushers = [f"pusher{i}" for i in range(9)]

    async def push_many(pusher, node):
        async with Http(node) as http:
            return [await http.push("many", f"{pusher}:{i}", "?receipt=received&wait=30s")
                    for i in range(100)]

    async with joined(one, "many", "many") as here, joined(two, "many") as there:
        began = time.monotonic()
        parts = await together(map(push_many, pushers, nodes * 3))
        print(f"900 pushes received by 3 sessions in {time.monotonic() - began:.1f} s")
        expected = {"nodes": len(set(map(id, nodes[:2]))), "sessions": 3, "written": 3,
                    "received": 3}
        for part in parts:
            assert [answer.counts for answer in part] == [(200, expected)] * 100
        for ws in [*here, there]:
            got = await receive_many(ws, 900)
            for pusher in pushers:
                mine = [text for text in got if text.startswith(f"{pusher}:")]
                assert mine == [f"{pusher}:{i}" for i in range(100)]
        await confirm(one, "many", *here, there)
