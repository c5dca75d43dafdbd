"""A client of event streams, as a browser's EventSource is one."""

import asyncio
import contextlib
from dataclasses import dataclass
from urllib.parse import quote

from clients import open_stream
from harness import TIMEOUT


@dataclass
class Event:
    """An event: its type, its data, and the last id when it came."""

    type: str
    data: str
    id: str


class EventStream:
    """One stream, from its request to its end. An `async with` opens and closes it.

    `last_id` and `retry` are what the stream has said; `comments` are its comment lines.
    """

    def __init__(self, server, name, query="", last_id="", headers=None):
        self._server = server
        self._target = f"/events/{quote(name, safe='')}{query}"
        self._fields = {"Host": f"{server.host}:{server.port}", "Accept": "text/event-stream",
                        **({"Last-Event-ID": last_id} if last_id else {}), **(headers or {})}
        self.last_id = last_id
        self.retry = None
        self._bytes = b""
        self.comments = []

    async def __aenter__(self):
        self._reader, self._writer = await open_stream(self._server)
        try:
            await self._exchange_heads()
        except BaseException:
            self.close()
            raise
        return self

    async def _exchange_heads(self):
        """Sends the request, and reads the head of its answer."""
        lines = [f"GET {self._target} HTTP/1.1", *(f"{k}: {v}" for k, v in self._fields.items())]
        self._writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
        async with asyncio.timeout(TIMEOUT):
            head = await self._reader.readuntil(b"\r\n\r\n")
        first, *fields = head[:-4].decode().split("\r\n")
        self.status = int(first.split(" ")[1])
        self.headers = {k.lower(): v for k, v in (field.split(": ", 1) for field in fields)}

    async def __aexit__(self, *_):
        self.close()

    def close(self):
        """Ends the connection."""
        self._writer.close()

    def send(self, data):
        """Sends bytes as they are."""
        self._writer.write(data)

    @property
    def transport(self):
        """The connection below."""
        return self._writer.transport

    def stop_reading(self):
        """Lets all buffers fill up."""
        self.transport.pause_reading()

    async def next(self):
        """Returns the next event; None at the end of the stream."""
        kind, data, changed = "message", [], None
        while line := await self._line():
            text = line.decode()[:-1]
            name, _, value = text.partition(":")
            value = value.removeprefix(" ")
            if not text:
                if changed is not None:
                    self.last_id = changed
                if data:
                    return Event(kind, "\n".join(data), self.last_id)
                kind, changed = "message", None
            elif not name:
                self.comments.append(value)
            elif name == "event":
                kind = value
            elif name == "data":
                data.append(value)
            elif name == "id":
                changed = value
            elif name == "retry":
                self.retry = int(value)
        return None

    async def _line(self):
        """Returns the next line, with its end; nothing at the end of the stream."""
        while b"\n" not in self._bytes:
            async with asyncio.timeout(TIMEOUT):
                more = await self._part()
            if not more:
                return b""
            self._bytes += more
        line, end, self._bytes = self._bytes.partition(b"\n")
        return line + end

    async def _part(self):
        """Returns the next part of the body; nothing at its end."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            if self.headers.get("transfer-encoding") == "chunked":
                size = int(await self._reader.readline() or b"0", 16)
                return (await self._reader.readexactly(size + 2))[:-2]
            # Of a refusal, whose connection stays open.
            if size := self.headers.get("content-length"):
                self.headers["content-length"] = 0
                return await self._reader.readexactly(int(size))
            return b"" if size == 0 else await self._reader.read(65536)
        return b""

    async def rest(self):
        """Returns the data of all events until the end of the stream."""
        result = []
        while event := await self.next():
            result.append(event.data)
        return result

    async def take(self, count):
        """Returns the data of the next events."""
        events = [await self.next() for _ in range(count)]
        assert None not in events, events
        return [event.data for event in events]


@contextlib.asynccontextmanager
async def listening(server, name, query="", **options):
    """Opens a stream, and awaits its greeting."""
    async with EventStream(server, name, query, **options) as stream:
        assert stream.status == 200, stream.status
        hello = await stream.next()
        assert hello and hello.type == "hello", (hello, stream.comments)
        yield stream
