"""Clients and pushers as tests need them."""

import asyncio
import contextlib
import json
import random
import socket
import struct
import weakref
from dataclasses import dataclass
from urllib.parse import quote

import websockets

from harness import TIMEOUT, eventually, together
from raw_websocket import TEXT, RawWebSocket
from redis_cluster import ON_CLUSTER

GREETING = "连接成功!"


@dataclass
class Answer:
    """The answer to an HTTP request."""

    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        """The body, which must be a JSON document."""
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.body)

    @property
    def counts(self):
        """Status and figures of a push, without what differs each time."""
        names = {"push", "error", "message"}
        return self.status, {k: v for k, v in self.json.items() if k not in names}

    @property
    def closes(self):
        """Whether the server said that it closes the connection."""
        return self.headers.get("connection", "").lower() == "close"

    def check_failure(self, status):
        """Checks the status, and that the body says what is wrong."""
        assert self.status == status, self
        assert self.json["error"].replace("_", "").isalnum()
        assert self.json["message"]
        return self


def open_stream(server):
    """Connects to a server, by a unix socket or with TLS where it has that."""
    if path := getattr(server, "path", None):
        return asyncio.open_unix_connection(path)
    return asyncio.open_connection(server.host, server.port, ssl=getattr(server, "ssl", None))


class Http:
    """A connection for HTTP, on which anything can be sent. An `async with`
    opens and closes it."""

    def __init__(self, server):
        self._server = server
        self._begun = b""

    async def __aenter__(self):
        self._reader, self._writer = await open_stream(self._server)
        return self

    async def __aexit__(self, *_):
        self._writer.close()

    async def send(self, data):
        """Sends bytes as they are. A server may refuse them half-way."""
        self._writer.write(data)
        with contextlib.suppress(ConnectionError):
            await self._writer.drain()

    async def has_answer_within(self, seconds):
        """Tells whether an answer begins within so many seconds."""
        if not self._begun:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    self._begun = await self._reader.readexactly(1)
        return bool(self._begun)

    async def read(self, head_only=False):
        """Returns the next answer."""
        async with asyncio.timeout(TIMEOUT):
            head = self._begun + await self._reader.readuntil(b"\r\n\r\n")
            self._begun = b""
            first, *lines = head[:-4].decode().split("\r\n")
            fields = (line.split(": ", 1) for line in lines)
            headers = {name.lower(): value for name, value in fields}
            size = 0 if head_only else int(headers.get("content-length", 0))
            body = await self._reader.readexactly(size)
        return Answer(int(first.split(" ")[1]), headers, body)

    async def read_to_end(self):
        """Returns all that the server sends until it closes the connection."""
        async with asyncio.timeout(TIMEOUT):
            return await self._reader.read()

    async def is_closed(self):
        """Waits until the server closes the connection. Tells whether it did so
        without sending anything more."""
        async with asyncio.timeout(TIMEOUT):
            try:
                return await self._reader.read() == b""
            except ConnectionResetError:
                return True

    def end(self):
        """Tells the server that nothing more will come."""
        self._writer.write_eof()

    async def request(self, method, target, body=None, headers=None):
        """Sends a request and returns the answer."""
        fields = {"Host": f"{self._server.host}:{self._server.port}", **(headers or {})}
        if body is not None:
            fields["Content-Length"] = len(body)
        lines = [f"{method} {target} HTTP/1.1", *(f"{k}: {v}" for k, v in fields.items())]
        await self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b""))
        return await self.read(head_only=method == "HEAD")

    async def push(self, name, message, query="", headers=None):
        """Pushes to an id: a text as UTF-8, or else bytes as binary."""
        if isinstance(message, bytes):
            headers = {"Content-Type": "application/octet-stream", **(headers or {})}
        else:
            message = message.encode()
        return await self.request("POST", f"/socket/{quote(name, safe='')}{query}",
                                  message, headers)


async def request(server, *arguments, **options):
    """Sends one request on a connection of its own, see Http.request."""
    async with Http(server) as http:
        return await http.request(*arguments, **options)


async def push(server, *arguments, **options):
    """Pushes once on a connection of its own, see Http.push."""
    async with Http(server) as http:
        return await http.push(*arguments, **options)


async def until_offline(server, name):
    """Waits until nobody holds an id any more."""
    async def is_offline():
        return not (await get(server, f"/socket/{quote(name, safe='')}"))["online"]

    await eventually(is_offline)


async def keep(server, name, *messages, query="?ttl=600"):
    """Pushes to an id that nobody holds, or will soon, which must be accepted."""
    await until_offline(server, name)
    async with Http(server) as http:
        for message in messages:
            answer = await http.push(name, message, query)
            assert answer.counts == (202, {"nodes": 0, "kept": True}), answer


