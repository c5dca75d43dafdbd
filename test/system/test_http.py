"""HTTP as programs speak it: what is unusual but right gets its answer."""

import pytest

from clients import Http, get, joined, push, receive, request

HOST = b"Host: waybill\r\n"


async def test_pipelined_requests_are_answered_in_order(node):
    async with Http(node) as http:
        await http.send(b"".join(b"GET /socket/%d HTTP/1.1\r\n%b\r\n" % (i, HOST)
                                 for i in range(200)))
        for i in range(200):
            assert (await http.read()).json["id"] == str(i)


async def test_pipelined_pushes_arrive_in_order(cluster):
    async with joined(cluster.nodes[0], "456") as ws, Http(cluster.nodes[1]) as http:
        await http.send(b"".join(
            b"POST /socket/456 HTTP/1.1\r\n%bContent-Length: 3\r\n\r\n%d" % (HOST, i)
            for i in range(100, 300)))
        pushes = [(await http.read()).json["push"] for _ in range(200)]
        assert len(set(pushes)) == 200
        assert [await receive(ws) for _ in range(200)] == [str(i) for i in range(100, 300)]


async def test_a_failed_request_leaves_those_behind_it_their_answers(node):
    async with Http(node) as http:
        await http.send(b"".join(b"%b HTTP/1.1\r\n%b\r\n" % (first, HOST) for first in [
            b"GET /livez", b"GET /nothing", b"PUT /livez", b"POST /socket/nobody", b"GET /livez"]))
        statuses = []
        for _ in range(5):
            statuses.append((answer := await http.read()).status)
            assert not answer.closes
        assert statuses == [200, 404, 405, 404, 200]


