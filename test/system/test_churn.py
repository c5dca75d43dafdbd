"""Clients come and go at random; presence and counts stay right."""

import collections
import random

import pytest
import websockets

from clients import Http, get, join, leave
from harness import eventually, scaled, together
from raw_websocket import RawWebSocket

CONNECTS = scaled(10_000)
WORKERS = 32
NAMES = [f"name{i}" for i in range(100)]


async def come_and_go(nodes, seed, count):
    """Connects `count` times, and closes about as often. Returns what is still
    connected, as pairs of a session and its place."""
    chance = random.Random(seed)
    standing = []
    while count > 0:
        place = chance.choice(nodes), chance.choice(NAMES)
        if standing and chance.random() < 0.5:
            ws, _ = standing.pop(chance.randrange(len(standing)))
            await leave(ws, chance.choice(["close", "drop", "reset"]))
            continue
        count -= 1
        if chance.random() < 0.1:
            # Gone before it could have been greeted.
            RawWebSocket(*place).reset()
            continue
        try:
            standing.append((await join(*place, ping_interval=None), place))
        except websockets.ConnectionClosed as e:
            # Another came to the same place before the greeting.
            assert e.code == 4501
    return standing


@pytest.mark.parametrize("policy", ["all", "newest-per-node", "newest"])
async def test_presence_and_counts_are_right(lab, policy):
    cluster = lab.cluster("--same-id", policy)
    parts = await together(come_and_go(cluster.nodes, seed, CONNECTS // WORKERS + 1)
                           for seed in range(WORKERS))
    standing = [session for part in parts for session in part]

    async def count():
        """Returns sessions and addresses of each node as it counts them."""
        stats = [await get(node, "/stats") for node in cluster.nodes]
        return [(figures["sessions"], figures["addresses"]) for figures in stats]

    def holders():
        """Returns on which nodes each name is connected, as the clients know it."""
        held = collections.defaultdict(list)
        for ws, (node, name) in standing:
            if ws.open:
                held[name].append(node)
        return held

    def expected():
        """Returns what `count` should."""
        held = holders()
        return [(sum(nodes.count(node) for nodes in held.values()),
                 sum(node in nodes for nodes in held.values())) for node in cluster.nodes]

    async def is_settled():
        return await count() == expected()

    await eventually(is_settled)
    print(f"{CONNECTS} connects, then sessions and addresses: {await count()}")
    held = holders()
    if policy == "newest-per-node":
        assert all(len(nodes) == len(set(nodes)) for nodes in held.values())
    if policy == "newest":
        assert all(len(nodes) == 1 for nodes in held.values())
    present = {name: len(set(held[name])) for name in NAMES}
    await eventually(lambda: cluster.redis.subscribers(*NAMES) == present)
    async with Http(random.choice(cluster.nodes)) as http:
        for name, nodes in present.items():
            answer = await http.request("GET", f"/socket/{name}")
            assert answer.json == {"id": name, "online": nodes > 0, "nodes": nodes}
            assert (await http.push(name, "aaaa")).status == (200 if nodes else 404)

    await together(leave(ws, "close") for ws, _ in standing)
    await eventually(is_settled)
    assert await count() == [(0, 0)] * 3
    await eventually(lambda: not any(cluster.redis.subscribers(*NAMES).values()))
