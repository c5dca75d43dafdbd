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


# -- connections ---------------------------------------------------------------


def is_reset(client):
    """Tells whether a server has reset a connection, and closes it."""
    with client:
        client.settimeout(0.1)
        try:
            return client.recv(1) == b""
        except TimeoutError:
            return False
        except ConnectionResetError:
            return True


async def test_a_peer_that_connects_too_fast_is_reset(lab):
    node = lab.node("--max-connection-rate", "5")

    async def counted():
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            return await figure(node, "over_max_connection_rate")

    clients = [socket.create_connection(("127.0.0.1", node.port)) for _ in range(50)]
    reset = sum([await asyncio.to_thread(is_reset, client) for client in clients])
    assert 0 < reset <= 45
    assert await eventually(counted) >= reset


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


# -- what clients send ---------------------------------------------------------


@pytest.fixture(scope="module")
def quiet(shared_lab):
    """A node whose clients may send 50 frames or 200 KB at once."""
    return shared_lab.node("--max-message-rate", "5", "--max-byte-rate", "20000")


@pytest.mark.parametrize("frame", [
    pytest.param((TEXT, b"x"), id="messages"), pytest.param((PING, b""), id="pings"),
    pytest.param((PONG, b"1"), id="pongs"), pytest.param((0, b"", True, 0), id="empty fragments"),
    pytest.param((TEXT, b"x" * 10_000), id="bytes"),
])
async def test_a_client_that_sends_too_much_is_told_so(quiet, frame):
    before = await figure(quiet, "flooding_clients")
    async with joined(quiet, "other") as other:
        with RawWebSocket(quiet, "456") as ws:
            ws.read_handshake()
            assert ws.read_frame() == (TEXT, GREETING.encode())
            if frame[0] == 0:
                ws.send_frame(TEXT, b"", True, 0)
            for _ in range(60):
                ws.send_frame(*frame)
            assert await asyncio.to_thread(ws.read_close) == 1008
        await assert_reachable(quiet, "other", other)
    await eventually(lambda: is_more(quiet, "flooding_clients", before))


async def is_more(node, name, before):
    """Tells whether a figure has grown."""
    return await figure(node, name) > before


async def test_one_that_goes_on_sending_is_cut_off(quiet):
    with RawWebSocket(quiet, "456") as ws:
        ws.read_handshake()
        ws.read_frame()
        with pytest.raises(ConnectionError):
            while True:
                ws.send_frame(TEXT, b"x" * 100)


async def test_a_client_may_answer_as_many_pings_as_it_gets(quiet):
    async with joined(quiet, "456") as ws, Http(quiet) as http:
        for _ in range(100):
            answer = await http.push("456", "x", "?receipt=received")
            assert answer.json["received"] == 1
            assert await receive(ws) == "x"
        assert ws.open


async def test_by_default_a_client_may_send_a_thousand_messages_at_once(node):
    async with joined(node, "456") as ws:
        for _ in range(900):
            await ws.send("x" * 1000)
        await (await ws.ping())
        assert ws.open


# -- requests ------------------------------------------------------------------


async def test_a_pusher_that_pushes_too_fast_is_told_when_to_go_on(lab):
    node = lab.node("--max-push-rate", "5")
    async with joined(node, "456") as ws, Http(node) as http:
        answers = [await http.push("456", str(i)) for i in range(50)]
        late = [answer.check_failure(429) for answer in answers if answer.status != 200]
        assert late and all(int(answer.headers["retry-after"]) == 1 for answer in late)
        arrived = [i for i, answer in enumerate(answers) if answer.status == 200]
        assert arrived[:5] == list(range(5))
        assert [int(await receive(ws)) for _ in arrived] == arrived
        # A request that pushes nothing goes on.
        assert (await http.request("GET", "/socket/456")).status == 200
        assert await figure(node, "over_max_push_rate") == len(late)
        await eventually(lambda: is_pushed(http))


async def is_pushed(http):
    """Tells whether one push more is allowed."""
    return (await http.push("456", "again")).status == 200


async def test_each_line_of_a_batch_is_a_push(lab):
    node = lab.node("--max-push-rate", "5")
    line = json.dumps({"to": "456", "message": "x"}).encode() + b"\n"
    assert (await request(node, "POST", "/push", line * 30)).status == 200
    answer = (await request(node, "POST", "/push", line)).check_failure(429)
    assert int(answer.headers["retry-after"]) >= 4


async def test_requests_hold_no_more_memory_than_they_may(lab):
    node = lab.node("--max-request-memory", "512KiB", "--max-body", "256KiB", "--threads", "1")
    head = b"POST /socket/456 HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n"

    async def is_busy():
        async with Http(node) as http:
            await http.send(head)
            if not await http.has_answer_within(0.3):
                return False
            answer = (await http.read()).check_failure(503)
            return int(answer.headers["retry-after"]) > 0

    async with Http(node) as first, Http(node) as second:
        await first.send(head + b"x")
        await second.send(head + b"x")
        await eventually(is_busy)
        async with Http(node) as small:
            assert (await small.push("456", "x" * 1000)).status == 404
        await first.send(b"x" * 199_999)
        assert (await first.read()).status == 404
        # A request that is answered makes room for another.
        await first.send(head + b"x" * 200_000)
        assert (await first.read()).status == 404
    assert await figure(node, "over_max_request_memory") >= 1


async def test_heads_are_bounded(lab):
    node = lab.node("--max-head", "1KiB", "--max-fields", "5")
    fields = {f"A{i}": "b" for i in range(4)}
    assert (await request(node, "GET", "/livez", headers=fields)).status == 200
    (await request(node, "GET", "/livez", headers={**fields, "B": "c"})).check_failure(431)
    (await request(node, "GET", "/livez", headers={"A": "x" * 1024})).check_failure(431)
