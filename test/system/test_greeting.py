"""A client that has been greeted can be pushed to, from every node and at once."""

import random
import socket
import struct
import time

import pytest

from clients import join, push, receive
from harness import scaled, together
from raw_websocket import RawWebSocket

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


def count_packets(connection):
    """Returns how many packets with data a connection has got."""
    # tcpi_data_segs_in of tcp_info, see linux/tcp.h.
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 160)
    return struct.unpack_from("I", info, 152)[0]


def test_the_greeting_comes_in_the_packet_of_the_response(cluster):
    def open_session():
        with RawWebSocket(cluster.nodes[0], "packets") as ws:
            ws.read_handshake()
            assert ws.read_messages(1) == ["连接成功!"]
            return count_packets(ws.socket)

    # If Redis takes longer than the kernel waits, the response comes alone.
    assert any(open_session() == 1 for _ in range(10))


def test_the_response_does_not_wait_for_redis(cluster):
    cluster.redis.freeze()
    with RawWebSocket(cluster.nodes[0], "frozen") as ws:
        assert b" 101 " in ws.read_handshake()[0]
        cluster.redis.thaw()
        assert ws.read_messages(1) == ["连接成功!"]


def test_without_a_greeting_the_response_waits_for_nothing(lab):
    node = lab.node("--greeting", "")

    def open_session():
        begin = time.monotonic()
        with RawWebSocket(node, "silent") as ws:
            assert b" 101 " in ws.read_handshake()[0]
            return time.monotonic() - begin

    # The kernel would wait for 0.2 s each time.
    assert min(open_session() for _ in range(10)) < 0.1
