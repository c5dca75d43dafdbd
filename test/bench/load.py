"""Clients and pushers that take little of the machine, which is for what is measured.

They read and write bytes as asyncio's protocols get them, and know no more of HTTP,
WebSockets and Redis than the routers that are measured say.
"""

import asyncio
import re
import time
from dataclasses import dataclass

from raw_websocket import PING, PONG, TEXT, frame

# The size of each push, in bytes: about as long as texts of a chat.
TEXT_SIZE = 100


@dataclass
class Push:
    """A push that is under way.

    @param awaited how many sessions have yet to get it
    """

    over: asyncio.Future
    began: float
    awaited: int
    answered: bool = False


class Pushes:
    """The pushes that are under way: each is over when it has been answered and has come
    to every session that it is for. Whatever else happens is a failure of the router.

    @param latencies how long each took to come to the last of its sessions, in seconds
    """

    def __init__(self):
        self._under_way = {}
        self._made = 0
        self._failure = None
        self.latencies = []

    async def make(self, ask, sessions):
        """Makes a push and waits until it is over.

        @param ask sends its text, and sees to it that `answered` is called
        """
        if self._failure:
            raise self._failure
        self._made += 1
        text = b"%0*d" % (TEXT_SIZE, self._made)
        over = asyncio.get_running_loop().create_future()
        self._under_way[text] = Push(over, time.perf_counter(), sessions)
        ask(text)
        await over

    def arrived(self, text):
        """Takes a frame."""
        push = self._under_way.get(text)
        if not push or not push.awaited:
            return self.fail(f"a frame that nobody awaits: {text}")
        push.awaited -= 1
        if not push.awaited:
            self.latencies.append(time.perf_counter() - push.began)
            self._end(text, push)

    def answered(self, text):
        """Takes the answer to a push."""
        push = self._under_way[text]
        push.answered = True
        self._end(text, push)

    def _end(self, text, push):
        """Ends a push if nothing more is to come of it."""
        if push.answered and not push.awaited:
            del self._under_way[text]
            push.over.set_result(None)

    def fail(self, why):
        """Ends what is under way, and keeps more from beginning."""
        self._failure = AssertionError(why)
        for push in self._under_way.values():
            if not push.over.done():
                push.over.set_exception(self._failure)


class Session(asyncio.Protocol):
    """A WebSocket. Frames are short, and no message has more than one."""

    def __init__(self, name, pushes):
        self._name = name
        self._pushes = pushes
        self._data = b""
        self._greeted = asyncio.get_running_loop().create_future()
        self._is_open = False

    @classmethod
    async def open(cls, port, name, pushes):
        """Connects, and waits for the greeting."""
        _, session = await asyncio.get_running_loop().create_connection(
            lambda: cls(name, pushes), "127.0.0.1", port)
        await session._greeted
        return session

    def close(self):
        """Ends the connection."""
        self._is_open = False
        self._transport.close()

    def connection_made(self, transport):
        self._transport = transport
        transport.write(b"GET /websocket/%b HTTP/1.1\r\nHost: waybill\r\n"
                        b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
                        b"Sec-WebSocket-Version: 13\r\n"
                        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
                        % self._name.encode())

    def data_received(self, data):
        data = self._data + data
        if not self._is_open:
            head, end, rest = data.partition(b"\r\n\r\n")
            if end:
                if not head.startswith(b"HTTP/1.1 101 "):
                    return self._fail(head)
                self._is_open, data = True, rest
        while self._is_open and len(data) >= 2 and len(data) >= 2 + data[1]:
            self._read(data[0], data[2:2 + data[1]])
            data = data[2 + data[1]:]
        self._data = data

    def _read(self, first, payload):
        """Takes a frame."""
        if first == 0x80 | PING:
            self._transport.write(frame(PONG, payload))
        elif first != 0x80 | TEXT or len(payload) > 125:
            self._fail(payload)
        elif not self._greeted.done():
            self._greeted.set_result(None)
        else:
            self._pushes.arrived(payload)

    def connection_lost(self, _):
        if self._is_open or not self._greeted.done():
            self._fail(b"the end")

    def _fail(self, data):
        """Gives up: a router did what it must not."""
        why = f"the session {self._name} got {data}"
        if not self._greeted.done():
            self._greeted.set_exception(AssertionError(why))
        self._pushes.fail(why)


class Pusher(asyncio.Protocol):
    """A connection on which one push is made after the other.

    @param request makes the bytes of a push from its text
    @param is_whole tells whether bytes are a whole answer; raises if it is a bad one
    """

    def __init__(self, pushes, request, is_whole):
        self._pushes = pushes
        self._request = request
        self._is_whole = is_whole
        self._data = b""
        self._text = None

    @classmethod
    async def open(cls, port, *arguments):
        """Connects."""
        _, pusher = await asyncio.get_running_loop().create_connection(
            lambda: cls(*arguments), "127.0.0.1", port)
        return pusher

    def close(self):
        """Ends the connection."""
        self._transport.abort()

    async def push(self, sessions):
        """Makes a push that is to come to so many sessions."""
        await self._pushes.make(self._ask, sessions)

    def _ask(self, text):
        self._text = text
        self._transport.write(self._request(text))

    def connection_made(self, transport):
        self._transport = transport

    def data_received(self, data):
        self._data += data
        try:
            if self._is_whole(self._data):
                self._data = b""
                self._pushes.answered(self._text)
        except ValueError as e:
            self._pushes.fail(f"{e}: {self._data}")

    def connection_lost(self, why):
        if why:
            self._pushes.fail(f"the connection of a pusher ended: {why}")


def by_http(targets):
    """Returns what a Pusher needs to push to one target after the other."""
    def request(text):
        return (b"POST %b HTTP/1.1\r\nHost: waybill\r\nContent-Length: %d\r\n\r\n%b"
                % (next(targets).encode(), len(text), text))

    def is_whole(data):
        head, end, body = data.partition(b"\r\n\r\n")
        if not end:
            return False
        length = re.search(rb"(?i)\r\nContent-Length: (\d+)", head)
        if not length or not head.startswith(b"HTTP/1.1 200 "):
            raise ValueError("a push was refused")
        return len(body) >= int(length[1])

    return request, is_whole


def by_redis(channel, names):
    """Returns what a Pusher needs to publish to one id after the other on a channel."""
    def request(text):
        message = b'{"KEY":"%b","VALUE":"%b"}' % (next(names).encode(), text)
        words = [b"PUBLISH", channel.encode(), message]
        return b"*3\r\n" + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)

    def is_whole(data):
        if not b":".startswith(data[:1]):
            raise ValueError("Redis refused a push")
        return data.endswith(b"\r\n")

    return request, is_whole
