"""Clients that come back and pushers that go on, whatever happens to the nodes.

All that they see goes into the checker of their scenario.
"""

import asyncio
import contextlib
import functools
import random
import time
from dataclasses import dataclass

import websockets

from clients import GREETING, Http, leave
from harness import SCALE

now = time.monotonic

# Errors that an attempt to connect, to push or to stay connected may end with.
BROKEN = (OSError, EOFError, TimeoutError, websockets.WebSocketException)

# An id that no client has.
NOBODY = "nobody"

# The time a pusher waits on average before its next push, in seconds.
PAUSE = 0.01 / SCALE

# The time a pusher waits for an answer beyond the time it asked for, in seconds.
PATIENCE = 2.0

# Part of the pushes before which a pusher asks for an id.
LOOKS = 0.05

# Part of the pushes to event streams alone that may wait for confirmations.
CONFIRMED_STREAMS = 0.03

# An answer to one that has a key, which the next with that key is answered, too.
REPEATED = {200, 202, 504}


class Backoff:
    """Waits longer with each attempt, and at random."""

    def __init__(self, chance):
        self._chance = chance
        self.reset()

    def reset(self):
        """The last attempt succeeded."""
        self._longest = 0.05

    async def wait(self):
        """Waits before the next attempt. In seconds."""
        await asyncio.sleep(self._chance.uniform(0, self._longest))
        self._longest = min(1.0, 2 * self._longest)


class Mortal(websockets.WebSocketClientProtocol):
    """A WebSocket that reads some messages, confirming them as any other does,
    and breaks off in the midst of those that follow."""

    def __init__(self, *arguments, life, **options):
        super().__init__(*arguments, **options)
        self._life = life
        self.is_dead = False

    async def read_message(self):
        """Reads the next message, or dies of it."""
        message = await super().read_message()
        if self._life == 0:
            self.is_dead = True
            self.transport.abort()
            raise ConnectionAbortedError("died")
        self._life -= 1
        return message


class Client:
    """Has one id, and reconnects when its WebSocket has ended."""

    def __init__(self, scenario, name, chance):
        self.name = name
        # The numbers of messages that the next WebSockets live for.
        self.lives = []
        self._world = scenario
        self._chance = chance
        self._backoff = Backoff(chance)
        self._ws = self.session = None

    @property
    def is_in(self):
        """Whether it is connected and greeted."""
        return self.session is not None and self.session.greeted is not None

    async def run(self):
        """Connects again and again, until it is cancelled."""
        while True:
            await self._world.is_open.wait()
            with contextlib.suppress(*BROKEN):
                await self._live()
            await self._pause()

    async def _pause(self):
        """Waits before the next attempt."""
        await self._backoff.wait()

    async def _live(self):
        """Connects, and reads until the WebSocket ends."""
        checker = self._world.checker
        session = checker.open(self.name, now())
        protocol = functools.partial(Mortal, life=self.lives.pop()) if self.lives else None
        try:
            async with asyncio.timeout(3):
                self._ws = await websockets.connect(
                    self._world.any_door(self._chance).ws_url(self.name),
                    max_queue=None, ping_interval=None, close_timeout=1,
                    create_protocol=protocol)
            self.session = session
            while True:
                self._note(session, await self._ws.recv())
        finally:
            code = None
            if ws := self._ws:
                code = ws.close_code
                if getattr(ws, "is_dead", False):
                    checker.leave(session, now())
                ws.transport.abort()
            self._ws = self.session = None
            checker.close(session, now(), code)

    def _note(self, session, text):
        """Writes down what came."""
        if text == GREETING and session.greeted is None:
            self._backoff.reset()
            self._world.checker.greet(session, now())
        else:
            self._world.checker.arrive(session, text, now())

    async def leave(self, manner):
        """Ends the WebSocket, if there is one."""
        if self._ws:
            self._world.checker.leave(self.session, now())
            # The node may have gone meanwhile.
            with contextlib.suppress(*BROKEN):
                await leave(self._ws, manner)

    async def stall(self, seconds, manner=None):
        """Reads no more for some time, and then goes on, or leaves."""
        ws = self._ws
        if not ws or ws.transport.is_closing():
            return
        session = self.session
        self._world.checker.stall(session)
        ws.transport.pause_reading()
        await asyncio.sleep(seconds)
        if manner:
            self._world.checker.leave(session, now())
            with contextlib.suppress(*BROKEN):
                await leave(ws, manner)
        elif not ws.transport.is_closing():
            ws.transport.resume_reading()


