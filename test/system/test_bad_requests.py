"""Bad requests get a clear answer, and leave a running node behind."""

import pytest

from clients import request
from raw_http import HOST, MAX_BODY, UPGRADE, assert_serves, chunked, exchange, line, post, with_body

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
    # -- heads ----------------------------------------------------------------
    "a head over 16 KiB": (431, post(b"X: " + b"x" * 16384)),
    "a target over 16 KiB": (431, line(b"GET /" + b"x" * 16384 + b" HTTP/1.1")),
    "an endless head": (431, line(b"GET /livez HTTP/1.1", b"X: x\r\n" * 100_000)),
    "over 100 fields": (431, line(b"GET /livez HTTP/1.1", HOST + b"X: x\r\n" * 100)),
    "a field without a colon": (400, line(b"GET /livez HTTP/1.1", HOST + b"X\r\n")),
    "a field without a name": (400, line(b"GET /livez HTTP/1.1", HOST + b": x\r\n")),
    "something else than HTTP": (400, b"hello, is there anybody?\r\n\r\n"),
    "an unknown version": (400, line(b"GET /livez HTTP/9.9")),
    "another expectation": (417, post(b"Expect: tea|Content-Length: 1", b"x")),
    # -- methods and targets --------------------------------------------------
    "an unknown method": (501, line(b"BREW /socket/456 HTTP/1.1")),
    "a method in small letters": (501, line(b"get /livez HTTP/1.1")),
    "an unknown path": (404, line(b"GET /sockets/456 HTTP/1.1")),
    "a method that a path does not have": (405, line(b"PUT / HTTP/1.1")),
    "a path that is too short": (404, line(b"GET /socket HTTP/1.1")),
    "a path that is too long": (404, line(b"POST /socket/456/7 HTTP/1.1")),
    "a target that is no path": (400, line(b"GET livez HTTP/1.1")),
    "a raw byte in the target": (400, line("GET /socket/连 HTTP/1.1".encode())),
    "a space in the target": (400, line(b"GET /socket/a b HTTP/1.1")),
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
