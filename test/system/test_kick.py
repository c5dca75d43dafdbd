"""Whoever is connected can be looked at, and shown the door."""

import asyncio
import time

import pytest
import websockets

from clients import (Http, assert_reachable, close_of, confirm, get, join, joined, push, receive,
                     receive_many, request, silent, stall, until_offline, until_ready,
                     until_unready)
from harness import eventually


async def kick(server, name):
    """Closes all sessions of an id."""
    return await request(server, "DELETE", f"/socket/{name}")


async def detail(server, name, query=""):
    """Returns what is known of an id and its sessions."""
    answer = await request(server, "GET", f"/socket/{name}?detail=1{query}")
    assert answer.status == 200, answer
    return answer.json


def peer_of(ws):
    """Returns the address of a client, as its node sees it."""
    host, port = ws.local_address if hasattr(ws, "local_address") else ws.socket.getsockname()
    return f"{host}:{port}"


async def test_a_kick_closes_all_sessions_of_an_id_on_all_nodes(nodes):
    one, two, three = nodes
    count = len({one.port, two.port})
    async with joined(three, "bystander", query="?topics=kicked") as bystander:
        here, there = [await join(one, "kicked") for _ in range(2)], await join(two, "kicked")
        answer = await kick(three, "kicked")
        assert (answer.status, answer.json) == (200, {"nodes": count})
        for ws in [*here, there]:
            assert await close_of(ws) == 4500
            assert ws.close_reason

        await until_offline(two, "kicked")
        (await kick(one, "kicked")).check_failure(404)
        (await push(one, "kicked", "x")).check_failure(404)
        await confirm(one, "bystander", bystander)
    # It may come back.
    async with joined(one, "kicked") as ws:
        await assert_reachable(three, "kicked", ws)


async def test_a_kick_tells_its_reason_on_all_nodes(nodes):
    one, two, three = nodes
    there = [await join(node, "told") for node in (one, two)]
    answer = await request(three, "DELETE", "/socket/told?reason=moved%20to%20/v2%E2%80%A6")
    assert answer.status == 200
    for ws in there:
        assert await close_of(ws) == 4500
        assert ws.close_reason == "moved to /v2…"


async def test_nobody_cannot_be_kicked(nodes):
    for node in nodes:
        (await kick(node, "nobody")).check_failure(404)
    (await kick(nodes[0], "bad%2Fid")).check_failure(400)


async def test_what_was_pushed_before_a_kick_comes_before_the_close(nodes):
    one, _, three = nodes
    for _ in range(10):
        ws = await join(one, "order")
        async with Http(three) as http:
            for i in range(20):
                assert (await http.push("order", str(i))).status == 200
            assert (await http.request("DELETE", "/socket/order")).status == 200
            assert await receive_many(ws, 20) == [str(i) for i in range(20)]
            with pytest.raises(websockets.ConnectionClosed) as end:
                await receive(ws)
            assert end.value.code == 4500

            async def is_gone():
                return (await http.push("order", "late")).status == 404

            await eventually(is_gone)


async def test_who_is_kicked_unread_finds_its_mailbox_again(nodes):
    one, two, three = nodes
    with silent(one, "mail") as ws:
        assert (await push(two, "mail", "x", "?ttl=600&receipt=written")).status == 200
        assert (await kick(three, "mail")).status == 200
        assert await asyncio.to_thread(ws.read_close) == 4500
    async with joined(two, "mail") as ws:
        assert await receive(ws) == "x"


async def test_a_kicked_client_that_does_not_go_is_no_longer_reached(nodes):
    one, _, three = nodes
    with silent(one, "stays") as ws:
        assert (await kick(three, "stays")).status == 200
        assert ws.read_close() == 4500

        async def is_unknown():
            return (await push(three, "stays", "x")).status == 404

        await eventually(is_unknown)


