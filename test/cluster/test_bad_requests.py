"""Bad requests get a clear answer, and leave a running node behind."""

import pytest

from clients import Http, assert_reachable, joined, request

HOST = b"Host: waybill\r\n"
POST = b"POST /socket/456 HTTP/1.1\r\n" + HOST
MAX_BODY = 256 * 1024
UPGRADE = (b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
           b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n")


def post(fields, body=b""):
    """Returns a push with these header fields, a line each."""
    return POST + b"".join(line + b"\r\n" for line in fields.split(b"|")) + b"\r\n" + body


def with_body(body, content_type=b"text/plain"):
    """Returns a push of `body`."""
    return post(b"Content-Type: %b|Content-Length: %d" % (content_type, len(body)), body)


def chunked(chunks):
    """Returns a push whose body is `chunks` as they are."""
    return post(b"Transfer-Encoding: chunked", chunks)


def line(first, fields=HOST):
    """Returns a request with this first line."""
    return first + b"\r\n" + fields + b"\r\n"


async def assert_serves(node):
    """Checks that a node does its main job."""
    async with joined(node, "witness") as ws:
        await assert_reachable(node, "witness", ws)


async def exchange(node, data):
    """Sends `data` on a connection of its own and returns the one answer. If
    that says that the connection ends, so it must."""
    async with Http(node) as http:
        await http.send(data)
        answer = await http.read(head_only=data.startswith(b"HEAD"))
        if answer.closes:
            assert await http.is_closed(), "more than one answer"
    return answer


REFUSED = {
    # -- bodies ---------------------------------------------------------------
    "a text that is not UTF-8": (400, with_body(b"abc\xff")),
    "a text with an overlong form": (400, with_body(b"\xc0\xaf")),
    "a text with a surrogate": (400, with_body(b"\xed\xa0\x80")),
    "a text that ends within a character": (400, with_body("连".encode()[:2])),
    "too large by its length": (413, post(b"Content-Length: %d" % (MAX_BODY + 1))),
    "too large, and sent": (413, with_body(b"x" * (MAX_BODY + 1))),
    "too large by far": (413, post(b"Content-Length: 18446744073709551615")),
    "too large, and to be continued": (
        413, post(b"Content-Length: %d|Expect: 100-continue" % (MAX_BODY + 1))),
    "too large in chunks": (413, chunked(b"8000\r\n" + b"x" * 0x8000 + b"\r\n") + (
        b"8000\r\n" + b"x" * 0x8000 + b"\r\n") * 8 + b"0\r\n\r\n"),
    "too large in a chunk's size": (413, chunked(b"fffffff\r\n")),
    "compressed": (415, post(b"Content-Encoding: gzip|Content-Length: 1", b"x")),
    # -- length and chunks ----------------------------------------------------
    "both length and chunks": (
        400, post(b"Content-Length: 3|Transfer-Encoding: chunked", b"0\r\n\r\n")),
    "both chunks and length": (
        400, post(b"Transfer-Encoding: chunked|Content-Length: 3", b"0\r\n\r\n")),
    "two lengths": (400, post(b"Content-Length: 3|Content-Length: 4", b"aaaa")),
    "two lengths in one": (400, post(b"Content-Length: 3, 4", b"aaaa")),
    "a negative length": (400, post(b"Content-Length: -1")),
    "a length with a sign": (400, post(b"Content-Length: +1", b"a")),
    "a hexadecimal length": (400, post(b"Content-Length: 0x1", b"a")),
    "an empty length": (400, post(b"Content-Length: ")),
    "a length beyond 64 bits": (400, post(b"Content-Length: 18446744073709551616")),
    "unknown coding": (501, post(b"Transfer-Encoding: xyz", b"0\r\n\r\n")),
    "gzip before chunked": (501, post(b"Transfer-Encoding: gzip, chunked", b"0\r\n\r\n")),
    "identity after chunked": (501, post(b"Transfer-Encoding: chunked, identity", b"0\r\n\r\n")),
    "chunks in HTTP/1.0": (400, b"POST /socket/456 HTTP/1.0\r\n"
                                b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "a chunk without a size": (400, chunked(b"\r\naaaa\r\n0\r\n\r\n")),
    "a chunk whose size is no number": (400, chunked(b"zz\r\naaaa\r\n0\r\n\r\n")),
    "a chunk with a negative size": (400, chunked(b"-4\r\naaaa\r\n0\r\n\r\n")),
    "a chunk longer than its size": (400, chunked(b"2\r\naaaa\r\n0\r\n\r\n")),
    "a chunk's size beyond 64 bits": (400, chunked(b"f" * 17 + b"\r\naaaa\r\n0\r\n\r\n")),
    # -- heads ----------------------------------------------------------------
    "a head over 16 KiB": (431, post(b"X: " + b"x" * 16384)),
    "a target over 16 KiB": (431, line(b"GET /" + b"x" * 16384 + b" HTTP/1.1")),
    "an endless head": (431, line(b"GET /livez HTTP/1.1", b"X: x\r\n" * 100_000)),
    "over 100 fields": (431, line(b"GET /livez HTTP/1.1", HOST + b"X: x\r\n" * 100)),
    "no Host": (400, line(b"GET /livez HTTP/1.1", b"")),
    "two Hosts": (400, line(b"GET /livez HTTP/1.1", HOST + HOST)),
    "a folded field": (400, line(b"GET /livez HTTP/1.1", HOST + b"X: a\r\n b\r\n")),
    "a folded field by a tab": (400, line(b"GET /livez HTTP/1.1", HOST + b"X: a\r\n\tb\r\n")),
    "a space before the colon": (400, line(b"GET /livez HTTP/1.1", HOST + b"X : a\r\n")),
    "a field without a colon": (400, line(b"GET /livez HTTP/1.1", HOST + b"X\r\n")),
    "a field without a name": (400, line(b"GET /livez HTTP/1.1", HOST + b": x\r\n")),
    "a zero byte in a field": (400, line(b"GET /livez HTTP/1.1", HOST + b"X: a\0b\r\n")),
    "a bare CR in a field": (400, line(b"GET /livez HTTP/1.1", HOST + b"X: a\rb\r\n")),
    "bare line feeds": (400, b"GET /livez HTTP/1.1\nHost: waybill\n\n"),
    "one bare line feed": (400, b"GET /livez HTTP/1.1\r\nHost: waybill\n\r\n"),
    "something else than HTTP": (400, b"hello, is there anybody?\r\n\r\n"),
    "no version": (400, line(b"GET /livez")),
    "an unknown version": (400, line(b"GET /livez HTTP/9.9")),
    "another expectation": (417, post(b"Expect: tea|Content-Length: 1", b"x")),
    # -- methods and targets --------------------------------------------------
    "an unknown method": (501, line(b"BREW /socket/456 HTTP/1.1")),
    "a method in small letters": (501, line(b"get /livez HTTP/1.1")),
    "an unknown path": (404, line(b"GET /sockets/456 HTTP/1.1")),
    "no path": (404, line(b"GET / HTTP/1.1")),
    "a path that is too short": (404, line(b"GET /socket HTTP/1.1")),
    "a path that is too long": (404, line(b"POST /socket/456/7 HTTP/1.1")),
    "a target that is no path": (400, line(b"GET livez HTTP/1.1")),
    "a raw byte in the target": (400, line("GET /socket/连 HTTP/1.1".encode())),
    "a space in the target": (400, line(b"GET /socket/a b HTTP/1.1")),
    "another server's target": (400, line(b"GET http://elsewhere/livez HTTP/1.1")),
    "an unknown parameter": (400, line(b"POST /socket/456?recipt=routed HTTP/1.1")),
    "an unknown receipt": (400, line(b"POST /socket/456?receipt=nonsense HTTP/1.1")),
    "a second receipt that is unknown": (
        400, line(b"POST /socket/456?receipt=routed&receipt=nonsense HTTP/1.1")),
    "a wait without a unit": (400, line(b"POST /socket/456?wait=5 HTTP/1.1")),
    "a wait without a number": (400, line(b"POST /socket/456?wait=s HTTP/1.1")),
    "a negative wait": (400, line(b"POST /socket/456?wait=-1s HTTP/1.1")),
    "an empty wait": (400, line(b"POST /socket/456?wait= HTTP/1.1")),
    "a wait beyond all time": (
        400, line(b"POST /socket/456?wait=99999999999999999999999999s HTTP/1.1")),
    # -- handshakes -----------------------------------------------------------
    "a plain GET of a WebSocket": (426, line(b"GET /websocket/456 HTTP/1.1")),
    "another version of WebSocket": (426, line(
        b"GET /websocket/456 HTTP/1.1", HOST + UPGRADE.replace(b"13", b"8"))),
    "a handshake without a key": (400, line(
        b"GET /websocket/456 HTTP/1.1", HOST + UPGRADE.replace(b"-Key", b"-Kex"))),
    "a handshake with a short key": (400, line(
        b"GET /websocket/456 HTTP/1.1", HOST + UPGRADE.replace(b"AA==", b"=="))),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_it_is_refused(node, case):
    status, data = REFUSED[case]
    answer = (await exchange(node, data)).check_failure(status)
    if status == 426:
        assert answer.headers["upgrade"] == "websocket"
        assert answer.headers["sec-websocket-version"] == "13"
    await assert_serves(node)


@pytest.mark.parametrize("name", [
    "", "%2F", "a%2fb", "%zz", "%4", "%", "%00", "a%0Ab", "%1F", "%7F", "%C2%80", "%C2%9f",
    "%FF", "%C0%AF", "%ED%A0%80", "%F5%80%80%80", "%E8%BF", "x" * 257, "%E8%BF%9E" * 86,
], ids=lambda name: name[:20])
@pytest.mark.parametrize("method, path, fields", [
    (b"POST", b"/socket/", b""), (b"GET", b"/socket/", b""), (b"HEAD", b"/socket/", b""),
    (b"GET", b"/websocket/", UPGRADE),
], ids=["push", "presence", "head", "websocket"])
async def test_a_bad_id_is_refused(node, method, path, fields, name):
    first = b"%b %b%b HTTP/1.1" % (method, path, name.encode())
    answer = await exchange(node, line(first, HOST + fields))
    assert answer.status == 400
    if method != b"HEAD":
        answer.check_failure(400)
    await assert_serves(node)


@pytest.mark.parametrize("method, target, allowed", [
    ("PUT", "/socket/456", {"GET", "HEAD", "POST"}),
    ("POST", "/websocket/456", {"GET"}),
    ("POST", "/livez", {"GET", "HEAD"}),
    ("DELETE", "/readyz", {"GET", "HEAD"}),
    ("PATCH", "/stats", {"GET", "HEAD"}),
])
async def test_a_method_that_does_not_fit_is_answered_with_those_that_do(
        node, method, target, allowed):
    answer = (await request(node, method, target)).check_failure(405)
    assert set(answer.headers["allow"].split(", ")) >= allowed
    assert method not in answer.headers["allow"]
    await assert_serves(node)


@pytest.mark.parametrize("tail", [
    pytest.param(b"0\r\nX: " + b"x" * size + b"\r\n\r\n", id=f"a trailer of {size} bytes")
    for size in (16_384, 65_533, 65_534, 65_535, 1_000_000)
] + [
    pytest.param(b"0\r\n" + b"X: x\r\n" * 100_000 + b"\r\n", id="100,000 trailers"),
    pytest.param(b"4;" + b"x" * 1_000_000 + b"\r\naaaa\r\n0\r\n\r\n", id="a megabyte of extension"),
    pytest.param(b"1;x=y\r\na\r\n" * 100_000 + b"0\r\n\r\n", id="100,000 extensions"),
    pytest.param(b"0" * 1_000_000 + b"\r\n\r\n", id="a megabyte of zeros"),
])
async def test_what_surrounds_chunks_cannot_end_the_node(node, tail):
    async with Http(node) as http:
        fields = b"Transfer-Encoding: chunked|Connection: close"
        await http.send(post(fields, b"4\r\naaaa\r\n" + tail))
        # An answer or none: what matters is that nobody else is touched.
        await http.is_closed()
    await assert_serves(node)
