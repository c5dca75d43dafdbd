"""A node that is told to stop does so in order."""

import asyncio
import contextlib
import signal
import time

import pytest

from clients import Http, assert_reachable, close_of, joined, push, receive, request
from harness import eventually, together
from raw_websocket import CLOSE, RawWebSocket


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_closes_the_sessions_and_ends_the_node(lab, number):
    cluster = lab.cluster(size=2)
    one, two = cluster.nodes
    async with joined(one, "456", "789") as leaving, joined(two, "456") as staying:
        one.signal(number)
        assert [await close_of(ws) for ws in leaving] == [1001, 1001]
        assert all("stopping" in ws.close_reason for ws in leaving)
        assert one.wait() == 0
        answer = await assert_reachable(two, "456", staying)
        assert answer.json["nodes"] == 1
        assert cluster.redis.subscribers("456", "789") == {"456": 1, "789": 0}


TEXTS = [f"{i}:" + "x" * 1000 for i in range(200)]


async def push_all(node, name):
    """Pushes all of TEXTS."""
    async with Http(node) as http:
        for text in TEXTS:
            assert (await http.push(name, text)).status == 200


async def assert_got_all(*sessions):
    """Checks that sessions got all of TEXTS, and that their node then stopped."""
    for ws in sessions:
        assert [text async for text in ws] == TEXTS
        assert await close_of(ws) == 1001


@pytest.mark.parametrize("round", range(3))
async def test_what_was_pushed_before_the_signal_is_written_before_the_close(lab, round):
    node = lab.node()
    async with joined(node, *["456"] * 5) as sessions:
        await push_all(node, "456")
        node.signal(signal.SIGTERM)
        await assert_got_all(*sessions)
        assert node.wait() == 0


@pytest.mark.parametrize("round", range(3))
async def test_so_is_what_was_pushed_on_another_node(lab, round):
    one, two = lab.cluster(size=2).nodes
    async with joined(one, *["456"] * 5) as sessions:
        await push_all(two, "456")
        one.signal(signal.SIGTERM)
        await assert_got_all(*sessions)
        assert one.wait() == 0


async def test_so_is_what_redis_has_taken_and_the_node_not_yet_read(lab):
    one, two = lab.cluster(size=2).nodes
    async with joined(one, *["456"] * 5) as sessions:
        # A node without the processor, which has a lot to read when it wakes up.
        one.freeze()
        await push_all(two, "456")
        one.signal(signal.SIGTERM)
        one.thaw()
        await assert_got_all(*sessions)
        assert one.wait() == 0


async def test_a_client_that_is_behind_gets_its_queue_before_the_close(lab):
    node = lab.node()
    texts = [f"{i:05}" + "x" * 10_000 for i in range(100)]
    with RawWebSocket(node, "456", receive_buffer=4096) as slow:
        slow.read_handshake()
        slow.read_frame()
        async with Http(node) as http:
            for text in texts:
                assert (await http.push("456", text)).status == 200
        node.signal(signal.SIGTERM)
        node.log.wait_for("stopping")
        assert [slow.read_frame()[1].decode() for _ in texts] == texts
        assert slow.read_close() == 1001
    assert node.wait() == 0


async def push_until_closed(http, number):
    """Pushes numbered texts until the node has gone. Returns those that were
    answered 200, and the one that was under way, if any, when the node went."""
    pushed = []
    while True:
        text = f"{number}:{len(pushed)}"
        try:
            answer = await http.push("456", text)
        except (asyncio.IncompleteReadError, ConnectionError):
            return pushed, text
        if answer.status == 503:
            # It came after the node's last actor: nothing was sent.
            assert answer.closes
            return pushed, None
        assert answer.status == 200, answer
        pushed.append(text)
        if answer.closes:
            assert await http.is_closed()
            return pushed, None


