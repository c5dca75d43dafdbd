"""What a push costs in calls that can be counted: unlike time, their number hardly differs
between machines."""

import asyncio
import itertools
import mmap
import tempfile
from pathlib import Path

import pytest

from harness import WAYBILL, Node, together
from load import Pusher, Pushes, Session, by_http, by_redis
from memory import IS_MEASURED
from redis_server import Redis

LIBRARY = Path(WAYBILL).with_name("libcall_counter.so")

# The counters of call_counter.cpp, in their order.
NAMES = ["allocations", "sends", "receives", "waits"]
IDS = [str(i) for i in range(16)]
PUSHES = 200

pytestmark = pytest.mark.skipif(not IS_MEASURED, reason="a sanitizer allocates in its own way")


@pytest.fixture
def redis():
    with Redis() as redis:
        yield redis.start()


@pytest.fixture
def counters():
    """The file with the counters, and a view of it."""
    with tempfile.NamedTemporaryFile() as file:
        file.truncate(8 * len(NAMES))
        with mmap.mmap(file.fileno(), 0) as memory:
            yield file.name, memory


def read(counters):
    return memoryview(bytes(counters[1])).cast("Q").tolist()


@pytest.fixture
def node(redis, counters):
    """A node whose calls are counted."""
    with Node("--threads", "1", redis=redis,
              env={"LD_PRELOAD": str(LIBRARY), "CALL_COUNTER": counters[0]}) as node:
        yield node.wait_ready()


def calls_of_a_push(node, counters, port, make_pusher):
    """Returns the number of calls that a push to one session takes, by their names, while
    there is one in flight for each id."""
    async def run():
        pushes = Pushes()
        clients = [await Session.open(node.port, name, pushes) for name in IDS]
        pushers = [await Pusher.open(port, pushes, *make_pusher(name)) for name in IDS]

        async def push(count):
            async def push_each(pusher):
                for _ in range(count):
                    await pusher.push(1)
            await together(map(push_each, pushers))

        await push(10)
        before = read(counters)
        await push(PUSHES)
        after = read(counters)
        for client in clients + pushers:
            client.close()
        return {name: (end - begin) / PUSHES / len(IDS)
                for name, begin, end in zip(NAMES, before, after)}

    return asyncio.run(run())


def check(calls, most):
    print(calls)
    assert all(calls[name] <= number for name, number in most.items()), calls


def test_a_push_by_http(node, counters):
    check(calls_of_a_push(node, counters, node.port,
                          lambda name: by_http(itertools.repeat(f"/socket/{name}"))),
          {"allocations": 35, "sends": 2.5, "receives": 2.5, "waits": 0.5})


def test_a_push_by_redis(node, counters, redis):
    check(calls_of_a_push(node, counters, redis.port,
                          lambda name: by_redis("waybill", itertools.repeat(name))),
          {"allocations": 20, "sends": 1.5, "receives": 0.5, "waits": 0.5})
