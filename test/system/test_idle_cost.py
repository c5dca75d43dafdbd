"""A push costs nodes that hold no session of its address nothing at all."""

import asyncio
import time

import pytest

from clients import Http, joined, receive_many
from harness import together

PUSHES = 1000

# Fewer bytes a push are none at all: the shortest message has ten times as many.
LEAST = 4


class IdleNode:
    """A node whose Redis stands behind a proxy, to count what Redis sends it."""

    def __init__(self, lab, redis, name):
        self._proxy = lab.proxy(redis)
        self.node = lab.new_node("--node", name, redis=self._proxy.url)
        self._channel = f"waybill:{{node:{name}}}"
        self._redis = redis
        self._spy = None

    async def next_canary(self):
        """Waits for the message that the node sends to itself twice a second."""
        await asyncio.to_thread(self._spy.read)

    async def watch(self, has_begun, is_over):
        """Returns how many bytes Redis sends the node a canary, from when it sets
        `has_begun` until `is_over` is set, and how many canaries those were."""
        self._spy = self._redis.connect()
        self._spy.command("SUBSCRIBE", self._channel)
        await self.next_canary()
        before, count = self._proxy.passed, 0
        has_begun.set()
        while count < 6 or not is_over.is_set():
            await self.next_canary()
            count += 1
        return (self._proxy.passed - before) / count, count


async def push_many(node, level):
    """Pushes on one connection and returns how long it took."""
    began = time.monotonic()
    async with Http(node) as http:
        for i in range(PUSHES):
            answer = await http.push("456", str(i), f"?receipt={level}")
            assert (answer.status, answer.json["nodes"]) == (200, 1)
    return time.monotonic() - began


@pytest.mark.parametrize("size", [2, 4, 8])
async def test_pushes_send_nothing_to_idle_nodes(lab, size):
    redis = lab.redis()
    busy = [lab.new_node("--node", f"busy{i}", redis=redis) for i in range(1 if size == 2 else 2)]
    idle = [IdleNode(lab, redis, f"idle{i}") for i in range(size - len(busy))]
    for node in [*busy, *(watcher.node for watcher in idle)]:
        node.wait_ready()
    async with joined(busy[0], "456") as ws:
        calm = asyncio.Event()
        calm.set()
        usual = await together(watcher.watch(calm, calm) for watcher in idle)
        for level in ["routed", "received"]:
            begins, is_over = [asyncio.Event() for _ in idle], asyncio.Event()
            watching = [asyncio.create_task(watcher.watch(begin, is_over))
                        for watcher, begin in zip(idle, begins)]
            await together(begin.wait() for begin in begins)
            took = await push_many(busy[-1], level)
            is_over.set()
            assert await receive_many(ws, PUSHES) == [str(i) for i in range(PUSHES)]
            found = await asyncio.gather(*watching)
            extra = [(rate - calm_rate) * count / PUSHES
                     for (rate, count), (calm_rate, _) in zip(found, usual)]
            print(f"{size} nodes, {PUSHES} pushes {level} in {took:.2f} s: "
                  f"{[round(cost, 2) for cost in extra]} bytes a push to {len(idle)} idle nodes")
            # A message more or less of those that nodes send themselves is no push.
            assert all(cost < LEAST for cost in extra)


async def test_the_measure_sees_a_push_that_does_come(lab):
    redis = lab.redis()
    node = IdleNode(lab, redis, "idle")
    node.node.wait_ready()
    async with joined(node.node, "456"):
        has_begun, is_over = asyncio.Event(), asyncio.Event()
        watching = asyncio.create_task(node.watch(has_begun, is_over))
        await has_begun.wait()
        await push_many(node.node, "routed")
        is_over.set()
        rate, count = await watching
        print(f"{rate * count / PUSHES} bytes a push to the node that holds its session")
        assert rate * count / PUSHES > len("waybill:{id:456}")