async def test_no_push_is_called_a_success_that_was_lost_when_its_node_stopped(lab):
    cluster = lab.cluster(size=2)
    one, two = cluster.nodes
    async with joined(two, "456") as ws, contextlib.AsyncExitStack() as stack:
        pushers = [await stack.enter_async_context(Http(one)) for _ in range(4)]
        pushing = [asyncio.create_task(push_until_closed(http, number))
                   for number, http in enumerate(pushers)]
        received = [await receive(ws) for _ in range(100)]
        one.signal(signal.SIGTERM)
        results = [await task for task in pushing]
        assert one.wait() == 0
        assert (await push(two, "456", "the last")).status == 200
        while (text := await receive(ws)) != "the last":
            received.append(text)
        for number, (pushed, under_way) in enumerate(results):
            mine = [text for text in received if text.startswith(f"{number}:")]
            assert mine in (pushed, [*pushed, under_way])


async def test_a_request_under_way_is_answered_while_nothing_new_is_accepted(lab):
    cluster = lab.cluster(size=2)
    one, two = cluster.nodes
    async with joined(one, "leaver") as leaver, joined(two, "456") as ws:
        async with Http(one) as under_way, Http(one) as idle:
            await under_way.send(b"POST /socket/456 HTTP/1.1\r\nHost: waybill\r\n"
                                 b"Expect: 100-continue\r\nContent-Length: 4\r\n\r\n")
            assert (await under_way.read()).status == 100
            assert (await idle.request("GET", "/readyz")).status == 200
            one.signal(signal.SIGTERM)
            assert await close_of(leaver) == 1001

            answer = (await idle.request("GET", "/readyz")).check_failure(503)
            assert answer.closes and await idle.is_closed()
            with pytest.raises(ConnectionRefusedError):
                await request(one, "GET", "/livez")

            await under_way.send(b"aaaa")
            answer = await under_way.read()
            assert (answer.status, answer.closes) == (200, True)
            assert await receive(ws) == "aaaa"
        assert one.wait() == 0


async def test_sessions_are_closed_over_the_time_of_the_drain(lab):
    node = lab.node("--drain", "1s")
    async with joined(node, *map(str, range(300))) as sessions:
        began = time.monotonic()
        node.signal(signal.SIGTERM)

        async def closed_after(ws):
            assert await close_of(ws) == 1001
            return time.monotonic() - began

        times = await together(map(closed_after, sessions))
        assert node.wait() == 0
    # Not all at once, when they would all come back at once.
    assert max(times) - min(times) > 0.5
    assert time.monotonic() - began < 5


@contextlib.contextmanager
def stubborn_client(node):
    """Stops a node that has a client which does not answer its close frame."""
    with RawWebSocket(node, "456") as client:
        client.read_handshake()
        client.read_frame()
        node.signal(signal.SIGTERM)
        assert client.read_frame()[0] == CLOSE
        yield


async def test_a_client_that_does_not_go_holds_up_the_end_only_for_a_while(lab):
    node = lab.node()
    with stubborn_client(node):
        assert node.wait(timeout=12) == 0


async def test_a_second_signal_ends_the_node_at_once(lab):
    node = lab.node()
    with stubborn_client(node):
        # The first signal was heard, and waits for this client.
        node.signal(signal.SIGTERM)
        assert node.wait(timeout=2) != 0


async def test_a_node_stops_while_redis_is_away(lab):
    cluster = lab.cluster(size=1)
    node, = cluster.nodes
    async with joined(node, "456") as ws:
        cluster.redis.kill()

        async def is_unready():
            return (await request(node, "GET", "/readyz")).status == 503

        await eventually(is_unready)
        node.signal(signal.SIGTERM)
        assert await close_of(ws) == 1001
        assert node.wait() == 0


def test_a_node_that_was_never_ready_stops(lab):
    node = lab.new_node(redis=lab.absent_redis().unix_url)
    node.log.wait_for("cannot be reached")
    node.signal(signal.SIGTERM)
    assert node.wait() == 0
