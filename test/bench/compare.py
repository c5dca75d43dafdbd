"""Prints the figures of docs/reference/performance.md: what Waybill costs beside other
routers (routers.py), measured in one run on one machine.

    /usr/bin/python3 test/bench/compare.py [--seconds N] [--rounds N]
"""

import argparse
import contextlib
import json
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "system"))

from harness import WAYBILL
from redis_server import Redis
from reference import module
from routers import KINDS, versions
from trial import Trial

MICRO = Path(WAYBILL).with_name("waybill_micro")
WAYBILL_KIND = KINDS[0]
# Those whose cost is set beside that of Waybill.
RIVALS = [kind for kind in KINDS if kind.name in ("bare", "Nchan", "centrifuge")]

# The number of sessions, of those that do nothing to measure what they take, of pushes under
# way where there are several, and of clients that come at once.
SESSIONS = 300
IDLE = 3000
UNDER_WAY = 64
AT_ONCE = 16


# -- what is measured ----------------------------------------------------------


@dataclass
class Work:
    """The work of a router.

    @param aim what Waybill is to take for it, in µs of CPU
    @param request that for waybill_load
    """

    name: str
    aim: float
    request: str
    at_once: int

    def is_done_by(self, kind):
        """Whether a kind of router has what it takes."""
        return not kind.is_missing and (self.request != "redis" or bool(kind.channel))


WORK = [
    Work("a push by HTTP, one at a time", 25, "http", 1),
    Work(f"a push by HTTP, {UNDER_WAY} under way", 25, "http", UNDER_WAY),
    Work("a push by Redis, one at a time", 9, "redis", 1),
    Work(f"a push by Redis, {UNDER_WAY} under way", 9, "redis", UNDER_WAY),
    Work("a broadcast, for each session", 9, "broadcast", 1),
    Work("an upgrade and its close", 35, "upgrade", AT_ONCE),
]
IDLE_AIM = 5000


def measure_work(redis, seconds, rounds):
    """Returns samples by the names of work and router: from several rounds, in which the
    routers take turns, after one that does not count, for what is compiled as it runs."""
    result = {(work.name, kind.name): [] for work in WORK for kind in KINDS
              if work.is_done_by(kind)}
    with contextlib.ExitStack() as stack:
        trials = {}
        for kind in KINDS:
            if kind.is_missing:
                print(f"{kind.name}: missing", file=sys.stderr)
                continue
            trials[kind.name] = stack.enter_context(
                Trial(kind.name, kind.start(stack, redis), redis))
            trials[kind.name].fill(SESSIONS, kind.channel)
        for i in range(rounds + 1):
            for work in WORK:
                for name, trial in trials.items():
                    if (work.name, name) not in result:
                        continue
                    sample = trial.measure(work.request, work.at_once, seconds)
                    print(f"round {i}, {name}: {work.name}: {sample.router:.1f} µs,"
                          f" load {sample.load:.1f} µs", file=sys.stderr)
                    if i:
                        result[work.name, name].append(sample)
    return result


def measure_memory(redis, kind):
    """Returns how many bytes a router takes for a session that does nothing."""
    with contextlib.ExitStack() as stack:
        trial = stack.enter_context(Trial(kind.name, kind.start(stack, redis), redis))
        # All that the first sessions need is there only once.
        trial.fill(SESSIONS)
        trial.settle()
        before = trial.memory()
        trial.add_sessions(IDLE)
        trial.settle()
        return (trial.memory() - before) / IDLE


def measure_steps(seconds):
    """Returns the names of the micro-benchmarks, and how many ns each takes."""
    done = subprocess.run([MICRO, f"--benchmark_min_time={min(seconds, 0.5)}",
                           "--benchmark_format=json"], check=True, stdout=subprocess.PIPE)
    return {step["name"]: step["cpu_time"] for step in json.loads(done.stdout)["benchmarks"]}


# -- what is printed -----------------------------------------------------------


def print_table(*rows):
    """Prints a table in Markdown, whose first row is its header."""
    header, *rest = rows
    for row in (header, ["---"] * len(header), *rest):
        print("|", " | ".join(row), "|")
    print()


def rounded(number):
    """Writes a figure with the digits that a run like this can vouch for."""
    return f"{number:.1f}" if number < 10 else f"{number:,.0f}"


