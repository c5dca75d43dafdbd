"""A router under load, and what that takes."""

import contextlib
import json
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from harness import TIMEOUT, WAYBILL
from memory import resident

LOAD = Path(WAYBILL).with_name("waybill_load")


class Load:
    """A waybill_load, which holds sessions of a router until the end of a `with`."""

    def __init__(self, ports, options=()):
        self._popen = subprocess.Popen([LOAD, *options, *map(str, ports)], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # It ends with its input.
        with contextlib.suppress(subprocess.TimeoutExpired, ValueError):
            self._popen.communicate(timeout=TIMEOUT)
        self._popen.kill()
        self._popen.wait()

    def _read(self):
        """Returns a line of output. There is none where the router does what it must not."""
        line = self._popen.stdout.readline()
        if not line:
            raise AssertionError(self._popen.stderr.read())
        return line

    def _ask(self, request):
        """Sends a line, and returns that which answers it."""
        self._popen.stdin.write(f"{request}\n")
        self._popen.stdin.flush()
        return self._read()

    def open_sessions(self, count):
        """Opens so many sessions more."""
        self._ask(f"sessions {count}")

    def prepare(self, request, at_once, seconds):
        """Opens the connections that work needs."""
        self._ask(f"{request} {at_once} {seconds}")

    def work(self):
        """Does the work that was prepared, and returns its figures."""
        return json.loads(self._ask(""))


def cpu_time(*pids):
    """Returns how long processes have run in user mode and the kernel, in µs."""
    # The times that /proc/PID/stat has in ticks of 10 ms, to the nanosecond: the clock of
    # clock_getcpuclockid(3), which Python does not have.
    return sum(time.clock_gettime_ns(~pid << 3 | 2) for pid in pids) / 1000


def children(pid):
    """Returns the processes that a process with one thread has started."""
    return map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


@dataclass
class Sample:
    """The cost of some work, divided by how often it was done: µs of CPU of the router, of
    Redis and of the load generator; how long pushes took, in ms; and how many were done a
    second."""

    router: float
    redis: float
    load: float
    p50: float
    p99: float
    rate: float


class Trial:
    """A router under load, with sessions that stay until the end of a `with`."""

    def __init__(self, name, router, redis):
        self.name = name
        self._router = router
        self._redis_pid = int(re.search(rb"process_id:(\d+)", redis.command("INFO", "server"))[1])
        self._redis_port = redis.port
        self._pids = []
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stack.close()

    def fill(self, count, channel=""):
        """Opens so many sessions, in turn on each node."""
        options = [*self._router.options, "--redis", str(self._redis_port), "--channel", channel]
        self._load = self._broadcasts = self._open(options, count)
        if self._router.broadcast_options:
            self._broadcasts = self._open(self._router.broadcast_options, count)
        # By now a node has those of its processes that serve.
        self._pids = [pid for node in self._router.nodes for pid in (node.pid, *children(node.pid))]

    def _open(self, options, count):
        load = self._stack.enter_context(Load(self._router.ports, options))
        load.open_sessions(count)
        return load

    def add_sessions(self, count):
        """Opens so many sessions more, which stay idle."""
        self._load.open_sessions(count)

    def settle(self):
        """Waits until the router has nothing to do any more."""
        for _ in range(100):
            before = cpu_time(*self._pids)
            time.sleep(0.1)
            if cpu_time(*self._pids) - before < 2000:
                return
        raise AssertionError(f"{self.name} does not come to rest")

    def measure(self, request, at_once, seconds):
        """Has waybill_load do some work, and measures it."""
        load = self._broadcasts if request == "broadcast" else self._load
        load.prepare(request, at_once, seconds)
        self.settle()
        router, redis = cpu_time(*self._pids), cpu_time(self._redis_pid)
        figures = load.work()
        router, redis = cpu_time(*self._pids) - router, cpu_time(self._redis_pid) - redis
        assert not figures["lost"], f"{self.name} lost {figures['lost']} of {figures['count']}"
        count = figures["frames" if request in ("broadcast", "batch") else "count"]
        return Sample(router / count, redis / count, figures["cpu"] / count,
                      figures["p50"] / 1000, figures["p99"] / 1000, count / seconds)

    def memory(self):
        """Returns how many bytes the router has in memory."""
        return sum(resident(SimpleNamespace(pid=pid)) for pid in self._pids)
