"""Nobody gets more of a node than its operator allows, and who is refused is told
what to do."""

import asyncio
import contextlib
import json
import socket

import pytest
import websockets

from clients import (GREETING, Http, assert_reachable, get, join, joined, receive, request, silent,
                     stall)
from harness import eventually, together
from raw_websocket import PING, PONG, TEXT, RawWebSocket


async def figure(node, name):
    """Returns a figure of a node."""
    return (await get(node, "/stats"))[name]


async def refused(node, name, query=""):
    """Tries to join, which must fail, and returns the answer."""
    return await request(node, "GET", f"/websocket/{name}{query}", headers={
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="})


# -- sessions ------------------------------------------------------------------


async def test_past_the_total_an_upgrade_is_refused(lab):
    node = lab.node("--max-sessions", "2")
    async with joined(node, "1"):
        async with joined(node, "2"):
            answer = (await refused(node, "3")).check_failure(503)
            assert int(answer.headers["retry-after"]) > 0
            assert answer.json["error"] == "node_full"
        await eventually(lambda: holds(node, 1))
        async with joined(node, "3"):
            await assert_reachable(node, "3")
    assert await figure(node, "over_max_sessions") == 1


async def holds(node, count):
    """Tells whether a node holds so many sessions."""
    return await figure(node, "sessions") == count


async def test_so_it_is_past_the_limits_of_an_id_and_of_a_peer(lab):
    node = lab.node("--max-sessions-per-id", "1", "--max-sessions-per-peer", "2")
    async with joined(node, "1", "2") as sessions:
        answer = (await refused(node, "1")).check_failure(429)
        assert int(answer.headers["retry-after"]) > 0
        (await refused(node, "3")).check_failure(429)
        await assert_reachable(node, "1", sessions[0])
    await eventually(lambda: holds(node, 0))
    async with joined(node, "3", "4"):
        pass
    figures = await get(node, "/stats")
    assert figures["over_max_sessions_per_id"] == figures["over_max_sessions_per_peer"] == 1


@pytest.mark.parametrize("options", [("--max-sessions", "10"), ("--max-sessions-per-id", "10"),
                                     ("--max-sessions-per-peer", "10")], ids=" ".join)
async def test_those_who_come_at_once_do_not_get_past_a_limit_together(lab, options):
    node = lab.node(*options, "--threads", "2")

    async def try_to_join():
        try:
            return await join(node, "456")
        except websockets.InvalidStatusCode as error:
            assert error.status_code in (429, 503)

    sessions = await together(try_to_join() for _ in range(50))
    assert sum(ws is not None for ws in sessions) == 10
    assert await figure(node, "sessions") == 10


async def test_who_vanishes_in_a_handshake_gives_its_place_back(lab):
    node = lab.node("--max-sessions", "5")
    for _ in range(50):
        RawWebSocket(node, "456").reset()
    await eventually(lambda: has_room(node, "1", "2", "3", "4", "5"))


async def has_room(node, *names):
    """Tells whether so many can join."""
    with contextlib.suppress(websockets.InvalidStatusCode):
        async with joined(node, *names):
            return True


async def test_by_default_there_is_a_descriptor_for_each_session(lab):
    prlimit = ["prlimit", "--nofile=1000"]
    lab.node(within=prlimit).log.wait_for("takes up to 900 sessions")


async def test_a_session_listens_to_as_many_topics_as_it_may(lab):
    node = lab.node("--max-topics", "2")
    async with joined(node, "456", query="?topics=a,b"):
        (await refused(node, "456", "?topics=a,b,c")).check_failure(400)


# -- what waits for clients ----------------------------------------------------


async def test_the_largest_queues_go_when_all_together_are_too_large(lab):
    node = lab.node("--max-queued", "1MiB", "--max-queue", "1MiB")
    with silent(node, "small") as small, silent(node, "large") as large:
        await stall(node, "small")
        await stall(node, "large")
        async with joined(node, "fast") as fast, Http(node) as http:
            for _ in range(3):
                await http.push("small", "x" * 100_000)
            while await figure(node, "node_queue_closes") == 0:
                await http.push("large", "x" * 100_000)
            assert await asyncio.to_thread(large.read_close) == 1013
            await eventually(lambda: holds(node, 2))
            assert 300_000 < await figure(node, "queued_bytes") < 2**20
            await assert_reachable(node, "fast", fast)
        await assert_reachable(node, "small")
        assert len(await asyncio.to_thread(small.read_messages, 3)) == 3
