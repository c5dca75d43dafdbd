"""Clients that harm a node, in a process of their own.

    attackers.py KIND PORT COUNT

Runs until it is killed. Each kind is a coroutine of one client, which begins anew
whenever it ends.
"""

import asyncio
import contextlib
import os
import random
import socket
import struct
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "system"))

from raw_websocket import PING, PONG, TEXT, frame

HOST = "127.0.0.1"

HANDSHAKE = ("GET /websocket/{} HTTP/1.1\r\nHost: waybill\r\nConnection: Upgrade\r\n"
             "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")

# The time between two sends of a client of a flood, in seconds, and what it sends.
BEAT = 0.05
BURST = (frame(PING, b"x" * 100) + frame(PONG, b"1") + frame(TEXT, b"", first=0)
         + frame(0, b"x" * 100)) * 10

# The number of connections that vanish each second, for a count of one.
PER_SECOND = 1


async def connect(port, receive_buffer=None):
    """Returns a socket that is connected."""
    result = socket.socket()
    result.setblocking(False)
    if receive_buffer:
        result.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    try:
        async with asyncio.timeout(5):
            await asyncio.get_running_loop().sock_connect(result, (HOST, port))
    except BaseException:
        result.close()
        raise
    return result


async def deaf(port, number):
    """Holds a session, and reads nothing of what is pushed to it."""
    loop = asyncio.get_running_loop()
    name = f"deaf{number}"
    push = f"POST /socket/{name} HTTP/1.1\r\nHost: waybill\r\nContent-Length: 30000\r\n\r\n"
    with await connect(port, 4096) as ws, await connect(port) as pusher:
        await loop.sock_sendall(ws, HANDSHAKE.format(name).encode())
        for _ in range(500):
            await loop.sock_sendall(pusher, push.encode() + b"x" * 30_000)
            if b" 404 " in await loop.sock_recv(pusher, 4096):
                await asyncio.sleep(0.2)
            await asyncio.sleep(random.uniform(0, 0.4))


async def flood(port, number):
    """Holds a session, and sends without end what costs the node the most."""
    loop = asyncio.get_running_loop()
    with await connect(port) as ws:
        await loop.sock_sendall(ws, HANDSHAKE.format(f"flood{number}").encode())
        while True:
            async with asyncio.timeout(5):
                await loop.sock_sendall(ws, BURST)
            await asyncio.sleep(BEAT)


async def vanish(port, number):
    """Connects, begins something, and is gone."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(random.uniform(0, 2 / PER_SECOND))
    with await connect(port) as one:
        handshake = HANDSHAKE.format(f"vanish{number}").encode()
        await loop.sock_sendall(one, handshake[:random.choice([0, 20, len(handshake)])])
        if random.random() < 0.5:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def hog(port, number):
    """Takes a descriptor, and holds it."""
    with await connect(port) as one:
        await asyncio.get_running_loop().sock_recv(one, 1)


KINDS = {kind.__name__: kind for kind in [deaf, flood, vanish, hog]}


async def forever(kind, port, number):
    """Is one client after the other."""
    await asyncio.sleep(random.uniform(0, 1))
    while True:
        began = time.monotonic()
        with contextlib.suppress(OSError, TimeoutError):
            await kind(port, number)
        if kind is not vanish and time.monotonic() - began < 0.5:
            await asyncio.sleep(random.uniform(0.2, 1))


async def main(kind, port, count):
    """Is so many clients at a time."""
    # They would be on other machines: here they may have what the others leave of the CPU,
    # and are preempted at once (sched(7)).
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    async with asyncio.TaskGroup() as group:
        for number in range(count):
            group.create_task(forever(KINDS[kind], port, number))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