@dataclass
class Mix:
    """The pushes that may be made: each time one of each, at random."""

    ttls: list[int]
    receipts: list[str]
    # The number of pushes in a hundred that replace older ones of their `collapse`.
    collapses: int = 0
    # The number of pushes in a hundred that have an Idempotency-Key. They are sent again
    # when they were not answered, and half of them when they were.
    keys: int = 0


MIXES = {
    "live": Mix([0], ["routed"]),
    "all": Mix([0, 600], ["routed", "written", "received"], collapses=10, keys=10),
    # The answer that a key stands for may be lost with a master.
    "keyless": Mix([0, 600], ["routed", "written", "received"], collapses=10),
}


class Pusher:
    """Pushes one text after the other, on one connection while it lasts."""

    def __init__(self, scenario, name, chance):
        self.name = name
        self._world = scenario
        self._chance = chance
        self._backoff = Backoff(chance)
        # A push that is to be sent again, and its parameters.
        self._again = None

    async def run(self):
        """Pushes until the scenario is to be calm."""
        while not self._world.is_calm:
            with contextlib.suppress(*BROKEN):
                async with Http(self._chance.choice(self._world.slots)) as http:
                    await self._push_on(http)
            await self._backoff.wait()

    async def _push_on(self, http):
        """Pushes on one connection, until it is of no more use."""
        connection = object()
        while not self._world.is_calm:
            if self._chance.random() < LOOKS:
                await self._look(http)
            push, wait, query, headers = self._next(connection)
            async with asyncio.timeout(wait + PATIENCE):
                answer = await http.push(push.name, push.text, query, headers)
            self._check_advice(push, answer)
            counts = {name: count for name, count in answer.json.items() if type(count) is int}
            is_first = push.answered is None
            self._world.checker.answer(push, now(), answer.status, **counts)
            if not (is_first and answer.status in REPEATED and self._chance.random() < 0.5):
                self._again = None
            if self._again or answer.status == 503 or answer.closes:
                return
            self._backoff.reset()
            await asyncio.sleep(self._chance.expovariate(1 / PAUSE))

    async def _look(self, http):
        """Asks whether an id is online."""
        name, begun = self._chance.choice(self._world.names), now()
        async with asyncio.timeout(PATIENCE):
            answer = await http.request("GET", f"/socket/{name}")
        if answer.status == 200:
            self._world.checker.look(name, begun, now(), answer.json["online"])

    def _check_advice(self, push, answer):
        """A pusher that is refused for now is told when to try again."""
        if answer.status == 503 and "retry-after" not in answer.headers:
            self._world.checker.complain("false answers", f"{push}, 503 without Retry-After")

    def _next(self, connection):
        """Begins the next push, or one for the second time."""
        if self._again:
            parameters, self._again = self._again, None
            self._world.checker.retry(parameters[0])
            return parameters
        mix, chance = self._world.mix, self._chance
        wait, receipt = chance.choice([1, 3]), chance.choice(mix.receipts)
        # A push kept for nobody would never be received.
        name = NOBODY if chance.random() < 0.04 else chance.choice(self._world.names)
        # An event stream confirms when it comes back, which few can wait for.
        if (receipt == "received" and name in self._world.stream_names
                and chance.random() > CONFIRMED_STREAMS):
            receipt = "written"
        ttl = 0 if name == NOBODY else chance.choice(mix.ttls)
        collapse = chance.choice("ab") if chance.randrange(100) < mix.collapses else ""
        query = (f"?wait={wait}s&receipt={receipt}" + (f"&ttl={ttl}" if ttl else "")
                 + (f"&collapse={collapse}" if collapse else ""))
        push = self._world.checker.begin(self.name, name, now(), connection, ttl > 0, receipt,
                                         collapse)
        if chance.randrange(100) >= mix.keys:
            return push, wait, query, {}
        self._again = push, wait, query, {"Idempotency-Key": push.text}
        return self._again


def seeded(seed, name):
    """Returns the chance of one who takes part, apart from all others'."""
    return random.Random(f"{seed} {name}")