async def test_details_tell_of_each_session_where_it_is_and_since_when(cluster):
    one, two, three = cluster.nodes
    began = time.monotonic()
    async with joined(one, "seen", "seen") as (a, b), joined(two, "seen") as c:
        async def is_older():
            details = await detail(three, "seen")
            return all(session["age"] >= 1 for session in details["sessions"]) and details

        for _ in range(2):
            details = await detail(three, "seen")
            assert (details["id"], details["online"], details["nodes"]) == ("seen", True, 2)
            assert details.get("unknown", 0) == 0
            assert sorted((session["node"], session["peer"])
                          for session in details["sessions"]) == sorted(
                [("node1", peer_of(a)), ("node1", peer_of(b)), ("node2", peer_of(c))])
            for session in details["sessions"]:
                assert session.keys() == {"node", "peer", "age", "queue", "transport", "topics",
                                          "user_agent"}
                assert 0 <= session["age"] <= time.monotonic() - began
                assert session["queue"] == 0
            await eventually(is_older)
        # Nobody was sent anything for it.
        await confirm(three, "seen", a, b, c)


async def test_one_node_tells_details_as_well(node):
    async with joined(node, "seen", "seen") as sessions:
        details = await detail(node, "seen")
        assert details["nodes"] == 1
        assert {session["peer"] for session in details["sessions"]} == set(map(peer_of, sessions))
        assert all(session["user_agent"].startswith("Python/")
                   for session in details["sessions"])
        name = (await get(node, "/stats"))["node"]
        assert {session["node"] for session in details["sessions"]} == {name}


async def test_details_of_nobody_are_empty(nodes):
    for name in ["nobody", "left"]:
        async with joined(nodes[0], "left"):
            pass

        await until_offline(nodes[1], "left")
        began = time.monotonic()
        details = await detail(nodes[2], name, "&wait=30s")
        assert details.pop("unknown", 0) == 0
        assert details == {"id": name, "online": False, "nodes": 0, "sessions": []}
        assert time.monotonic() - began < 2


async def test_details_tell_how_much_waits_for_a_client_that_does_not_read(nodes):
    one, _, three = nodes
    with silent(one, "stalled") as ws:
        texts = await stall(one, "stalled")
        first, = (await detail(three, "stalled"))["sessions"]
        assert first["peer"] == peer_of(ws)
        # A push that is being written counts until it is.
        assert first["queue"] == len(texts[-1])
        assert (await push(three, "stalled", "x" * 1234)).status == 200

        async def has_grown():
            session, = (await detail(three, "stalled"))["sessions"]
            return session["queue"] == len(texts[-1]) + 1234

        await eventually(has_grown)


async def test_details_say_how_many_nodes_stayed_silent(lab):
    one, two, three = lab.cluster().nodes
    async with joined(one, "456"), joined(two, "456") as ws:
        one.freeze()
        began = time.monotonic()
        details = await detail(three, "456", "&wait=500ms")
        assert 0.5 <= time.monotonic() - began < 2
        assert (details["online"], details["nodes"], details["unknown"]) == (True, 2, 1)
        assert [session["peer"] for session in details["sessions"]] == [peer_of(ws)]
        # The kick has reached all that there are, though one is slow to hear it.
        assert (await kick(three, "456")).json == {"nodes": 2}
        assert await close_of(ws) == 4500
        details = await detail(three, "456", "&wait=500ms")
        assert (details["online"], details["unknown"], details["sessions"]) == (True, 1, [])
        one.thaw()

        await until_offline(three, "456")


@pytest.mark.parametrize("query", ["detail=2", "detail=", "detail=true", "detail=1&wait=5"])
async def test_other_details_are_not_told(nodes, query):
    (await request(nodes[0], "GET", f"/socket/456?{query}")).check_failure(400)


async def test_without_redis_nobody_is_kicked_or_told_of(lab):
    cluster = lab.cluster(size=2)
    one, two = cluster.nodes
    async with joined(one, "456") as ws:
        cluster.redis.kill()
        await until_unready(two)
        (await kick(two, "456")).check_failure(503)
        (await request(two, "GET", "/socket/456?detail=1")).check_failure(503)
        cluster.redis.start()
        await until_ready(*cluster.nodes)
        await assert_reachable(two, "456", ws)
