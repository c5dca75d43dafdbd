"""Many sessions and many pushes: every push arrives once, and in order."""

import asyncio
import collections
import random
import time

from clients import Http, join_all
from harness import scaled, together

SESSIONS = scaled(5_000)
PUSHES = scaled(50_000)
PUSHERS = 9
LAST = "this was the last"


async def push_some(number, nodes, names, count):
    """Pushes numbered texts to random names, one after the other on one
    connection. Returns by name what was pushed, in order."""
    pushed = collections.defaultdict(list)
    chance = random.Random(number)
    async with Http(nodes[number % len(nodes)]) as http:
        for i in range(count):
            name, text = chance.choice(names), f"{number}:{i}"
            answer = await http.push(name, text)
            assert (answer.status, answer.json["nodes"]) == (200, 1), answer
            pushed[name].append(text)
    return pushed


async def read_all(ws):
    """Returns by pusher what a session got, in order, until the last message."""
    got = collections.defaultdict(list)
    async for text in ws:
        if text == LAST:
            break
        got[text.split(":")[0]].append(text)
    return got


async def test_every_push_arrives_once_and_in_order(cluster):
    names = [f"user{i}" for i in range(SESSIONS)]
    began = time.monotonic()
    sessions = await join_all(cluster.nodes, names)
    joined = time.monotonic()
    readers = [asyncio.create_task(read_all(ws)) for ws in sessions]
    pushed = await together(push_some(i, cluster.nodes, names, PUSHES // PUSHERS + 1)
                            for i in range(PUSHERS))
    ended = time.monotonic()
    async with Http(cluster.nodes[0]) as http:
        for name in names:
            assert (await http.push(name, LAST)).status == 200
    received = [await reader for reader in readers]

    sent = sum(len(texts) for part in pushed for texts in part.values())
    arrived = sum(len(texts) for part in received for texts in part.values())
    print(f"{SESSIONS} sessions in {joined - began:.1f} s, {sent} pushes in "
          f"{ended - joined:.1f} s, {arrived} arrived")
    for name, got in zip(names, received):
        assert got == {str(i): part[name] for i, part in enumerate(pushed) if name in part}
    assert arrived == sent >= PUSHES
    await together(ws.close() for ws in sessions)
