"""Clients of event streams, which come back as a browser's EventSource does."""

import asyncio

from checker import CUT, OVER, SLOW, STOPS
from clients import cut
from event_source import EventStream
from traffic import Client, now

# The close codes of a WebSocket for the reasons that a stream ends with.
CODES = {"this node is stopping": STOPS,
         "you read too slowly: your queue is full": SLOW,
         "the send queues of this node are full": SLOW,
         "this stream has reached its lifetime": OVER}

# The time a browser waits before it comes back, until it is told another, in milliseconds.
RETRY = 3000


class StreamClient(Client):
    """Has one id, and a page with an EventSource, which comes back with its position when
    its stream has ended, in the time that it was told."""

    def __init__(self, scenario, name, chance):
        super().__init__(scenario, name, chance)
        self._load_page()

    def _load_page(self, after=""):
        """Makes the next EventSource, which is a new one to the checker where it does not
        know the position of the one before."""
        if not after:
            self._source = object()
        self._query = f"?after={after}" if after else ""
        self._last_id, self._retry = "", RETRY
        self._stream = self.session = None

    async def _live(self):
        """Opens a stream, and reads until it ends."""
        checker, door = self._world.checker, self._world.any_door(self._chance)
        session = checker.open(self.name, now(), self._source, door is self._world.balancer)
        code = None
        try:
            async with asyncio.timeout(3):
                stream = await EventStream(door, self.name, self._query,
                                           self._last_id).__aenter__()
            try:
                code = await self._read(stream, session)
            finally:
                cut(stream.transport, "drop")
                if self._stream is stream:
                    self._last_id, self._retry = stream.last_id, stream.retry or self._retry
                    self._stream = self.session = None
        finally:
            checker.close(session, now(), code)

    async def _read(self, stream, session):
        """Reads a stream to its end, and returns the close code that it stands for."""
        checker = self._world.checker
        if stream.status != 200:
            checker.refuse(session, now(), stream.status)
            # Somebody loads the page again.
            return self._load_page()
        self._stream, self.session = stream, session
        life = self.lives.pop() if self.lives else None
        while (event := await stream.next()) and self._stream is stream:
            if life == 0:
                checker.leave(session, now())
                return self._load_page()
            if life is not None:
                life -= 1
            if event.type == "hello" and session.greeted is None:
                checker.greet(session, now())
            else:
                checker.arrive(session, event.data, now())
        if session.greeted is None:
            return None
        reason = next((line for line in reversed(stream.comments) if line), None)
        return CODES.get(reason, reason) or CUT

    async def _pause(self):
        """Waits as long as the last stream said."""
        await asyncio.sleep(self._retry / 1000)

    async def leave(self, manner):
        """Ends the stream, if there is one. Its page closes it, and opens another one where
        it was; or the network does, and it comes back by itself."""
        if not self._stream:
            return
        stream = self._stream
        self._world.checker.leave(self.session, now())
        cut(stream.transport, manner)
        if manner == "close":
            self._load_page(stream.last_id)
            self._retry = 0

    async def stall(self, seconds, manner=None):
        """Reads no more for some time, and then goes on, or leaves."""
        stream, session = self._stream, self.session
        if not stream or stream.transport.is_closing():
            return
        self._world.checker.stall(session)
        stream.stop_reading()
        await asyncio.sleep(seconds)
        if manner:
            self._world.checker.leave(session, now())
            cut(stream.transport, manner)
        elif not stream.transport.is_closing():
            stream.transport.resume_reading()
