"""Prints what a push takes of one Redis, and of a Redis Cluster of one to three masters.

    /usr/bin/python3 test/bench/masters.py [--seconds N] [--rounds N]
"""

import argparse
import contextlib
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "system"))

from compare import print_table
from harness import Node
from redis_cluster import RedisCluster
from redis_server import Redis
from routers import NODES
from trial import Load, cpu_time

SESSIONS = 300
UNDER_WAY = 512


class Setup:
    """Nodes on one Redis, or on a Redis Cluster of so many masters."""

    def __init__(self, stack, masters):
        self.name = f"{masters} masters" if masters > 1 else "1 master" if masters else "one Redis"
        if masters:
            redis = RedisCluster(stack.enter_context, size=masters)
            self._servers = redis.masters
        else:
            redis = stack.enter_context(Redis()).start()
            self._servers = [redis]
        self._nodes = [stack.enter_context(Node("--threads", "1", redis=redis))
                       for _ in range(NODES)]
        self._load = stack.enter_context(Load([node.wait_ready().port for node in self._nodes]))
        self._load.open_sessions(SESSIONS)
        self.samples = []

    def measure(self, seconds):
        """Adds a sample: µs of CPU a push of the nodes, of all servers, and of the busiest."""
        self._load.prepare("http", UNDER_WAY, seconds)
        pids = [server.process_id for server in self._servers]
        before = [cpu_time(pid) for pid in pids]
        nodes = cpu_time(*(node.pid for node in self._nodes))
        count = self._load.work()["count"]
        nodes = cpu_time(*(node.pid for node in self._nodes)) - nodes
        spent = [cpu_time(pid) - begun for pid, begun in zip(pids, before)]
        self.samples.append((nodes / count, sum(spent) / count, max(spent) / count))

    def row(self):
        """Returns the medians, and how many pushes a second the busiest server would take."""
        nodes, servers, busiest = (statistics.median(x) for x in zip(*self.samples))
        return [self.name, f"{nodes:.1f}", f"{servers:.1f}", f"{busiest:.1f}",
                f"{1_000_000 / busiest:,.0f}"]


def main():
    """Measures and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        setups = [Setup(stack, masters) for masters in range(4)]
        for _ in range(options.rounds):
            for setup in setups:
                setup.measure(options.seconds)
        print_table(["µs of CPU a push", "nodes", "all servers", "the busiest server",
                     "pushes a second that it can take"], *(setup.row() for setup in setups))


if __name__ == "__main__":
    main()
