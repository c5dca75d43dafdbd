"""A client that breaks RFC 6455 is answered as it says, and harms nobody else."""

import asyncio
import base64
import contextlib
import struct
import zlib

import pytest

from clients import GREETING, Http, assert_reachable, get, joined, receive
from memory import MIB, bounded_memory
from raw_http import HOST, UPGRADE, exchange, line
from raw_websocket import BINARY, CLOSE, PING, PONG, TEXT, RawWebSocket, frame

CONTINUATION = 0
MAX_MESSAGE = 64 * 1024
RSV1 = 0x40
DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate"

E_ACUTE, CJK, SMILE = "é".encode(), "连".encode(), "😀".encode()


def fragments(*parts):
    """Returns a text message in fragments."""
    last = len(parts) - 1
    return b"".join(frame(CONTINUATION if i else TEXT, part, first=0x80 if i == last else 0)
                    for i, part in enumerate(parts))


def close(code, reason=b""):
    """Returns a close frame."""
    return frame(CLOSE, struct.pack("!H", code) + reason)


def length(size, mask=0x80, opcode=BINARY):
    """Returns the head of a frame of so many bytes, and some of those."""
    return struct.pack("!BBQ", 0x80 | opcode, 127 | mask, size) + bytes(4) + b"x" * 100


