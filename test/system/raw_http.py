"""Requests byte by byte, as no client would write them."""

from clients import Http, assert_reachable, joined

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


def get(target):
    """Returns a request for a target, as it is."""
    return line(b"GET %b HTTP/1.1" % target)


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
