"""A push costs nodes that hold no session of its address nothing at all."""

import asyncio
import time

import pytest

from clients import Http, joined, receive_many
from harness import eventually, together

PUSHES = 1000


class IdleNode:
    """A node whose Redis stands behind a proxy, to count what Redis sends it."""

    def __init__(self, lab, redis, name):
        self._proxy = lab.proxy(redis)
        self.node = lab.new_node("--node", name, redis=self._proxy.url)
        self._channel = f"waybill:node:{name}"
        self._redis = redis
        self._spy = None

    async def next_canary(self):
        """Waits for the message that the node sends to itself each second, and
        returns how many bytes Redis sends the node for it."""
        _, channel, message = await asyncio.to_thread(self._spy.read)
        words = [b"message", channel, message]
        delivery = b"*3\r\n" + b"".join(b"$%d\r\n%b\r\n" % (len(x), x) for x in words)
        return len(delivery) + len(b":2\r\n")

    async def settle(self):
        """Waits until the node has got all that Redis has for it, and returns how
        many bytes those were: the next come with the next canary."""
        # One that has heard no canary yet, as nobody has read them meanwhile.
        self._spy = self._redis.connect()
        self._spy.command("SUBSCRIBE", self._channel)
        while True:
            before = self._proxy.passed
            size = await self.next_canary()
            await eventually(lambda: self._proxy.passed >= before + size)
            if self._proxy.passed == before + size:
                return before + size

    async def watch(self, before, is_over):
        """Returns what Redis sent, but for canaries, until one that came when
        `is_over` was set; and how many canaries those were."""
        sizes = []
        was_over = False
        while not was_over:
            was_over = is_over.is_set()
            sizes.append(await self.next_canary())
        await eventually(lambda: self._proxy.passed >= before + sum(sizes))
        return self._proxy.passed - before - sum(sizes), len(sizes)


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
    for node in [*busy, *(each.node for each in idle)]:
        node.wait_ready()
    async with joined(busy[0], "456") as ws:
        for level in ["routed", "received"]:
            before = await together(each.settle() for each in idle)
            is_over = asyncio.Event()
            watching = [asyncio.create_task(each.watch(start, is_over))
                        for each, start in zip(idle, before)]
            took = await push_many(busy[-1], level)
            is_over.set()
            assert await receive_many(ws, PUSHES) == [str(i) for i in range(PUSHES)]
            found = await asyncio.gather(*watching)
            print(f"{size} nodes, {PUSHES} pushes {level} in {took:.2f} s: "
                  f"{[extra for extra, _ in found]} bytes to {len(idle)} idle nodes, besides "
                  f"{[count for _, count in found]} canaries")
            assert [extra for extra, _ in found] == [0] * len(idle)


async def test_the_measure_sees_a_push_that_does_come(lab):
    redis = lab.redis()
    node = IdleNode(lab, redis, "idle")
    node.node.wait_ready()
    async with joined(node.node, "456"):
        before = await node.settle()
        is_over = asyncio.Event()
        watching = asyncio.create_task(node.watch(before, is_over))
        await push_many(node.node, "routed")
        is_over.set()
        extra, _ = await watching
        print(f"{extra / PUSHES} bytes a push to the node that holds its session")
        assert extra > PUSHES * len("waybill:id:456")