VIOLATIONS = {
    # -- frames (sections 5.1, 5.2) -------------------------------------------
    "a frame without a mask": (1002, frame(TEXT, b"aaaa", masked=False)),
    "an empty frame without a mask": (1002, frame(TEXT, b"", masked=False)),
    "a ping without a mask": (1002, frame(PING, b"", masked=False)),
    "a close without a mask": (1002, frame(CLOSE, b"\x03\xe8", masked=False)),
    **{f"reserved bits {bits:#x}": (1002, frame(TEXT, b"aaaa", first=0x80 | bits))
       for bits in (0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70)},
    "a reserved bit of a ping": (1002, frame(PING, b"", first=0xC0)),
    "a reserved bit of a close": (1002, frame(CLOSE, b"", first=0xA0)),
    **{f"opcode {opcode}": (1002, frame(opcode, b"aaaa"))
       for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "16 bits for a short length": (
        1002, struct.pack("!BBH", 0x80 | BINARY, 0x80 | 126, 125) + bytes(4 + 125)),
    "64 bits for a short length": (
        1002, struct.pack("!BBQ", 0x80 | BINARY, 0x80 | 127, 65535) + bytes(4 + 100)),
    "a length of 2^63": ({1002, 1009}, length(2**63)),
    "a length of 2^64-1": ({1002, 1009}, length(2**64 - 1)),
    "a length of 2^63-1": (1009, length(2**63 - 1)),
    "a message over the limit": (1009, length(MAX_MESSAGE + 1)),
    "fragments over the limit": (1009, frame(BINARY, bytes(MAX_MESSAGE), first=0)
                                 + frame(CONTINUATION, b"x")),
    "lengths that wrap around": ({1002, 1009}, frame(BINARY, b"xx", first=0) + struct.pack(
        "!BBQ", 0x80, 0x80 | 127, 2**64 - 1) + bytes(4)),
    # -- fragments (section 5.4) ----------------------------------------------
    "a continuation of nothing": (1002, frame(CONTINUATION, b"aaaa")),
    "a first continuation of nothing": (1002, frame(CONTINUATION, b"aaaa", first=0)),
    "a continuation of what has ended": (
        1002, fragments(b"a", b"b") + frame(CONTINUATION, b"c")),
    "a message in a message": (1002, frame(TEXT, b"a", first=0) + frame(TEXT, b"b")),
    "a fragment in a message": (1002, frame(TEXT, b"a", first=0) + frame(BINARY, b"b", first=0)),
    "a ping in fragments": (1002, frame(PING, b"x", first=0)),
    "a pong in fragments": (1002, frame(PONG, b"x", first=0)),
    "a close in fragments": (1002, frame(CLOSE, b"\x03\xe8", first=0)),
    # -- control frames (section 5.5) -----------------------------------------
    "a long ping": (1002, frame(PING, b"x" * 126)),
    "a long pong": (1002, frame(PONG, b"x" * 126)),
    "a long close": (1002, close(1000, b"x" * 124)),
    "a ping of 64 KiB": (1002, frame(PING, b"x" * 65536)),
    "a ping of 2^63": (1002, length(2**63, opcode=PING)),
    "half a close code": (1002, frame(CLOSE, b"x")),
    **{f"close code {code}": (1002, close(code, b"why"))
       for code in (0, 1, 999, 1004, 1005, 1006, 1014, 1015, 1016, 1100, 2000, 2999)},
    "a close reason that is no text": (1002, close(1000, b"\xff")),
    "a close reason with a surrogate": (1002, close(1000, b"\xed\xa0\x80")),
    "a close reason that is cut": (1002, close(1000, CJK[:2])),
    # -- UTF-8 (section 8.1) --------------------------------------------------
    "text that is not UTF-8": (1007, frame(TEXT, b"aaaa\xff")),
    "text with an overlong form": (1007, frame(TEXT, b"\xc0\xaf")),
    "text with a surrogate": (1007, frame(TEXT, b"\xed\xa0\x80")),
    "text past U+10FFFF": (1007, frame(TEXT, b"\xf4\x90\x80\x80")),
    "text that ends within a character": (1007, frame(TEXT, CJK[:2])),
    "text that ends within a character, in fragments": (1007, fragments(SMILE[:2], SMILE[2:3])),
    "text that is not UTF-8 in its second fragment": (1007, fragments(b"aaaa", b"\xff")),
    "a character that goes wrong in the next fragment": (1007, fragments(CJK[:1], b"a")),
    "text that is cut before an empty fragment": (1007, fragments(CJK[:2], b"")),
}

# Frames that are odd, but right.
RIGHT = {
    "an empty message": (frame(TEXT, b""), (TEXT, b"")),
    "an empty message in fragments": (fragments(b"", b"", b""), (TEXT, b"")),
    "a character in fragments": (fragments(SMILE[:1], SMILE[1:2], b"", SMILE[2:]), (TEXT, SMILE)),
    "a byte a fragment": (fragments(*[bytes([x]) for x in CJK * 100]), (TEXT, CJK * 100)),
    "the longest message": (frame(BINARY, bytes(MAX_MESSAGE)), (BINARY, bytes(MAX_MESSAGE))),
    "the longest ping": (frame(PING, b"x" * 125), (PONG, b"x" * 125)),
    "a ping in a message": (frame(TEXT, b"a", first=0) + frame(PING, b"p")
                            + frame(CONTINUATION, b"b"), (PONG, b"p")),
    "a pong that nobody asked for": (frame(PONG, b"18446744073709551616") + frame(TEXT, b"a"),
                                     (TEXT, b"a")),
    "a close without a code": (frame(CLOSE, b""), (CLOSE, 1000)),
    **{f"close code {code}": (close(code, CJK), (CLOSE, code))
       for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 4999,
                    # Section 7.4.2 says nothing of these.
                    5000, 65535)},
    "the longest close": (close(1000, b"x" * 123), (CLOSE, 1000)),
}


@pytest.fixture(scope="module")
def echo(shared_lab):
    """A node that sends back what it gets, and inflates what is deflated."""
    return shared_lab.node("--upstream", "echo", "--compression")


@contextlib.contextmanager
def greeted(node, *headers, name="456", deflates=False):
    """A raw WebSocket that has read its greeting, which may be deflated."""
    with RawWebSocket(node, name, headers=headers) as ws:
        ws.socket.settimeout(10)
        lines = ws.read_handshake()
        assert lines[0] == b"HTTP/1.1 101 Switching Protocols\r\n"
        assert deflates == any(b"permessage-deflate" in x for x in lines)
        opcode, greeting = ws.read_frame()
        assert opcode == TEXT and (deflates or greeting == GREETING.encode())
        yield ws


@pytest.mark.parametrize("case", VIOLATIONS)
async def test_a_violation_ends_the_session_with_its_code(echo, case):
    codes, data = VIOLATIONS[case]
    async with joined(echo, "456") as other:
        with greeted(echo) as ws:
            ws.socket.sendall(data)
            code = ws.read_close()
            assert code in codes if isinstance(codes, set) else code == codes
            assert ws.is_closed()
        await assert_reachable(echo, "456", other)


