"""Kills one node of three and drains another under many sessions, which all come back."""

import asyncio
import contextlib
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from clients import Http, get
from harness import Node, Process, eventually
from redis_server import Redis
from sessions import Session

now = time.monotonic

# So many sessions does one process of clients hold.
CROWD = 6400

# Clients of the node that stays, and how many pushes they get a second.
WATCHERS, PUSH_RATE = 50, 100


@dataclass
class Plan:
    """What a storm is made of.

    @param rate of --max-upgrade-rate
    @param drain of --drain, in seconds
    @param calm the seconds for which nothing happens
    """

    sessions: int
    rate: int
    drain: int = 2
    calm: int = 10


@dataclass
class Phase:
    """What was seen while something happened.

    @ivar allowed the seconds that the rate of the nodes takes
    @ivar rates the most sessions that each node let in within a second
    @ivar times of pushes to those who stay, in seconds
    """

    seconds: float = 0
    allowed: float = 0
    rates: dict = field(default_factory=dict)
    times: list = field(default_factory=list)
    is_over: bool = False

    def quantile(self, part):
        """Returns a quantile of the times, in milliseconds."""
        return 1000 * sorted(self.times)[int(part * (len(self.times) - 1))]

    @property
    def most(self):
        """The most sessions that any node let in within a second."""
        return max(self.rates.values())

    def __str__(self):
        return (f"{self.seconds:5.1f} s (the rate takes {self.allowed:.1f} s), "
                f"at most {self.most:.0f} sessions/s a node, "
                f"pushes p50 {self.quantile(0.5):.1f} ms, p99 {self.quantile(0.99):.1f} ms")


class Storm:
    """Redis, three nodes, their clients and those who watch. It ends with the stack."""

    def __init__(self, plan, stack):
        self._plan = plan
        self._enter = stack.enter_context
        self._begun = {}
        self._crowds = []
        # The status of each push that was not answered 200.
        self.refused = []
        self.phases = {}
        # What the clients went through.
        self.clients = {}

    async def live(self):
        """Runs once."""
        self._redis = self._enter(Redis()).start()
        self._nodes = [self._start(i) for i in range(3)]
        await self._watch()
        await self._during("first", self._gather, self._plan.sessions / 3)
        await self._during("calm", lambda: asyncio.sleep(self._plan.calm), 0)
        await self._during("killed", self._kill, await self._held_by(2) / 2)
        # The kernel would kill what a thread has started at the end of the thread.
        self._nodes[2] = self._start(2, f"127.0.0.1:{self._nodes[2].port}")
        await self._during("drained", self._drain, await self._held_by(1) / 2)
        await eventually(lambda: not self._begun)
        self._end()

    def _start(self, number, listen="127.0.0.1:0"):
        """Starts a node."""
        return self._enter(
            Node("--node", f"node{number}", "--threads", "1", "--drain", f"{self._plan.drain}s",
                 "--max-upgrade-rate", self._plan.rate, redis=self._redis,
                 listen=listen)).wait_ready()

    async def _held_by(self, number):
        """Returns how many sessions a node holds."""
        return (await get(self._nodes[number], "/stats"))["sessions"]

    # -- what happens ----------------------------------------------------------

    async def _gather(self):
        """Starts the clients, and waits until all have a session."""
        ports = [node.port for node in self._nodes]
        for first in range(0, self._plan.sessions, CROWD):
            count = min(CROWD, self._plan.sessions - first)
            # They would not be on the machine of a node, so they get what it leaves.
            self._crowds.append(self._enter(contextlib.closing(Crowd(
                "chrt", "--idle", "0", sys.executable,
                Path(__file__).with_name("comebacks.py"), f"from{first}-", count, *ports))))
        await self._all_open()

    async def _kill(self):
        """Kills a node, and waits until all its clients are back."""
        self._nodes[2].kill()
        await self._some_away()
        await self._all_open()

    async def _drain(self):
        """Stops a node, and waits until all its clients are back."""
        self._nodes[1].signal(15)
        await self._some_away()
        await self._all_open()
        assert await asyncio.to_thread(self._nodes[1].wait) == 0

    def _count_open(self):
        return sum(crowd.count_open() for crowd in self._crowds)

    async def _all_open(self):
        await eventually(lambda: self._count_open() == self._plan.sessions, timeout=150)

    async def _some_away(self):
        await eventually(lambda: self._count_open() < self._plan.sessions)

    def _end(self):
        """Ends the clients, and keeps what they went through."""
        for crowd in self._crowds:
            for name, value in crowd.end().items():
                self.clients[name] = self.clients.get(name, type(value)()) + value

    # -- what is seen ----------------------------------------------------------

    async def _during(self, name, act, each):
        """Measures while something happens.

        @param each how many sessions each node that stays is to let in
        """
        phase = self._phase = self.phases[name] = Phase(allowed=each / self._plan.rate)
        watching = asyncio.gather(self._push(phase),
                                  *(self._measure(node, phase) for node in self._nodes))
        begun = now()
        await act()
        phase.seconds = now() - begun
        phase.is_over = True
        await watching

    async def _measure(self, node, phase):
        """Keeps the most sessions that a node lets in within a second, until it ends."""
        name = node.command[node.command.index("--node") + 1]
        with contextlib.suppress(OSError, EOFError):
            last, at = (await get(node, "/stats"))["joins"], now()
            while not phase.is_over:
                await asyncio.sleep(1)
                joins, then = (await get(node, "/stats"))["joins"], now()
                phase.rates[name] = max(phase.rates.get(name, 0), (joins - last) / (then - at))
                last, at = joins, then

    async def _watch(self):
        """Connects those who stay."""
        loop = asyncio.get_running_loop()
        node = self._nodes[0]
        for i in range(WATCHERS):
            _, session = await loop.create_connection(
                lambda i=i: Session(f"watcher{i}", self._on_arrival), node.host, node.port)
            await session.greeted
            await asyncio.sleep(1 / self._plan.rate)

    async def _push(self, phase):
        """Pushes to those who stay."""
        count = 0
        async with Http(self._nodes[0]) as http:
            while not phase.is_over:
                text = f"{id(phase)}-{count}"
                self._begun[text] = now()
                answer = await http.push(f"watcher{count % WATCHERS}", text)
                if answer.status != 200:
                    self.refused.append(answer.status)
                count += 1
                await asyncio.sleep(1 / PUSH_RATE)

    def _on_arrival(self, _, text):
        """A push has come."""
        self._phase.times.append(now() - self._begun.pop(text))


class Crowd(Process):
    """A process of comebacks.py."""

    def count_open(self):
        """Returns how many sessions it has."""
        lines = [line for line in self.out.all()[-2:] if line.startswith("open")]
        return int(lines[-1].split()[1]) if lines else 0

    def end(self):
        """Ends it, and returns what its clients went through."""
        self.signal(15)
        return json.loads(self.out.wait_for(r"\{.*\}")[0])

    close = Process.kill


def run(plan):
    """Runs a storm, and returns it."""
    # A thread that reads a log would else keep the one that measures waiting for 5 ms.
    sys.setswitchinterval(0.0005)
    with contextlib.ExitStack() as stack:
        storm = Storm(plan, stack)
        asyncio.run(storm.live())
        return storm
