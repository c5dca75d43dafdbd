"""Loads a cluster with large pushes, in a process of its own.

    overload.py pour COUNT SIZE SLOW PORT...
    overload.py sip COUNT RATE PORT...

`pour` pushes bodies of SIZE bytes on COUNT connections, as fast as they are answered, to
one of SLOW ids, and when it is told to end, writes how many were answered with each status.
`sip` holds that many ids, reads RATE bytes a second of each, and leaves and comes back after
a while.
"""

import asyncio
import collections
import contextlib
import itertools
import json
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "system"))

from attackers import HANDSHAKE, connect
from clients import Http
from harness import Server

# The time between two reads of a client, and how long it stays, in seconds.
BEAT = 0.1
STAY = 3


async def pour(count, size, slow, *ports):
    """Pushes until it is cancelled, and returns how many were answered with each status."""
    answers = collections.Counter()
    body = b"x" * size
    names = itertools.cycle(range(slow))

    async def push_on(port):
        while True:
            with contextlib.suppress(OSError, EOFError, TimeoutError):
                async with Http(Server(port)) as http:
                    while True:
                        answer = await http.push(f"slow{next(names)}", body)
                        answers[answer.status] += 1
            await asyncio.sleep(BEAT)

    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*(push_on(ports[i % len(ports)]) for i in range(count)))
    return answers


async def sip(count, rate, *ports):
    """Reads slowly until it is cancelled, and returns how often it came."""
    loop = asyncio.get_running_loop()
    counts = collections.Counter()

    async def read_on(number):
        while True:
            with contextlib.suppress(OSError, TimeoutError), \
                    await connect(ports[number % len(ports)], 8192) as ws:
                await loop.sock_sendall(ws, HANDSHAKE.format(f"slow{number}").encode())
                counts["visits"] += 1
                async with asyncio.timeout(STAY):
                    while await loop.sock_recv(ws, max(1, int(rate * BEAT))):
                        await asyncio.sleep(BEAT)
            await asyncio.sleep(BEAT)

    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*map(read_on, range(count)))
    return counts


async def main(load, numbers):
    """Loads until SIGTERM, and writes what came of it."""
    task = asyncio.create_task(load(*numbers))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    print(json.dumps(await task), flush=True)


if __name__ == "__main__":
    asyncio.run(main({"pour": pour, "sip": sip}[sys.argv[1]], map(int, sys.argv[2:])))