@pytest.mark.parametrize("case", RIGHT)
async def test_what_is_odd_but_right_is_answered(echo, case):
    data, expected = RIGHT[case]
    with greeted(echo) as ws:
        ws.socket.sendall(data)
        opcode, payload = ws.read_frame()
        if opcode == CLOSE:
            payload = struct.unpack("!H", payload[:2])[0] if payload else None
        assert (opcode, payload) == expected


async def test_what_follows_a_close_is_ignored(echo):
    with greeted(echo) as ws:
        ws.socket.sendall(close(1000) + frame(TEXT, b"late") + frame(3, b"") + close(1001))
        assert ws.read_close() == 1000
        assert ws.is_closed()


async def test_a_text_that_is_cut_cannot_end_the_node(lab):
    node, = lab.cluster("--upstream", "redis", size=1).nodes
    async with joined(node, "456") as other:
        with greeted(node) as ws:
            ws.socket.sendall(fragments(CJK[:2], b"") + frame(TEXT, b"and more"))
            assert ws.read_close() == 1007
        await assert_reachable(node, "456", other)


# -- compression ---------------------------------------------------------------

def deflated(data, level=9):
    """Returns data as permessage-deflate has it (RFC 7692, section 7.2.1)."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return (packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


def bomb(size):
    """Returns so many zeros, deflated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    # After a full flush a block depends on none before it.
    return (packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)) * (size // MIB)


BOMBS = {
    "64 KiB that inflate to 64 MiB": frame(BINARY, bomb(64 * MIB), first=0x80 | RSV1),
    "a megabyte that inflates to 1 GiB": frame(BINARY, bomb(1024 * MIB), first=0x80 | RSV1),
    "a bomb of text": frame(TEXT, bomb(64 * MIB), first=0x80 | RSV1),
    "a bomb in fragments": (
        frame(BINARY, bomb(64 * MIB), first=RSV1) + frame(CONTINUATION, b"\0")),
    "a byte too much": frame(BINARY, deflated(bytes(MAX_MESSAGE + 1)), first=0x80 | RSV1),
}


@pytest.mark.parametrize("case", BOMBS)
async def test_a_bomb_does_not_go_off(echo, case):
    async with joined(echo, "456") as other:
        async with bounded_memory(echo, peak=8 * MIB, rest=4 * MIB):
            with greeted(echo, DEFLATE, deflates=True) as ws:
                with contextlib.suppress(ConnectionError):
                    ws.socket.sendall(BOMBS[case])
                assert ws.read_close() == 1009
                assert ws.is_closed()
        await assert_reachable(echo, "456", other)


@pytest.mark.parametrize("code, data", [
    pytest.param(1002, frame(BINARY, b"\xff" * 100, first=0x80 | RSV1), id="nonsense"),
    pytest.param(1002, frame(BINARY, b"\x07", first=0x80 | RSV1), id="a bad block"),
    pytest.param(1002, frame(BINARY, deflated(b"aaaa")[:-1], first=0x80 | RSV1), id="a cut block"),
    pytest.param(1007, frame(TEXT, deflated(b"\xff"), first=0x80 | RSV1), id="no UTF-8"),
    pytest.param(1002, frame(PING, b"", first=0x80 | RSV1), id="a ping"),
    pytest.param(1002, frame(TEXT, b"", first=RSV1)
                 + frame(CONTINUATION, b"", first=0x80 | RSV1), id="a continuation"),
    pytest.param(1002, frame(BINARY, b"", first=0x80 | 0x60), id="another bit"),
])
async def test_bad_deflate_data_ends_the_session(echo, code, data):
    async with joined(echo, "456") as other:
        with greeted(echo, DEFLATE, deflates=True) as ws:
            ws.socket.sendall(data)
            assert ws.read_close() == code
            assert ws.is_closed()
        await assert_reachable(echo, "456", other)


# -- handshakes ----------------------------------------------------------------

def with_key(key):
    """Returns a handshake with this key."""
    return UPGRADE.replace(b"AAAAAAAAAAAAAAAAAAAAAA==", key)


KEY = b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
HANDSHAKES = {
    "no key": (400, UPGRADE.replace(KEY, b"")),
    "two keys": (400, UPGRADE + KEY),
    "an empty key": (400, with_key(b"")),
    "a key that is too short": (400, with_key(base64.b64encode(bytes(15)))),
    "a key that is too long": (400, with_key(base64.b64encode(bytes(17)))),
    "a key that is no base64": (400, with_key(b"!" * 24)),
    "a key of letters": (400, with_key(b"A" * 24)),
    "no version": (426, UPGRADE.replace(b"Sec-WebSocket-Version: 13\r\n", b"")),
    "version 8": (426, UPGRADE.replace(b"13", b"8")),
    "version 14": (426, UPGRADE.replace(b"13", b"14")),
    "version 013": (426, UPGRADE.replace(b"13", b"013")),
    "two versions": (426, UPGRADE.replace(b"13", b"13, 8")),
    "no upgrade": (426, UPGRADE.replace(b"Upgrade: websocket\r\n", b"")),
    "another upgrade": (426, UPGRADE.replace(b"websocket\r\n", b"h2c\r\n", 1)),
    "no connection": (426, UPGRADE.replace(b"Connection: Upgrade\r\n", b"")),
    "another connection": (426, UPGRADE.replace(b"Connection: Upgrade", b"Connection: close")),
}


@pytest.mark.parametrize("case", HANDSHAKES)
async def test_a_bad_handshake_is_refused(node, case):
    status, fields = HANDSHAKES[case]
    answer = (await exchange(node, line(b"GET /websocket/456 HTTP/1.1", HOST + fields)))
    answer.check_failure(status)
    if status == 426:
        assert answer.headers["sec-websocket-version"] == "13"


@pytest.mark.parametrize("offer", [
    "permessage-deflate; nonsense", "permessage-deflate; server_max_window_bits=99",
    "permessage-deflate; server_max_window_bits=", "permessage-deflate; client_max_window_bits=7",
    "permessage-deflate; server_no_context_takeover=1", ";", "\"", "x" * 10_000, "x, " * 3000,
], ids=lambda offer: offer[:50])
async def test_a_bad_extension_is_not_accepted(echo, offer):
    with greeted(echo, "Sec-WebSocket-Extensions: " + offer, deflates=False) as ws:
        ws.send_frame(TEXT, b"aaaa")
        assert ws.read_frame() == (TEXT, b"aaaa")


@pytest.mark.parametrize("offer", [
    "permessage-deflate;;", "permessage-deflate; a=\"", ", ".join(["permessage-deflate"] * 500),
], ids=lambda offer: offer[:50])
async def test_of_an_extension_only_what_is_understood_counts(echo, offer):
    with greeted(echo, "Sec-WebSocket-Extensions: " + offer, deflates=True) as ws:
        ws.socket.sendall(frame(BINARY, deflated(b"aaaa"), first=0x80 | RSV1))
        assert ws.read_frame()[0] == BINARY


# -- floods --------------------------------------------------------------------

FLOODS = {
    "pings": ((PING, b"x" * 125), 20_000),
    "empty pings": ((PING, b""), 300_000),
    "pongs": ((PONG, b"x" * 125), 100_000),
    "pongs that look like ours": ((PONG, b"1"), 600_000),
    "empty fragments": ((CONTINUATION, b"", True, 0), 1_000_000),
}


async def pour(ws, data, times):
    """Sends data again and again, for as long as the other side reads and stays."""
    writer = ws.socket
    writer.setblocking(False)
    loop = asyncio.get_running_loop()
    for _ in range(times):
        try:
            async with asyncio.timeout(2):
                await loop.sock_sendall(writer, data)
        except (TimeoutError, ConnectionError):
            return


@pytest.mark.parametrize("case", FLOODS)
async def test_a_flood_takes_no_memory_and_harms_nobody(echo, case):
    one, count = FLOODS[case]
    async with joined(echo, "calm") as other, Http(echo) as http:
        async with bounded_memory(echo, peak=8 * MIB, rest=4 * MIB):
            with greeted(echo, name="flood") as ws:
                ws.send_frame(TEXT, b"", first=0)
                pouring = asyncio.create_task(pour(ws, frame(*one) * 500, count // 500))
                while not pouring.done():
                    assert (await http.push("calm", "still there?")).status == 200
                    assert await receive(other) == "still there?"
                    await asyncio.sleep(0.01)
                await pouring
        assert (await get(echo, "/stats"))["failed_sessions"] == 0
