"""Prints the figures of docs/reference/performance.md that compare.py does not: what
pushes to Waybill cost that are large, many in a request, have a receipt, or meet nodes of
another kind, beside plain ones in the same run.

    /usr/bin/python3 test/bench/variants.py [--seconds N] [--rounds N]
"""

import argparse
import contextlib
import resource
import statistics
import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "system"))

from compare import print_table
from harness import Node
from redis_server import Redis
from routers import NODES, Router
from trial import Trial, cpu_time

SESSIONS = 300
MANY_SESSIONS = 19_000
FEW_SESSIONS = 100


@dataclass
class Variant:
    """A way to push.

    @param aim what it is to take: µs of CPU, or how many times that of the variant `base`
    @param request that for waybill_load
    @param load options for waybill_load
    @param threads those of a node
    """

    name: str
    aim: float
    request: str = "http"
    load: list = field(default_factory=list)
    base: str = ""
    at_once: int = 64
    sessions: int = SESSIONS
    threads: int = 1


PLAIN, FEW = "a plain push by HTTP", f"a push among {FEW_SESSIONS} sessions"
TWO = "`--threads 2` a node"
VARIANTS = [
    Variant(PLAIN, 25),
    Variant("10 KB by Redis", 60, "redis", ["--size", "10000"], at_once=16),
    Variant("200 KB by HTTP", 600, "http", ["--size", "200000"], at_once=4),
    Variant("a line of a batch of 64", 12, "batch", at_once=4),
    Variant("`receipt=written`", 1.8, load=["--query", "?receipt=written"], base=PLAIN),
    Variant("`receipt=received`", 2.2, load=["--query", "?receipt=received"], base=PLAIN),
    Variant("`ttl=60`", 1.5, load=["--query", "?ttl=60"], base=PLAIN),
    Variant(FEW, 25, sessions=FEW_SESSIONS),
    Variant(f"one among {MANY_SESSIONS:,}", 1.15, sessions=MANY_SESSIONS, base=FEW),
    Variant(TWO, 1, threads=2, base=PLAIN),
]
BYSTANDER_AIM = 0.5


class Nodes:
    """Nodes of Waybill with their own Redis."""

    def __init__(self, stack, threads=1):
        self.redis = stack.enter_context(Redis())
        self.redis.start()
        self._nodes = [stack.enter_context(Node("--threads", str(threads), redis=self.redis))
                       for _ in range(NODES)]
        self._ports = [node.wait_ready().port for node in self._nodes]

    @contextlib.contextmanager
    def under(self, load, sessions, count=NODES):
        """Opens sessions on the first of the nodes."""
        # Sessions of these ids may have left pushes that they did not confirm.
        self.redis.command("FLUSHALL")
        router = Router(self._nodes[:count], self._ports[:count], load)
        with Trial("Waybill", router, self.redis) as trial:
            trial.fill(sessions, "waybill")
            yield trial

    def measure(self, variant, seconds):
        """Returns a sample of a variant."""
        with self.under(variant.load, variant.sessions) as trial:
            trial.measure(variant.request, variant.at_once, seconds / 4)
            return trial.measure(variant.request, variant.at_once, seconds)

    def measure_bystander(self, request, seconds):
        """Returns what a push costs a node that has no part in it."""
        pid = self._nodes[-1].pid
        with self.under([], SESSIONS, NODES - 1) as trial:
            trial.measure(request, 64, seconds / 4)
            before = cpu_time(pid)
            sample = trial.measure(request, 64, seconds)
            return (cpu_time(pid) - before) / (sample.rate * seconds)


def measure(seconds, rounds):
    """Returns samples of the variants by name, and the costs of bystanders by request: from
    several rounds, in which the variants take turns."""
    samples = {variant.name: [] for variant in VARIANTS}
    idle = {"http": [], "redis": []}
    with contextlib.ExitStack() as stack:
        nodes = {threads: Nodes(stack, threads) for threads in (1, 2)}
        for i in range(rounds):
            for variant in VARIANTS:
                samples[variant.name].append(nodes[variant.threads].measure(variant, seconds))
                print(f"round {i}: {variant.name}: {samples[variant.name][-1].router:.1f} µs",
                      file=sys.stderr)
            for request, costs in idle.items():
                costs.append(nodes[1].measure_bystander(request, seconds))
    return samples, idle


def ratio(samples, variant, member="router"):
    """Returns the median of how many times a figure of its base a variant has."""
    return statistics.median(
        getattr(own, member) / getattr(base, member)
        for own, base in zip(samples[variant.name], samples[variant.base], strict=True))


def print_variants(samples, idle):
    """Prints what was measured."""
    print_table(["µs of CPU of Waybill for", "aim", "measured"],
                *([variant.name, str(variant.aim), f"{cost:.1f}"] for variant in VARIANTS
                  if not variant.base for cost in
                  [statistics.median(sample.router for sample in samples[variant.name])]),
                *([f"a push by {name}, at a node that has no part in it", str(BYSTANDER_AIM),
                   f"{statistics.median(idle[request]):.2g}"]
                  for name, request in (("HTTP", "http"), ("Redis", "redis"))))
    print_table(["CPU of a push, divided by that of a plain one", "aim", "measured"],
                *([variant.name, str(variant.aim), f"{ratio(samples, variant):.2f}"]
                  for variant in VARIANTS if variant.base))


def main():
    """Measures, and prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=0.7, help="for each variant")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is done")
    given = parser.parse_args()
    # Each session is a socket at both ends.
    _, limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    samples, idle = measure(given.seconds, given.rounds)
    print_variants(samples, idle)
    two = next(variant for variant in VARIANTS if variant.name == TWO)
    print(f"With two threads a node, {ratio(samples, two, 'rate'):.2f} times the pushes a second"
          " were made, by a load generator and a Redis on the same processors.\n")


if __name__ == "__main__":
    main()
