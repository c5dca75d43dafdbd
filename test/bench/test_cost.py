"""Counts the calls that a push takes: unlike time, their number hardly differs
between machines."""

import mmap
import tempfile
from pathlib import Path

import pytest

from harness import WAYBILL, Node
from memory import IS_MEASURED
from redis_server import Redis
from trial import Load

LIBRARY = Path(WAYBILL).with_name("libcall_counter.so")

# The counters of call_counter.cpp, in their order.
NAMES = ["allocations", "sends", "receives", "waits"]

pytestmark = pytest.mark.skipif(not IS_MEASURED, reason="a sanitizer allocates in its own way")


@pytest.fixture
def counters():
    """The file with the counters, and a view of it."""
    with tempfile.NamedTemporaryFile() as file:
        file.truncate(8 * len(NAMES))
        with mmap.mmap(file.fileno(), 0) as memory:
            yield file.name, memory


@pytest.fixture
def load(counters, request):
    """Sessions of a node whose calls are counted, and the query of pushes to it."""
    with (Redis() as redis,
          Node("--threads", "1", redis=redis.start(),
               env={"LD_PRELOAD": str(LIBRARY), "CALL_COUNTER": counters[0]}) as node,
          Load([node.wait_ready().port], ["--redis", str(redis.port), "--channel", "waybill",
                                          "--query", request.param]) as load):
        load.open_sessions(16)
        yield load


def read(counters):
    return memoryview(bytes(counters[1])).cast("Q").tolist()


@pytest.mark.parametrize("load, work, most", [
    ("", "http", {"allocations": 38, "sends": 2.5, "receives": 2.5}),
    ("", "redis", {"allocations": 7.5, "sends": 1.5, "receives": 0.5}),
    # A frame and its ping are one send.
    ("?ttl=60", "http", {"allocations": 68, "sends": 2.8, "receives": 4.6}),
    ("?receipt=received", "http", {"allocations": 84, "sends": 2.8, "receives": 4.6}),
], indirect=["load"])
def test_a_push_takes_few_calls(load, counters, work, most):
    load.prepare(work, at_once=16, seconds=0.3)
    load.work()
    load.prepare(work, at_once=16, seconds=1)
    before = read(counters)
    count = load.work()["count"]
    calls = {name: (end - begin) / count
             for name, begin, end in zip(NAMES, before, read(counters))}
    print(calls)
    assert all(calls[name] <= number for name, number in most.items()), calls
