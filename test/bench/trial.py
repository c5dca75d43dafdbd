"""A router under load, and what that takes."""

import asyncio
import itertools
import random
import re
import time
from dataclasses import dataclass
from pathlib import Path

from harness import TIMEOUT, Node, Process, together
from load import Pusher, Pushes, Session, by_http, by_redis
from memory import resident

HERE = Path(__file__).parent
NODES = 3
NAMES = [str(i) for i in range(300)]

# The number of pushers that push and of clients that connect, where those are several.
AT_ONCE = 16

# The most sessions that are opened to measure that.
UPGRADES = 2000


@dataclass
class Router:
    """Nodes under load.

    @param channel that which they all read in Redis
    @param everyone the target of an HTTP push to all sessions
    """

    name: str
    nodes: list[Process]
    ports: list[int]
    channel: str
    everyone: str


def start_waybill(stack, redis):
    """Starts Waybill: with one event loop a node, as Node has no more."""
    nodes = [stack.enter_context(Node("--node", f"node{i}", "--threads", "1", redis=redis))
             for i in range(NODES)]
    ports = [node.wait_ready().port for node in nodes]
    return Router("Waybill", nodes, ports, "waybill", "/broadcast")


def start_node_router(stack, redis):
    """Starts the router in Node."""
    nodes = [stack.enter_context(Process("node", HERE / "router.mjs", redis.port))
             for _ in range(NODES)]
    ports = [int(node.out.wait_for(r"ready: (\d+)")[1]) for node in nodes]
    return Router("Node router", nodes, ports, "router", "/socket/all")


def random_names():
    """Yields names of sessions, without an end."""
    while True:
        yield random.choice(NAMES)


def cpu_time(*pids):
    """Returns how long processes have run in user mode and the kernel, in µs."""
    # The times that /proc/PID/stat has in ticks of 10 ms, to the nanosecond: the clock of
    # clock_getcpuclockid(3), which Python does not have.
    return sum(time.clock_gettime_ns(~pid << 3 | 2) for pid in pids) / 1000


@dataclass
class Sample:
    """The cost of some work, divided by how often it was done: µs of CPU of the router and
    of Redis; and how long each push took, in seconds."""

    router: float
    redis: float
    latencies: list[float]


class Trial:
    """A router, whose nodes have as many sessions each, and what is done to it. An
    `async with` closes those before the router ends.

    @param seconds how long to do each work
    """

    def __init__(self, router, redis, seconds=TIMEOUT):
        self.router = router
        self._redis = redis
        self._redis_pid = int(re.search(rb"process_id:(\d+)", redis.command("INFO", "server"))[1])
        self._pids = [node.pid for node in router.nodes]
        self.seconds = seconds
        self._pushes = Pushes()
        self._sessions = []
        self._ports = itertools.cycle(router.ports)

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self._close(self._sessions)

    async def fill(self, names):
        """Opens a session for each name, all of which stay."""
        opened = await self._open(names)
        self._sessions += opened
        assert len(opened) == len(names), "sessions are opened too slowly"

    async def _open(self, names):
        """Opens sessions, some at a time. Returns those that could be in the time."""
        names, end = iter(names), time.monotonic() + self.seconds

        async def open_some():
            return [await Session.open(next(self._ports), name, self._pushes)
                    for name in itertools.takewhile(lambda _: time.monotonic() < end, names)]

        return list(itertools.chain(*await together(open_some() for _ in range(AT_ONCE))))

    async def _close(self, sessions):
        """Closes sessions."""
        for session in sessions:
            session.close()
        await self.settle()

    async def settle(self):
        """Waits until the router has nothing to do any more."""
        for _ in range(100):
            before = cpu_time(*self._pids)
            await asyncio.sleep(0.1)
            if cpu_time(*self._pids) - before < 2000:
                return
        raise AssertionError(f"{self.router.name} does not come to rest")

    async def _sample(self, work):
        """Does work that returns how often it was done, and measures it."""
        await self.settle()
        self._pushes.latencies = []
        async with asyncio.timeout(self.seconds + TIMEOUT):
            router, redis = cpu_time(*self._pids), cpu_time(self._redis_pid)
            count = await work()
            return Sample((cpu_time(*self._pids) - router) / count,
                          (cpu_time(self._redis_pid) - redis) / count, self._pushes.latencies)

    async def _push(self, ports, at_once, about, sessions=1):
        """Pushes with so many pushers at once, of which each goes from port to port."""
        pushers = [[await Pusher.open(port, self._pushes, *about) for port in ports]
                   for _ in range(at_once)]

        async def push_all():
            end = time.monotonic() + self.seconds

            async def push_some(own):
                for count, pusher in enumerate(itertools.cycle(own), 1):
                    await pusher.push(sessions)
                    if time.monotonic() > end:
                        return count * sessions

            return sum(await together(map(push_some, pushers)))

        try:
            return await self._sample(push_all)
        finally:
            for pusher in itertools.chain(*pushers):
                pusher.close()

    async def push_by_http(self, at_once):
        """Pushes to ids."""
        targets = (f"/socket/{name}" for name in random_names())
        return await self._push(self.router.ports, at_once, by_http(targets))

    async def push_by_redis(self, at_once):
        """Publishes to ids on the channel that all nodes read."""
        about = by_redis(self.router.channel, random_names())
        return await self._push([self._redis.port], at_once, about)

    async def broadcast(self):
        """Pushes to everyone."""
        about = by_http(itertools.repeat(self.router.everyone))
        return await self._push(self.router.ports, 1, about, len(NAMES))

    async def upgrade(self):
        """Opens sessions, and measures no longer than until all are greeted."""
        opened = []

        async def open_all():
            opened.extend(await self._open(f"upgrade-{i}" for i in range(UPGRADES)))
            return len(opened)

        try:
            return await self._sample(open_all)
        finally:
            await self._close(opened)

    def memory(self):
        """Returns how many bytes the router has in memory."""
        return sum(map(resident, self.router.nodes))
