"""Prints the figures of docs/reference/performance.md: what Waybill costs beside a router
as many build it first (router.mjs), measured in one run on one machine.

    /usr/bin/python3 test/bench/compare.py [--seconds N] [--rounds N]
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "system"))

from harness import WAYBILL
from redis_server import Redis
from reference import module
from trial import AT_ONCE, NAMES, Trial, start_node_router, start_waybill

MICRO = Path(WAYBILL).with_name("waybill_micro")
STARTERS = [start_waybill, start_node_router]

# The number of sessions that do nothing, to measure what they take.
IDLE = 3000


# -- what is measured ----------------------------------------------------------


@dataclass
class Work:
    """The work of a router.

    @param aim what Waybill is to take for it, in µs of CPU
    """

    name: str
    aim: float
    do: Callable


WORK = [
    Work("a push by HTTP, one at a time", 25, lambda trial: trial.push_by_http(1)),
    Work(f"a push by HTTP, {AT_ONCE} at once", 25, lambda trial: trial.push_by_http(AT_ONCE)),
    Work("a push by Redis, one at a time", 9, lambda trial: trial.push_by_redis(1)),
    Work(f"a push by Redis, {AT_ONCE} at once", 9, lambda trial: trial.push_by_redis(AT_ONCE)),
    Work("a broadcast, for each session", 9, Trial.broadcast),
    Work("an upgrade", 35, Trial.upgrade),
]
IDLE_AIM = 5000


async def measure_work(redis, seconds, rounds):
    """Returns samples by the names of work and router: from several rounds, in which the
    routers take turns, after one that does not count, for what is compiled as it runs."""
    result = {(work.name, start): [] for work in WORK for start in STARTERS}
    async with contextlib.AsyncExitStack() as stack:
        trials = {start: await stack.enter_async_context(Trial(start(stack, redis), redis))
                  for start in STARTERS}
        for trial in trials.values():
            await trial.fill(NAMES)
        for i in range(rounds + 1):
            for work, (start, trial) in itertools.product(WORK, trials.items()):
                trial.seconds = seconds
                sample = await work.do(trial)
                print(f"round {i}, {trial.router.name}: {work.name}: {sample.router:.1f} µs",
                      file=sys.stderr)
                if i:
                    result[work.name, start].append(sample)
    return result


async def measure_memory(redis, start):
    """Returns how many bytes a router takes for a session that does nothing."""
    async with contextlib.AsyncExitStack() as stack:
        trial = await stack.enter_async_context(Trial(start(stack, redis), redis))
        sizes = []
        # All that the first sessions need is there only once.
        for count in (len(NAMES), IDLE):
            await trial.fill([f"{count}-{i}" for i in range(count)])
            await trial.settle()
            sizes.append(trial.memory())
        return (sizes[1] - sizes[0]) / IDLE


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
          f"{output_of(WAYBILL, 'version').splitlines()[0]}; Node",
          output_of("node", "--version").strip().removeprefix("v"), "with",
          " and ".join(f"{package['name']} {package['version']}" for package in packages)
          + "; Redis",
          re.search(r"v=(\S+)", output_of("redis-server", "--version"))[1] + ".\n")


def print_work(samples, memory):
    """Prints what routers cost, and how long pushes take."""
    costs = {key: statistics.median(sample.router for sample in found)
             for key, found in samples.items()}
    beside = {key: statistics.median(sample.redis for sample in found)
              for key, found in samples.items()}
    print_table(
        ["µs of CPU for", "aim", "Waybill", "Node router", "Redis, Waybill",
         "Redis, Node router"],
        *([work.name, rounded(work.aim), *(rounded(figures[work.name, start])
                                           for figures in (costs, beside) for start in STARTERS)]
          for work in WORK))
    print_table(["bytes of memory for", "aim", "Waybill", "Node router"],
                ["an idle session", f"{IDLE_AIM:,}", *(f"{size:,.0f}" for size in memory)])
    rows = []
    for work in WORK:
        times = [[1000 * latency for sample in samples[work.name, start]
                  for latency in sample.latencies]
                 for start in STARTERS]
        if all(times):
            cuts = [statistics.quantiles(latencies, n=100) for latencies in times]
            rows.append([work.name, *(f"{cut[i]:.2f}" for cut in cuts for i in (49, 98))])
    print_table(["ms from push to frame", "Waybill p50", "p99", "Node router p50", "p99"], *rows)
    spread = max(abs(sample.router / costs[key] - 1) for key, found in samples.items()
                 for sample in found)
    print(f"CPU: the median of {len(samples[WORK[0].name, STARTERS[0]])} rounds, of which none",
          f"was more than {100 * spread:.0f} % off.\n")


def main():
    """Measures, and prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=3, help="for each kind of work")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is done")
    given = parser.parse_args()
    # Each session is a socket at both ends.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with Redis() as redis:
        redis.start()
        print_machine()
        samples = asyncio.run(measure_work(redis, given.seconds, given.rounds))
        memory = [asyncio.run(measure_memory(redis, start)) for start in STARTERS]
    print_work(samples, memory)
    if MICRO.exists():
        print_table(["step", "ns"], *([name, rounded(took)] for name, took in
                                      measure_steps(given.seconds).items()))


if __name__ == "__main__":
    main()
