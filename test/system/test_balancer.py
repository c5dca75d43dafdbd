"""Clients that were not written here, through HAProxy, without a change."""

import aiohttp
import pytest
import websockets

from clients import GREETING, assert_reachable, get, joined, push, receive, request
from harness import eventually


@pytest.fixture
def balanced(lab):
    """Three nodes and the balancer in front of them."""
    cluster = lab.cluster()
    return cluster, lab.balancer(cluster.nodes)


async def test_the_library_websockets_works(balanced):
    cluster, balancer = balanced
    async with joined(balancer, "456", "456", "456") as sessions:
        # Round robin has put one on each node.
        answer = await assert_reachable(balancer, "456", *sessions)
        assert answer.json["nodes"] == 3


async def test_the_library_aiohttp_works(balanced):
    cluster, balancer = balanced
    base = f"http://127.0.0.1:{balancer.port}"
    async with aiohttp.ClientSession(base) as http, http.ws_connect("/websocket/456") as ws:
        assert await ws.receive_str() == GREETING
        for _ in range(3):
            async with http.post("/socket/456", data="aaaa") as answer:
                assert answer.status == 200
                assert (await answer.json())["nodes"] == 1
            assert await ws.receive_str() == "aaaa"
        async with http.post("/socket/456", data=b"\xff\x00") as answer:
            assert answer.status == 200
        assert await ws.receive_bytes() == b"\xff\x00"
        async with http.get("/socket/456") as answer:
            assert (await answer.json())["online"] is True


async def test_clients_of_a_killed_node_come_back_through_the_balancer(balanced):
    cluster, balancer = balanced
    one, two, three = cluster.nodes
    async with joined(two, "456") as ws:
        await assert_reachable(one, "456", ws)
        two.kill()
        with pytest.raises(websockets.ConnectionClosed):
            await receive(ws)

    async def is_gone():
        return (await push(one, "456", "aaaa")).status == 404

    await eventually(is_gone, timeout=2)
    async with joined(balancer, "456") as ws:
        await assert_reachable(balancer, "456", ws)
        assert (await get(three, "/socket/456"))["nodes"] == 1


async def test_the_balancer_sends_nobody_to_a_node_without_redis(balanced):
    cluster, balancer = balanced
    cluster.redis.kill()

    async def is_known():
        return (await request(balancer, "GET", "/livez")).status == 503

    await eventually(is_known)
    cluster.redis.start()

    async def is_back():
        return (await request(balancer, "GET", "/livez")).status == 200

    await eventually(is_back)
    async with joined(balancer, "456") as ws:
        await assert_reachable(balancer, "456", ws)
