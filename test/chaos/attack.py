"""Well-behaved sessions on a node, in calm and under attack."""

import asyncio
import contextlib
import json
import os
import random
import resource
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from attackers import HOST
from clients import Http, get
from harness import Node, Process, eventually
from memory import IS_MEASURED, MIB, resident
from sessions import Session

now = time.monotonic


@dataclass(frozen=True)
class Plan:
    """The plan of an attack."""

    sessions: int = 1000
    # The time for which calm and attack are measured, in seconds, each.
    seconds: float = 10
    # Pushes a second.
    rate: int = 200
    # The number of attackers of each kind.
    attackers: tuple = (("deaf", 200), ("flood", 200), ("vanish", 500))
    # The number of descriptors that the node may have during the attack.
    descriptors: int | None = None


@dataclass
class Phase:
    """The figures measured for some time."""

    times: list = field(default_factory=list)
    pushed: int = 0

    def quantile(self, part):
        """Returns how long this part of the pushes took at most, in seconds."""
        times = sorted(self.times)
        return times[min(len(times) - 1, int(len(times) * part))]

    def __str__(self):
        return (f"{self.pushed} pushes, p50 {self.quantile(0.5) * 1000:.2f} ms, "
                f"p99 {self.quantile(0.99) * 1000:.2f} ms, "
                f"longest {self.quantile(1) * 1000:.2f} ms")


class Attack:
    """One run of a plan, on a node that the stack stops."""

    def __init__(self, plan, stack):
        self._plan, self._stack = plan, stack
        self._pending = {}
        self._count = 0
        self.calm, self.attacked, self.after = Phase(), Phase(), Phase()
        self.memory_before = self.memory_attacked = self.memory_after = 0

    async def run(self):
        """Measures in calm, under attack and afterwards."""
        # The time these clients wait for the CPU, on which the node and the attackers are, too,
        # would be taken for the node's (sched(7)). Where that is not allowed, it is.
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))
        self.node = self._stack.enter_context(
            Node("--idle-timeout", "30s"))
        self.node.wait_ready()
        loop = asyncio.get_running_loop()
        self._sessions = []
        for i in range(self._plan.sessions):
            _, session = await loop.create_connection(
                lambda i=i: Session(f"id{i}", self._on_arrival), HOST, self.node.port)
            await session.greeted
            self._sessions.append(session)
        async with Http(self.node) as self._http:
            await self._fill_trace()
            await self._push_for(2, Phase())
            await self._push_for(self._plan.seconds, self.calm)
            self.memory_before = resident(self.node)
            with contextlib.ExitStack() as attackers:
                self._begin(attackers)
                await self._push_for(3, Phase())
                await self._push_for(self._plan.seconds, self.attacked)
                self.memory_attacked = resident(self.node)
            if self._plan.descriptors:
                resource.prlimit(self.node.pid, resource.RLIMIT_NOFILE, self._limits)
            await self._settle()
            await self._push_for(min(3, self._plan.seconds), self.after)
            self.stats = await get(self.node, "/stats")
            self.memory_after = resident(self.node)
        assert all(session.is_open for session in self._sessions), "a session has ended"
        for session in self._sessions:
            session.close()

    def _begin(self, stack):
        """Starts the attackers, which end with the stack."""
        if self._plan.descriptors:
            limit = self._plan.sessions + self._plan.descriptors
            self._limits = resource.prlimit(self.node.pid, resource.RLIMIT_NOFILE)
            resource.prlimit(self.node.pid, resource.RLIMIT_NOFILE, (limit, self._limits[1]))
        for kind, count in self._plan.attackers:
            process = Process(sys.executable, Path(__file__).with_name("attackers.py"),
                              kind, self.node.port, count)
            stack.callback(process.kill)

    async def _settle(self):
        """Waits until the attackers' sessions have gone, and the memory with them."""
        async def are_gone():
            return (await get(self.node, "/stats"))["sessions"] == self._plan.sessions

        await eventually(are_gone, timeout=60)
        if IS_MEASURED:
            with contextlib.suppress(AssertionError):
                await eventually(
                    lambda: resident(self.node) <= 1.2 * self.memory_before, timeout=20)

    async def _fill_trace(self):
        """Pushes until the node remembers as many hops as it ever does, of which each push
        has three here: that memory is not what the attack takes."""
        for _ in range(8):
            lines = []
            for session in random.choices(self._sessions, k=1000):
                self._count += 1
                self._pending[session._name, str(self._count)] = Phase(), now()
                lines.append(json.dumps({"to": session._name, "message": str(self._count)}))
            answer = await self._http.request("POST", "/push", "\n".join(lines).encode())
            assert answer.status == 200, answer
        await eventually(lambda: not self._pending)

    async def _push_for(self, seconds, phase):
        """Pushes to one session after the other, and awaits that all has come."""
        end = now() + seconds
        due = now()
        while due < end:
            name = random.choice(self._sessions)._name
            self._count += 1
            text = str(self._count)
            self._pending[name, text] = phase, now()
            answer = await self._http.push(name, text)
            assert answer.status == 200, answer
            phase.pushed += 1
            due = max(due + 1 / self._plan.rate, now() - 0.1)
            await asyncio.sleep(max(0, due - now()))
        await eventually(lambda: not self._pending)

    def _on_arrival(self, name, text):
        """A push has come."""
        phase, began = self._pending.pop((name, text))
        phase.times.append(now() - began)

    def __str__(self):
        return "\n".join([
            f"in calm:      {self.calm}", f"under attack: {self.attacked}",
            f"afterwards:   {self.after}",
            "memory: " + ", ".join(
                f"{size / MIB:.1f} MiB" for size in
                (self.memory_before, self.memory_attacked, self.memory_after)),
            f"stats: {self.stats}"])


def run(plan):
    """Runs a plan from its beginning to its end, and returns what came of it."""
    with contextlib.ExitStack() as stack:
        attack = Attack(plan, stack)
        asyncio.run(attack.run())
    return attack
