"""No client can take more than its share, or harm another."""

import asyncio
import contextlib
import resource
import time
from pathlib import Path

import pytest
import websockets

from clients import GREETING, Http, assert_reachable, close_of, get, joined, push, receive
from harness import eventually
from raw_websocket import BINARY, CLOSE, PING, PONG, TEXT, RawWebSocket


# More than the kernel holds for a connection, and the queue of a session.
FLOOD = int(Path("/proc/sys/net/ipv4/tcp_wmem").read_text().split()[2]) + 2**20


@pytest.fixture(scope="module")
def narrow(shared_lab):
    """A node whose queues are short."""
    return shared_lab.node("--max-queue", "64KiB", "--max-message", "100", "--upstream", "echo")


async def flood(node, name, *others):
    """Pushes more than waits for a session that does not read. All others must
    get everything."""
    async with Http(node) as http:
        for i in range(FLOOD // 30_000):
            answer = await http.push(name, f"{i:05}" + "x" * 30_000)
            # A client with no room left is gone at once.
            assert answer.status == 200 or (answer.status == 404 and not others)
            for ws in others:
                assert (await receive(ws))[:5] == f"{i:05}"


async def test_a_client_that_never_reads_is_cut_off_and_nobody_else_notices(narrow):
    async def is_gone():
        await assert_reachable(narrow, "456", *others)
        return (await get(narrow, "/stats"))["sessions"] == 2

    with RawWebSocket(narrow, "456", receive_buffer=4096):
        async with joined(narrow, "456", "456") as others:
            await flood(narrow, "456", *others)
            await eventually(is_gone)


async def test_a_client_that_reads_too_slowly_is_told_so(narrow):
    with RawWebSocket(narrow, "slow", receive_buffer=4096) as slow:
        slow.read_handshake()
        assert slow.read_frame() == (TEXT, GREETING.encode())
        await flood(narrow, "slow")
        assert slow.read_close() == 1013


async def test_a_client_may_fall_behind_by_what_its_queue_holds(lab):
    node = lab.node("--max-queue", "1MiB")
    with RawWebSocket(node, "456", receive_buffer=4096) as slow:
        slow.read_handshake()
        assert slow.read_frame() == (TEXT, GREETING.encode())
        texts = [f"{i:05}" + "x" * 10_000 for i in range(100)]
        async with Http(node) as http:
            for text in texts:
                assert (await http.push("456", text)).status == 200
        assert [slow.read_frame() for _ in texts] == [(TEXT, text.encode()) for text in texts]


@pytest.mark.parametrize("message", ["x" * 101, b"x" * 101, "x" * 100_000],
                         ids=["a text", "bytes", "by far"])
async def test_a_message_over_the_limit_ends_its_sender(narrow, message):
    async with joined(narrow, "456", "456") as (sender, other):
        await sender.send(message)
        assert await close_of(sender) == 1009
        await assert_reachable(narrow, "456", other)


async def test_a_message_up_to_the_limit_is_taken(narrow):
    async with joined(narrow, "456") as ws:
        for message in ["x" * 100, b"x" * 100, "", b"", "连"]:
            await ws.send(message)
            assert await receive(ws) == message
        # A message in fragments counts as one.
        await ws.send(["x" * 50, "y" * 50])
        assert await receive(ws) == "x" * 50 + "y" * 50
        await ws.send(["x" * 50, "y" * 51])
        assert await close_of(ws) == 1009


async def test_pings_of_a_client_are_answered(narrow):
    with RawWebSocket(narrow, "456") as ws:
        ws.read_handshake()
        ws.read_frame()
        ws.send_frame(PING, b"hello")
        assert ws.read_frame() == (PONG, b"hello")
        ws.send_frame(BINARY, b"\xff")
        assert ws.read_frame() == (BINARY, b"\xff")


def be_silent(node):
    """Connects, answers no ping, and returns after how many seconds that ended."""
    with RawWebSocket(node, "456") as silent:
        began = time.monotonic()
        silent.read_handshake()
        assert silent.read_frame() == (TEXT, GREETING.encode())
        assert silent.read_frame()[0] == PING
        assert silent.read_close() in (None, 1001)
        return time.monotonic() - began


async def test_a_silent_peer_is_closed_and_one_that_answers_pings_stays(lab):
    node = lab.node("--idle-timeout", "1s")
    async with joined(node, "456", ping_interval=None) as living:
        for _ in range(2):
            assert 0.9 < await asyncio.to_thread(be_silent, node) < 3
        await assert_reachable(node, "456", living)
        assert (await get(node, "/stats"))["sessions"] == 1


async def test_a_peer_that_answers_no_pings_but_talks_is_not_silent(lab):
    node = lab.node("--idle-timeout", "1s", "--upstream", "echo")
    with RawWebSocket(node, "456") as ws:
        ws.read_handshake()
        ws.read_frame()
        began = time.monotonic()
        while time.monotonic() - began < 3:
            # A ping comes whenever nothing else did for half a second.
            assert ws.read_frame()[0] == PING
            ws.send_frame(TEXT, b"aaaa")
            assert ws.read_frame() == (TEXT, b"aaaa")
        await assert_reachable(node, "456")


async def test_compression_is_for_those_who_allow_it(lab):
    offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
    for options, accepted in [([], False), (["--compression"], True)]:
        with RawWebSocket(lab.node(*options), "456", headers=[offer]) as ws:
            lines = ws.read_handshake()
            assert any(b"permessage-deflate" in line for line in lines) == accepted


async def test_compressed_messages_arrive(lab):
    node = lab.node("--compression", "--upstream", "echo", "--max-message", "64KiB")
    async with joined(node, "456") as deflated, \
            joined(node, "456", compression=None) as plain:
        assert [x.name for x in deflated.extensions] == ["permessage-deflate"]
        await push(node, "456", "连接" * 1000)
        assert await receive(deflated) == await receive(plain) == "连接" * 1000
        await deflated.send("x" * 65536)
        assert await receive(deflated) == "x" * 65536
        # A kilobyte on the wire, but what counts is what it becomes.
        await deflated.send("x" * 1_000_000)
        assert await close_of(deflated) == 1009
        await assert_reachable(node, "456", plain)


async def test_a_client_that_offers_other_extensions_and_protocols_is_served(node):
    async with joined(node, "456", subprotocols=["chat", "superchat"]) as ws:
        assert ws.subprotocol is None
        await assert_reachable(node, "456", ws)
    with pytest.raises(websockets.InvalidStatusCode):
        async with joined(node, "4/56"):
            pass


async def test_a_node_without_a_descriptor_left_goes_on_and_recovers(lab):
    node = lab.node()
    async with joined(node, "456") as ws, Http(node) as http:
        assert (await http.push("456", "before")).status == 200
        assert await receive(ws) == "before"
        resource.prlimit(node.pid, resource.RLIMIT_NOFILE, (40, 40))
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(60):
                await stack.enter_async_context(Http(node))
            node.log.wait_for("which is silent")
            assert (await http.push("456", "during")).status == 200
            assert await receive(ws) == "during"
        # Now that those are closed, others may come.
        await assert_reachable(node, "456", ws)
    assert len(node.log.all()) < 10