async def get(server, target):
    """Returns the JSON at `target`, whatever the status."""
    return (await request(server, "GET", target)).json


async def is_ready(node):
    """Tells whether a node answers that it is ready."""
    return (await request(node, "GET", "/readyz")).status == 200


async def is_unready(node):
    """Tells whether a node answers that it is not ready."""
    return not await is_ready(node)


async def until_ready(*nodes):
    """Waits until all nodes are ready, and have all masters of a Redis Cluster."""
    async def has_all_servers(node):
        return not ON_CLUSTER or (await get(node, "/stats"))["servers_away"] == 0

    for node in nodes:
        await eventually(lambda: is_ready(node))
        await eventually(lambda: has_all_servers(node))


async def until_unready(*nodes):
    """Waits until all nodes have noticed that Redis is away."""
    for node in nodes:
        await eventually(lambda: is_unready(node))


async def receive(ws):
    """Returns the next message of a WebSocket."""
    async with asyncio.timeout(TIMEOUT):
        return await ws.recv()


async def receive_many(ws, count):
    """Returns the next messages of a WebSocket."""
    return [await receive(ws) for _ in range(count)]


async def close_of(ws):
    """Waits for the end of a WebSocket and returns its close code."""
    async with asyncio.timeout(TIMEOUT):
        await ws.wait_closed()
    return ws.close_code


def cut(transport, manner):
    """Ends a connection without a word: "reset" by a TCP reset, else by its end."""
    if manner == "reset" and not transport.is_closing():
        transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def leave(ws, manner):
    """Ends a session, by WebSocket, by TCP, or by a TCP reset."""
    if manner == "close":
        return await ws.close()
    cut(ws.transport, manner)
    await ws.wait_closed()


_joined = weakref.WeakSet()


async def abandon_all():
    """Cuts all connections that `join` opened and that still stand."""
    for ws in list(_joined):
        ws.transport.abort()
        await ws.wait_closed()


async def join(server, name, query="", greeting=GREETING, **options):
    """Opens a WebSocket with the library `websockets`, and awaits the greeting."""
    # Without a limit of its own the library reads all that comes: else it could
    # not see the end of a WebSocket whose messages a test leaves unread.
    if path := getattr(server, "path", None):
        options["sock"] = socket.socket(socket.AF_UNIX)
        options["sock"].connect(str(path))
    if context := getattr(server, "ssl", None):
        options["ssl"] = context
    ws = await websockets.connect(server.ws_url(name, query), max_queue=None, **options)
    _joined.add(ws)
    assert await receive(ws) == greeting
    return ws


async def join_all(nodes, names):
    """Opens a session for each name on a random node, some at a time."""
    gate = asyncio.Semaphore(32)

    async def join_one(name):
        async with gate:
            return await join(random.choice(nodes), name, ping_interval=None)

    return await together(map(join_one, names))


@contextlib.asynccontextmanager
async def joined(server, *names, **options):
    """Does as `join` for each name, for the time of an `async with`. Yields a
    list, or the WebSocket itself where there is one name."""
    async with contextlib.AsyncExitStack() as stack:
        sessions = []
        for name in names:
            sessions.append(await join(server, name, **options))
            stack.push_async_callback(sessions[-1].close)
        yield sessions[0] if len(names) == 1 else sessions


async def assert_reachable(server, name, *sessions):
    """Checks that a push reaches the sessions, and that they are sent nothing
    before it."""
    answer = await push(server, name, "are you there?")
    assert answer.status == 200, answer
    for ws in sessions:
        assert await receive(ws) == "are you there?"
    return answer


async def confirm(server, name, *sessions):
    """Has all sessions of an id prove that they have read what they were sent,
    and checks that it was nothing but what they have received already."""
    answer = await push(server, name, "have you read?", "?receipt=received")
    assert answer.status == 200 and answer.json["received"] == answer.json["sessions"], answer
    for ws in sessions:
        assert await receive(ws) == "have you read?"
    return answer


@contextlib.contextmanager
def silent(server, name):
    """A client that has read its greeting, and from then on answers no ping and
    reads only what a test does."""
    with RawWebSocket(server, name, receive_buffer=4096) as ws:
        ws.read_handshake()
        assert ws.read_frame() == (TEXT, GREETING.encode())
        yield ws


async def stall(server, name):
    """Pushes to a client that does not read, the only one of its id, until its
    node cannot write to it any more. Returns what was pushed."""
    texts = []
    async with Http(server) as http:
        while True:
            texts.append(f"{len(texts):05}" + "x" * 100_000)
            answer = await http.push(name, texts[-1], "?receipt=written&wait=1s")
            if answer.counts == (504, {"nodes": 1, "sessions": 1, "written": 0}):
                return texts
            # A slow machine may take longer to find that out.
            assert answer.status == 200 or "unknown" in answer.json, answer
