"""A client that has been greeted can be pushed to, from every node and at once."""

import random

import pytest

from clients import join, push, receive
from harness import scaled, together

ROUNDS = scaled(1_000)
WORKERS = 4


@pytest.mark.parametrize("leaves_politely", [True, False])
@pytest.mark.parametrize("names", [100_000, 1], ids=["new ids", "one id again and again"])
async def test_a_push_that_starts_after_the_greeting_arrives(cluster, names, leaves_politely):
    async def play(worker):
        for i in range(ROUNDS // WORKERS + 1):
            name = f"{worker}-{i % names}-{leaves_politely}"
            here, there = random.sample(cluster.nodes, 2)
            ws = await join(here, name)
            answer = await push(there, name, f"round {i}")
            assert answer.status == 200, answer
            assert answer.json["nodes"] >= 1
            assert await receive(ws) == f"round {i}"
            if leaves_politely:
                await ws.close()
            else:
                ws.transport.abort()

    await together(map(play, range(WORKERS)))
    print(f"{WORKERS * (ROUNDS // WORKERS + 1)} rounds, none missed")
