"""No request hides in another: where one ends in doubt, the connection ends.

Each of these requests is followed by another one. A proxy that reads the first in
another way takes the second for a part of it, or for one of another client.
"""

import pytest

from clients import Http, assert_reachable, joined
from raw_http import HOST, UPGRADE, chunked, exchange, get, line, post

HIDDEN = (b"POST /socket/victim HTTP/1.1\r\nHost: waybill\r\n"
          b"Content-Length: 8\r\n\r\nsmuggled")

NO_CHUNKS = b"0\r\n\r\n"


def with_coding(field):
    """Returns a push without chunks whose coding is named by this field."""
    return post(field, NO_CHUNKS)


def handshake(fields):
    """Returns a request to open a WebSocket."""
    return line(b"GET /websocket/456 HTTP/1.1", HOST + fields)


REFUSED = {
    # -- both lengths, two lengths, strange lengths ---------------------------
    "both length and chunks": (
        400, post(b"Content-Length: 5|Transfer-Encoding: chunked", NO_CHUNKS)),
    "both chunks and length": (
        400, post(b"Transfer-Encoding: chunked|Content-Length: 5", NO_CHUNKS)),
    "a length and an unknown coding": (
        400, post(b"Content-Length: 0|Transfer-Encoding: xchunked")),
    "a length and identity": (400, post(b"Content-Length: 0|Transfer-Encoding: identity")),
    "two lengths": (400, post(b"Content-Length: 3|Content-Length: 4", b"aaaa")),
    "two equal lengths": (400, post(b"Content-Length: 1|Content-Length: 1", b"a")),
    "two lengths in one": (400, post(b"Content-Length: 3, 4", b"aaaa")),
    "two equal lengths in one": (400, post(b"Content-Length: 1, 1", b"a")),
    "a negative length": (400, post(b"Content-Length: -1")),
    "a length with a sign": (400, post(b"Content-Length: +1", b"a")),
    "a hexadecimal length": (400, post(b"Content-Length: 0x1", b"a")),
    "an empty length": (400, post(b"Content-Length: ")),
    "a length with a space": (400, post(b"Content-Length: 1 1", b"a")),
    "a length with an underscore": (400, post(b"Content-Length: 1_0", b"a")),
    "a length in other digits": (400, post("Content-Length: ١".encode(), b"a")),
    "a length beyond 64 bits": (400, post(b"Content-Length: 18446744073709551616")),
    # -- codings --------------------------------------------------------------
    "an unknown coding": (501, with_coding(b"Transfer-Encoding: xyz")),
    "gzip before chunked": (501, with_coding(b"Transfer-Encoding: gzip, chunked")),
    "identity after chunked": (501, with_coding(b"Transfer-Encoding: chunked, identity")),
    "chunked twice": (501, with_coding(b"Transfer-Encoding: chunked, chunked")),
    "chunked in quotes": (501, with_coding(b'Transfer-Encoding: "chunked"')),
    "chunked with a parameter": (501, with_coding(b"Transfer-Encoding: chunked;q=1")),
    "a comma behind chunked": (501, with_coding(b"Transfer-Encoding: chunked,")),
    "a comma before chunked": (501, with_coding(b"Transfer-Encoding: ,chunked")),
    "an empty coding": (501, with_coding(b"Transfer-Encoding: ")),
    "a high byte in the coding": (501, with_coding(b"Transfer-Encoding: chunked\xff")),
    "two fields of codings": (
        400, with_coding(b"Transfer-Encoding: chunked|Transfer-Encoding: identity")),
    "two equal fields of codings": (
        400, with_coding(b"Transfer-Encoding: chunked|Transfer-Encoding: chunked")),
    "a space before the colon": (400, with_coding(b"Transfer-Encoding : chunked")),
    "a tab before the colon": (400, with_coding(b"Transfer-Encoding\t: chunked")),
    "a vertical tab in the coding": (400, with_coding(b"Transfer-Encoding: \x0bchunked")),
    "a zero byte in the coding": (400, with_coding(b"Transfer-Encoding: chunked\0")),
    "a high byte in the name": (400, with_coding(b"Transfer-Encoding\xa0: chunked")),
    "chunks in HTTP/1.0": (400, b"POST /socket/456 HTTP/1.0\r\n"
                                b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    # -- chunks ---------------------------------------------------------------
    "a chunk without a size": (400, chunked(b"\r\naaaa\r\n0\r\n\r\n")),
    "a chunk whose size is no number": (400, chunked(b"zz\r\naaaa\r\n0\r\n\r\n")),
    "a chunk with a negative size": (400, chunked(b"-4\r\naaaa\r\n0\r\n\r\n")),
    "a chunk of minus zero": (400, chunked(b"1\r\na\r\n-0\r\n\r\n")),
    "a chunk with a sign": (400, chunked(b"+1\r\na\r\n0\r\n\r\n")),
    "a chunk's size after 0x": (400, chunked(b"0x1\r\na\r\n0\r\n\r\n")),
    "a chunk's size with an underscore": (400, chunked(b"1_0\r\na\r\n0\r\n\r\n")),
    "a space before a chunk's size": (400, chunked(b" 1\r\na\r\n0\r\n\r\n")),
    "a space behind a chunk's size": (400, chunked(b"1 \r\na\r\n0\r\n\r\n")),
    "a tab behind a chunk's size": (400, chunked(b"1\t\r\na\r\n0\r\n\r\n")),
    "a chunk longer than its size": (400, chunked(b"2\r\naaaa\r\n0\r\n\r\n")),
    "a chunk's size beyond 64 bits": (400, chunked(b"f" * 17 + b"\r\naaaa\r\n0\r\n\r\n")),
    "a chunk's size that wraps around": (400, chunked(b"10000000000000001\r\na\r\n0\r\n\r\n")),
    "a chunk of all that 64 bits hold": (413, chunked(b"f" * 16 + b"\r\na\r\n0\r\n\r\n")),
    "no line end behind a chunk": (400, chunked(b"1\r\na0\r\n\r\n")),
    "an empty line behind a chunk": (400, chunked(b"1\r\na\r\n\r\n0\r\n\r\n")),
    "a bare LF behind a chunk's size": (400, chunked(b"1\na\r\n0\r\n\r\n")),
    "a bare CR behind a chunk's size": (400, chunked(b"1\ra\r\n0\r\n\r\n")),
    "a bare LF behind a chunk": (400, chunked(b"1\r\na\n0\r\n\r\n")),
    "a bare LF behind the last size": (400, chunked(b"1\r\na\r\n0\n\r\n")),
    "a bare LF at the end": (400, chunked(b"1\r\na\r\n0\r\n\n")),
    "a bare LF in an extension": (400, chunked(b"1;x\n\r\na\r\n0\r\n\r\n")),
    "a bare LF in quotes": (400, chunked(b'1;x="\n"\r\na\r\n0\r\n\r\n')),
    "a bare CR in an extension": (400, chunked(b"1;x\rx\r\na\r\n0\r\n\r\n")),
    "a zero byte in an extension": (400, chunked(b"1;x\0\r\na\r\n0\r\n\r\n")),
    "no line end at the end": (400, chunked(b"1\r\na\r\n0\r\n")),
    "a length in a trailer": (400, chunked(b"0\r\nContent-Length: 5\r\n\r\n")),
    "a coding in a trailer": (400, chunked(b"0\r\nTransfer-Encoding: chunked\r\n\r\n")),
    "a bare LF in a trailer": (400, chunked(b"0\r\nX: a\nb: c\r\n\r\n")),
    "a space in the name of a trailer": (400, chunked(b"0\r\nX : a\r\n\r\n")),
    # -- heads ----------------------------------------------------------------
    "no Host": (400, line(b"GET /livez HTTP/1.1", b"")),
    "two Hosts": (400, line(b"GET /livez HTTP/1.1", HOST + HOST)),
    "a Host that is a list": (400, line(b"GET /livez HTTP/1.1", b"Host: a, b\r\n")),
    "a Host with a path": (400, line(b"GET /livez HTTP/1.1", b"Host: a/b\r\n")),
    "a Host with a user": (400, line(b"GET /livez HTTP/1.1", b"Host: a@b\r\n")),
    "a folded field": (400, line(b"GET /livez HTTP/1.1", HOST + b"X: a\r\n b\r\n")),
    "a folded field by a tab": (400, line(b"GET /livez HTTP/1.1", HOST + b"X: a\r\n\tb\r\n")),
    "a folded first field": (400, line(
        b"POST /socket/456 HTTP/1.1", b" Transfer-Encoding: chunked\r\n" + HOST)),
    "a folded coding": (400, with_coding(b"Transfer-Encoding:|\tchunked")),
    "a zero byte in a field": (400, line(b"GET /livez HTTP/1.1", HOST + b"X: a\0b\r\n")),
    "a control in a field": (400, line(b"GET /livez HTTP/1.1", HOST + b"X: a\x01b\r\n")),
    "a bare CR in a field": (400, line(b"GET /livez HTTP/1.1", HOST + b"X: a\rb\r\n")),
    "a bare CR at the end of a field": (400, line(b"GET /livez HTTP/1.1", HOST + b"X: a\r\r\n")),
    "a bare CR in a name": (400, line(b"GET /livez HTTP/1.1", HOST + b"X\r: a\r\n")),
    "a bare CR behind the version": (400, line(b"GET /livez HTTP/1.1\rX: y")),
    "bare line feeds": (400, b"GET /livez HTTP/1.1\nHost: waybill\n\n"),
    "one bare line feed": (400, b"GET /livez HTTP/1.1\r\nHost: waybill\n\r\n"),
    "a bare line feed before": (400, b"\n" + get(b"/livez")),
    "a bare carriage return before": (400, b"\r" + get(b"/livez")),
    "a space before": (400, b" " + get(b"/livez")),
    "a space behind": (400, line(b"GET /livez HTTP/1.1 ")),
    "two spaces": (400, line(b"GET  /livez HTTP/1.1")),
    "tabs for spaces": (400, line(b"GET\t/livez\tHTTP/1.1")),
    "a version of HTTP/2": (400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "a version that is not there yet": (400, line(b"GET /livez HTTP/1.2")),
    "no version": (400, b"GET /livez\r\n"),
    # -- handshakes: a proxy may take what follows for a WebSocket ------------
    "an old version of WebSocket": (426, handshake(UPGRADE.replace(b"13", b"7"))),
    "no key of a WebSocket": (400, handshake(UPGRADE.replace(b"-Key", b"-Kex"))),
    "a handshake with a body": (400, handshake(b"Content-Length: 5\r\n" + UPGRADE) + b"12345"),
    "a handshake that something follows": (400, handshake(UPGRADE)),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_is_read_in_two_ways_is_refused_and_ends_the_connection(node, case):
    status, data = REFUSED[case]
    async with joined(node, "victim") as victim, Http(node) as http:
        await http.send(data + HIDDEN)
        (await http.read()).check_failure(status)
        assert await http.is_closed()
        await assert_reachable(node, "victim", victim)


# Requests that may be odd, but have one meaning: both requests are answered.
TAKEN = {
    # RFC 9112, section 2.2.
    "an empty line before": (200, b"\r\n" + get(b"/livez")),
    "empty lines behind a body": (404, post(b"Content-Length: 1", b"a\r\n\r\n")),
    "a push": (404, post(b"Content-Length: 1", b"a")),
    "a length with zeros before it": (404, post(b"Content-Length: 0001", b"a")),
    "a length before a tab": (404, post(b"Content-Length: 1\t", b"a")),
    "a push in chunks": (404, chunked(b"1\r\na\r\n0\r\n\r\n")),
    "a coding between tabs": (404, with_coding(b"Transfer-Encoding:\tchunked\t")),
    "a coding in capitals": (404, with_coding(b"TRANSFER-ENCODING: CHUNKED")),
    "zeros before a size": (404, chunked(b"0" * 40 + b"1\r\na\r\n0000\r\n\r\n")),
    "an extension": (404, chunked(b'1;a=b;c="d\te"\r\na\r\n0;e\r\n\r\n')),
    "a trailer": (404, chunked(b"0\r\nHost: other\r\nConnection: x\r\n\r\n")),
    "a field that looks like a length": (404, post(b"Content_Length: 60|Content-Length: 0")),
    "a body of a GET": (200, line(b"GET /livez HTTP/1.1", HOST + b"Content-Length: 60\r\n")
                        + b"x" * 60),
    "another protocol": (200, line(b"GET /livez HTTP/1.1", HOST + b"Connection: Upgrade\r\n"
                                                                  b"Upgrade: h2c\r\n")),
    # -- targets --------------------------------------------------------------
    "an absolute target": (200, get(b"http://waybill/livez")),
    "an absolute target elsewhere": (400, get(b"http://elsewhere/livez")),
    "an absolute target that begins alike": (400, get(b"http://waybill.example/livez")),
    "an absolute target on another port": (400, get(b"http://waybill:81/livez")),
    "an absolute target of a user": (400, get(b"http://joe@waybill/livez")),
    "an absolute target of another scheme": (400, get(b"ftp://waybill/livez")),
    "an absolute target without a path": (404, get(b"http://waybill")),
    "an asterisk": (400, line(b"OPTIONS * HTTP/1.1")),
    "an authority": (400, line(b"CONNECT waybill:80 HTTP/1.1")),
    "a trace": (405, line(b"TRACE /livez HTTP/1.1")),
    "a fragment": (400, get(b"/livez#x")),
    "two slashes": (404, get(b"//livez")),
    "two slashes within": (404, get(b"/socket//456")),
    "a slash at the end": (404, get(b"/livez/")),
    "a backslash": (400, get(b"/socket\\456")),
    "a dot": (404, get(b"/./livez")),
    "two dots": (404, get(b"/x/../livez")),
    "two dots in hexadecimal": (404, get(b"/x/%2e%2e/livez")),
    "two dots behind a slash in hexadecimal": (400, get(b"/socket/..%2f..%2flivez")),
    "a path in hexadecimal": (404, get(b"/%6civez")),
    "a slash in hexadecimal": (404, get(b"/socket%2f456")),
    "an id of two dots": (200, get(b"/socket/..")),
    "an id that is decoded once": (200, get(b"/socket/%252f")),
    "an id with CR and LF": (400, get(b"/socket/a%0d%0aX:%20y")),
    "an id with a zero byte": (400, get(b"/socket/a%00")),
    "an id in an overlong form": (400, get(b"/socket/%c0%af")),
    "an id with a surrogate": (400, get(b"/socket/%ed%a0%80")),
    "an id with half an escape": (400, get(b"/socket/%4")),
    "an id with no escape": (400, get(b"/socket/%zz")),
    "an id with a wide escape": (400, get(b"/socket/%u0041")),
    "a parameter with CR and LF": (400, get(b"/socket/456?wait=5s%0d%0a")),
    "a parameter with no escape": (400, get(b"/socket/456?wait=%zz")),
}


@pytest.mark.parametrize("case", TAKEN)
async def test_what_is_read_in_one_way_is_answered_and_so_is_what_follows(node, case):
    status, data = TAKEN[case]
    async with joined(node, "victim") as victim, Http(node) as http:
        await http.send(data + HIDDEN)
        answer = await http.read()
        assert answer.status == status
        if "error" in answer.json:
            answer.check_failure(status)
        assert (await http.read()).status == 200
        assert await victim.recv() == "smuggled"


async def test_no_expectation_brings_more_than_one_answer(node):
    async with joined(node, "victim") as victim, Http(node) as http:
        await http.send(post(b"Expect: 100-continue|Transfer-Encoding: chunked", b""))
        assert (await http.read()).status == 100
        await http.send(NO_CHUNKS + HIDDEN)
        assert [(await http.read()).status for _ in range(2)] == [404, 200]
        assert await victim.recv() == "smuggled"


@pytest.mark.parametrize("status, tail", [
    pytest.param(431, b"0\r\nX: " + b"x" * size + b"\r\n\r\n", id=f"a trailer of {size} bytes")
    for size in (16_384, 65_533, 65_534, 65_535, 1_000_000)
] + [
    pytest.param(431, b"0\r\n" + b"X: x\r\n" * 100_000 + b"\r\n", id="100,000 trailers"),
    pytest.param(431, b"4;" + b"x" * 4_000_000 + b"\r\naaaa\r\n0\r\n\r\n", id="4 MB of extension"),
    pytest.param(404, b"1;x=y\r\na\r\n" * 100_000 + NO_CHUNKS, id="100,000 extensions"),
    pytest.param(431, b"0" * 1_000_000 + b"\r\n\r\n", id="a megabyte of zeros"),
])
async def test_what_surrounds_chunks_is_bounded(node, status, tail):
    async with joined(node, "victim") as victim:
        answer = await exchange(node, chunked(b"4\r\naaaa\r\n" + tail) + HIDDEN)
        assert answer.status == status
        if status == 431:
            assert answer.check_failure(status).closes
            await assert_reachable(node, "victim", victim)


# -- behind a proxy ------------------------------------------------------------

# A company lets clients in through HAProxy, and pushers not.
RULES = "http-request deny deny_status 403 if { path_beg /socket }"

CLASSICS = {
    "both lengths, chunks last": post(
        b"Content-Length: %d|Transfer-Encoding: chunked" % (5 + len(HIDDEN)), NO_CHUNKS),
    "both lengths, chunks hidden": post(b"Content-Length: 5|Transfer-Encoding\t: chunked"),
    "two lengths": post(b"Content-Length: 0|Content-Length: %d" % len(HIDDEN)),
    "an obscure coding": post(b"Transfer-Encoding: xchunked|Content-Length: %d" % len(HIDDEN)),
    "a folded coding": post(b"Content-Length: %d|Transfer-Encoding:|\tchunked" % len(HIDDEN)),
    "chunked before identity": with_coding(b"Transfer-Encoding: chunked, identity"),
    "a bare LF in an extension": chunked(b"5;\n" + b"x" * 50 + b"\r\nabcde\r\n0\r\n\r\n"),
    "a bare LF in quotes": chunked(b'%x;x="\n"\r\n' % len(HIDDEN)),
    "chunks in HTTP/1.0": line(b"POST /websocket/456 HTTP/1.0",
                               b"Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n"
                               b"Content-Length: %d\r\n" % len(HIDDEN)),
    "an old version of WebSocket": handshake(UPGRADE.replace(b"13", b"7")),
    "a bad key of a WebSocket": handshake(UPGRADE.replace(b"AAAA", b"")),
    "a body of a handshake": handshake(UPGRADE + b"Content-Length: %d\r\n" % len(HIDDEN)),
    "another protocol": line(b"GET /livez HTTP/1.1",
                             HOST + b"Connection: Upgrade\r\nUpgrade: h2c\r\n"),
    "a body of a GET": line(b"GET /livez HTTP/1.1",
                            HOST + b"Content-Length: %d\r\n" % len(HIDDEN)),
    "a target with a dot": line(b"POST /./socket/victim HTTP/1.1"),
    "a target in hexadecimal": line(b"POST /%73ocket/victim HTTP/1.1"),
    "a target with a slash in hexadecimal": line(b"POST /livez/..%2fsocket/victim HTTP/1.1"),
    "a target with dots": line(b"POST /livez/../socket/victim HTTP/1.1"),
    "two slashes": line(b"POST //socket/victim HTTP/1.1"),
    "an absolute target": line(b"POST http://waybill/socket/victim HTTP/1.1"),
    "an absolute target in capitals": line(b"POST HTTP://waybill//socket/victim HTTP/1.1"),
}


@pytest.fixture(scope="module")
def guarded(shared_lab, node):
    """An HAProxy that denies pushes, in front of a node."""
    return shared_lab.balancer([node], rules=RULES)


@pytest.mark.parametrize("path", [b"/socket/456", b"/livez"], ids=["a push", "a probe"])
@pytest.mark.parametrize("case", CLASSICS)
async def test_nothing_is_smuggled_through_a_proxy(node, guarded, case, path):
    data = CLASSICS[case].replace(b"POST /socket/456", b"POST " + path)
    async with joined(node, "victim") as victim:
        async with Http(guarded) as http, Http(guarded) as other:
            await http.send(data + HIDDEN)
            assert await http.has_answer_within(10)
            # Another client gets the answers to what it asked itself.
            for i in range(3):
                answer = await other.request("GET", f"/websocket/{i}")
                assert answer.status == 426, answer
                answer = await other.request("GET", "/livez")
                assert answer.json == {"status": "live"}
        await assert_reachable(node, "victim", victim)