@pytest.mark.parametrize("chunks, text", [
    (b"2\r\naa\r\n2\r\naa\r\n0\r\n\r\n", "aaaa"),
    (b"0\r\n\r\n", ""),
    (b"A\r\n0123456789\r\n00a\r\n0123456789\r\n0\r\n\r\n", "0123456789" * 2),
    (b"2;name=value\r\naa\r\n0\r\nTrailer: value\r\n\r\n", "aa"),
    (b"".join(b"1\r\n%c\r\n" % byte for byte in "连".encode()) + b"0\r\n\r\n", "连"),
    (b"40000\r\n" + b"x" * 0x40000 + b"\r\n0\r\n\r\n", "x" * 0x40000),
], ids=["two", "none", "hexadecimal", "extension and trailer", "a character cut", "256 KiB"])
async def test_a_body_may_come_in_chunks(node, chunks, text):
    async with joined(node, "chunks", max_size=None) as ws, Http(node) as http:
        for _ in range(2):
            await http.send(b"POST /socket/chunks HTTP/1.1\r\n" + HOST
                            + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
            answer = await http.read()
            assert (answer.status, answer.closes) == (200, False)
            assert await receive(ws) == text


async def test_a_request_may_arrive_byte_by_byte(node):
    async with joined(node, "slow") as ws, Http(node) as http:
        for byte in b"POST /socket/slow HTTP/1.1\r\n%bContent-Length: 4\r\n\r\naaaa" % HOST:
            await http.send(bytes([byte]))
        assert (await http.read()).status == 200
        assert await receive(ws) == "aaaa"


async def test_a_pusher_that_expects_it_is_told_to_continue(node):
    async with joined(node, "expected") as ws, Http(node) as http:
        for _ in range(2):
            await http.send(b"POST /socket/expected HTTP/1.1\r\n" + HOST
                            + b"Expect: 100-continue\r\nContent-Length: 4\r\n\r\n")
            assert (await http.read()).status == 100
            await http.send(b"aaaa")
            assert (await http.read()).status == 200
            assert await receive(ws) == "aaaa"


async def test_a_refused_pusher_is_not_told_to_continue(node):
    async with Http(node) as http:
        await http.send(b"POST /nothing HTTP/1.1\r\n" + HOST
                        + b"Expect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        (await http.read()).check_failure(404)


@pytest.mark.parametrize("fields, stays", [
    (b"", False), (HOST, False), (b"Connection: keep-alive\r\n", True)])
async def test_http_1_0_keeps_the_connection_if_asked_to(node, fields, stays):
    async with joined(node, "old") as ws, Http(node) as http:
        for _ in range(2 if stays else 1):
            await http.send(b"POST /socket/old HTTP/1.0\r\n" + fields
                            + b"Content-Length: 4\r\n\r\naaaa")
            assert (await http.read()).status == 200
            assert await receive(ws) == "aaaa"
        if not stays:
            assert await http.is_closed()


async def test_a_connection_ends_after_the_answer_if_asked_to(node):
    async with Http(node) as http:
        answer = await http.request("GET", "/livez", headers={"Connection": "close"})
        assert (answer.status, answer.closes) == (200, True)
        assert await http.is_closed()


@pytest.mark.parametrize("scheme", ["http", "HTTP"])
@pytest.mark.parametrize("host", ["127.0.0.1", "LOCALHOST"])
async def test_a_target_may_name_the_server(node, scheme, host):
    authority = f"{host}:{node.port}"
    for path, status in [("/livez", 200), ("/socket/nobody", 200), ("/nothing", 404)]:
        answer = await request(node, "GET", f"{scheme}://{authority}{path}",
                               headers={"Host": authority})
        assert answer.status == status


async def test_a_hundred_fields_and_16_kib_are_accepted(node):
    fields = {f"Field-{i}": "x" * 140 for i in range(99)}
    assert (await request(node, "GET", "/livez", headers=fields)).status == 200


@pytest.mark.parametrize("query", [
    "?receipt=routed", "?wait=500ms", "?wait=5s&receipt=routed", "?wait=10m", "?receipt=%72outed"])
async def test_a_push_has_parameters(node, query):
    async with joined(node, "456") as ws:
        assert (await push(node, "456", "aaaa", query)).status == 200
        assert await receive(ws) == "aaaa"


@pytest.mark.parametrize("data, status", [
    (b"GET /livez HTTP/1.1\r\nHost: way", 408),
    (b"GET", 408),
    (b"POST /socket/456 HTTP/1.1\r\n" + HOST + b"Content-Length: 4\r\n\r\naaa", 408),
    (b"POST /socket/456 HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n4\r\naaaa", 408),
    (b"POST /socket/456 HTTP/1.1\r\n" + HOST
     + b"Transfer-Encoding: chunked\r\n\r\n4\r\naaaa\r\n0\r\n", 408),
    (b"GET /websocket/456 HTTP/1.1\r\nUpgrade: websocket\r\n", 408),
], ids=["head", "method", "body", "chunk", "trailers", "handshake"])
async def test_an_unfinished_request_is_answered_and_ended(hasty, data, status):
    async with Http(hasty) as http:
        await http.send(data)
        answer = (await http.read()).check_failure(status)
        assert answer.closes and await http.is_closed()
    assert (await get(hasty, "/socket/456"))["online"] is False


@pytest.fixture(scope="module")
def hasty(shared_lab):
    """A node that waits for no request longer than a moment."""
    return shared_lab.node("--head-timeout", "300ms", "--idle-timeout", "1s")


async def test_a_request_that_trickles_in_gets_no_more_time(hasty):
    async with Http(hasty) as http:
        await http.send(b"GET /livez HTTP/1.1\r\n")
        while not await http.has_answer_within(0.05):
            await http.send(b"X: x\r\n")
        (await http.read()).check_failure(408)


async def test_a_connection_that_asks_nothing_is_closed(hasty):
    async with Http(hasty) as http:
        assert await http.is_closed()
    async with Http(hasty) as http:
        assert (await http.request("GET", "/livez")).status == 200
        assert await http.is_closed()
