"""A client that takes too long is cut off in time and counted, and holds up nobody else."""

import asyncio
import contextlib
import socket
import time

import pytest

from clients import GREETING, Http, assert_reachable, get, joined, receive
from harness import eventually, scaled, together
from raw_http import HOST, UPGRADE, chunked, line, post
from raw_websocket import TEXT, RawWebSocket

# The limits of the node in these tests, in seconds.
HEAD, IDLE = 1, 2

# The time by which an end may be late on a slow machine.
GRACE = 4


@pytest.fixture(scope="module")
def strict(shared_lab):
    """A node that soon loses its patience."""
    return shared_lab.node("--head-timeout", f"{HEAD}s", "--idle-timeout", f"{IDLE}s")


async def count(node, name):
    """Returns a figure of a node, which is there when it has counted something."""
    return (await get(node, "/stats")).get(name, 0)


async def drip(http, data):
    """Sends a byte at a time, for as long as the connection stands."""
    for i in range(len(data)):
        await http.send(data[i:i + 1])
        await asyncio.sleep(0.05)


SLOW = {
    "a head, byte by byte": (b"", b"GET /livez HTTP/1.1\r\nHost: waybill\r\nX: " + b"x" * 1000),
    "a head that goes silent": (b"GET /livez HTTP/1.1\r\n", b""),
    "a single byte": (b"G", b""),
    "an endless field": (b"GET /livez HTTP/1.1\r\nX: ", b"x" * 1000),
    "a handshake, byte by byte": (b"GET /websocket/456 HTTP/1.1\r\n", (HOST + UPGRADE) * 10),
    "a handshake that goes silent": (b"GET /websocket/456 HTTP/1.1\r\n" + HOST + UPGRADE, b""),
    "a body, byte by byte": (post(b"Content-Length: 1000"), b"x" * 1000),
    "a body that goes silent": (post(b"Content-Length: 1000", b"x"), b""),
    "a body that does not come": (post(b"Content-Length: 1000|Expect: 100-continue"), b""),
    "chunks, byte by byte": (chunked(b""), b"1\r\na\r\n" * 1000),
    "chunks without an end": (chunked(b"1\r\na\r\n0\r\n"), b""),
    "an extension, byte by byte": (chunked(b"1;"), b"x" * 1000),
    "trailers, byte by byte": (chunked(b"0\r\n"), b"X: x\r\n" * 1000),
}


@pytest.mark.parametrize("case", SLOW)
async def test_a_slow_request_is_told_so_and_ended(strict, case):
    begin, rest = SLOW[case]
    refused = await count(strict, "refused_requests")
    async with Http(strict) as http:
        began = time.monotonic()
        await http.send(begin)
        dripping = asyncio.create_task(drip(http, rest))
        answer = await http.read()
        if answer.status == 100:
            answer = await http.read()
        answer.check_failure(408)
        assert HEAD * 0.9 < time.monotonic() - began < HEAD + GRACE
        assert await http.is_closed()
        dripping.cancel()
    assert await count(strict, "refused_requests") == refused + 1


@pytest.mark.parametrize("before", [b"", line(b"GET /livez HTTP/1.1")],
                         ids=["from the start", "after a request"])
async def test_a_client_that_says_nothing_is_hung_up_on(strict, before):
    async with Http(strict) as http:
        if before:
            await http.send(before)
            assert (await http.read()).status == 200
        began = time.monotonic()
        assert await http.is_closed()
        assert IDLE * 0.9 < time.monotonic() - began < IDLE + GRACE


@pytest.mark.parametrize("data, status", [
    (b"", None), (b"GET /livez HTTP/1.1\r\nHo", None), (post(b"Content-Length: 9", b"x"), None),
    (chunked(b"1\r\na\r\n"), None), (line(b"GET /livez HTTP/1.1"), 200),
], ids=["at once", "in a head", "in a body", "in chunks", "after a request"])
async def test_a_client_that_half_closes_ends(strict, data, status):
    async with Http(strict) as http:
        await http.send(data)
        http.end()
        if status:
            assert (await http.read()).status == status
        began = time.monotonic()
        assert await http.is_closed()
        assert time.monotonic() - began < GRACE


def deaf(node, data):
    """A client that sends data and does not read. Returns its socket."""
    result = socket.socket()
    result.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    result.connect(("127.0.0.1", node.port))
    result.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while data:
            data = data[result.send(data):]
    return result


# Answers that are longer than what sockets hold.
MANY = line(b"GET /socket/%b HTTP/1.1" % (b"x" * 256)) * 100_000


async def test_a_client_that_reads_no_answer_is_cut_off_and_counted(strict):
    before = await count(strict, "unread_answers")
    with deaf(strict, MANY):
        async def is_counted():
            return await count(strict, "unread_answers") == before + 1

        await eventually(is_counted, timeout=20)


async def test_a_client_that_does_not_read_its_handshake_is_silent(strict):
    with RawWebSocket(strict, "deaf", receive_buffer=4096) as ws:
        began = time.monotonic()
        ws.read_handshake()
        assert ws.read_frame() == (TEXT, GREETING.encode())
        while ws.read_frame()[0] is not None:
            pass
        assert IDLE * 0.9 < time.monotonic() - began < IDLE + GRACE


async def test_a_hundred_of_them_do_not_slow_a_client_that_behaves(strict):
    async def measure():
        """Returns how long pushes take, of which most take so long or less."""
        times = []
        for i in range(scaled(200)):
            began = time.monotonic()
            assert (await http.push("456", str(i))).status == 200
            assert await receive(ws) == str(i)
            times.append(time.monotonic() - began)
        return sorted(times)[len(times) * 9 // 10]

    async with joined(strict, "456") as ws, Http(strict) as http, \
            contextlib.AsyncExitStack() as stack:
        calm = await measure()
        slow = [await stack.enter_async_context(Http(strict)) for _ in range(100)]
        await together(client.send(begin or b"G") for client, (begin, _)
                       in zip(slow, list(SLOW.values()) * 100))
        for _ in range(5):
            stack.enter_context(deaf(strict, MANY[:1_000_000]))
        busy = await measure()
        print(f"a push took {calm * 1000:.2f} ms in calm, {busy * 1000:.2f} ms among a hundred")
        assert busy < 10 * calm + 0.1
        for client in slow:
            assert b" 408 " in await client.read_to_end()
        await assert_reachable(strict, "456", ws)