def output_of(*command):
    """Returns what a command prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def print_machine():
    """Says what was measured, where and when."""
    model = re.search(r"^model name\s*: (.*)", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    packages = [json.loads(module(f"{name}/package.json").read_text())
                for name in ("ws", "ioredis")]
    print(f"Measured on {date.today()} with {os.cpu_count()} cores"
          f" ({model[1] if model else platform.machine()}), Linux {platform.release()};",
          "; ".join([
              output_of(WAYBILL, "version").splitlines()[0],
              *versions(),
              f"Node {output_of('node', '--version').strip().removeprefix('v')}",
              *(f"{package['name']} {package['version']}" for package in packages),
              "Redis " + re.search(r"v=(\S+)", output_of("redis-server", "--version"))[1]]) + ".\n")


class Figures:
    """The medians of what was measured, as cells of tables."""

    def __init__(self, samples):
        self._samples = samples

    def median(self, work, kind, member):
        """Returns a figure, if there is one."""
        found = self._samples.get((work.name, kind.name))
        return statistics.median(getattr(sample, member) for sample in found) if found else None

    def cell(self, work, kind, member, write=rounded):
        """Writes a figure."""
        if kind.is_missing:
            return "missing"
        figure = self.median(work, kind, member)
        return "–" if figure is None else write(figure)

    def ratio(self, work, kind):
        """Writes how many times the CPU of another router Waybill takes."""
        own = self.median(work, WAYBILL_KIND, "router")
        return self.cell(work, kind, "router", lambda figure: f"{own / figure:.2f}")

    def spread(self):
        """Returns how far the CPU of a round was off the median, at most."""
        return max(abs(sample.router / median - 1) for found in self._samples.values()
                   for median in [statistics.median(sample.router for sample in found)]
                   for sample in found)

    def load(self):
        """Returns the least and the most CPU of waybill_load, in parts of that of Waybill."""
        parts = [self.median(work, WAYBILL_KIND, "load") / self.median(work, WAYBILL_KIND, "router")
                 for work in WORK]
        return min(parts), max(parts)


def print_work(figures, memory):
    """Prints what routers cost, and how long pushes take."""
    names = [kind.name for kind in KINDS]
    print_table(["µs of CPU for", "aim", *names],
                *([work.name, rounded(work.aim),
                   *(figures.cell(work, kind, "router") for kind in KINDS)] for work in WORK))
    print_table(["CPU of Waybill, divided by that of", *(kind.name for kind in RIVALS)],
                *([work.name, *(figures.ratio(work, kind) for kind in RIVALS)] for work in WORK))
    with_redis = [kind for kind in KINDS if kind.uses_redis]
    print_table(["µs of CPU of Redis for", *(kind.name for kind in with_redis)],
                *([work.name, *(figures.cell(work, kind, "redis") for kind in with_redis)]
                  for work in WORK))
    print_table(["bytes of memory for", "aim", *names],
                ["an idle session", f"{IDLE_AIM:,}",
                 *(f"{memory[name]:,.0f}" if name in memory else "missing" for name in names)])
    print_table(["ms from push to frame", *names],
                *([f"{work.name}, {member}",
                   *(figures.cell(work, kind, member, "{:.2f}".format) for kind in KINDS)]
                  for work in WORK if work.request != "upgrade" for member in ("p50", "p99")))


def main():
    """Measures, and prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=0.7, help="for each kind of work")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is done")
    given = parser.parse_args()
    # Each session is a socket at both ends.
    _, limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    with Redis() as redis:
        redis.start()
        print_machine()
        figures = Figures(measure_work(redis, given.seconds, given.rounds))
        memory = {kind.name: measure_memory(redis, kind) for kind in KINDS
                  if not kind.is_missing}
    print_work(figures, memory)
    least, most = figures.load()
    print(f"All figures but memory are medians of {given.rounds} rounds of {given.seconds:g} s. No"
          f" CPU of a round was more than {100 * figures.spread():.0f} % off. The load generator"
          f" took {100 * least:.0f} to {100 * most:.0f} % of the CPU of the nodes of Waybill.\n")
    if MICRO.exists():
        print_table(["step", "ns"], *([name, rounded(took)] for name, took in
                                      measure_steps(given.seconds).items()))


if __name__ == "__main__":
    main()
