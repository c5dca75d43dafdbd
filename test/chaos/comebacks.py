"""Clients that come back when the nodes tell them, and at once where nobody tells them.

    comebacks.py NAME COUNT PORT...

Holds so many sessions, in a process of its own, as one may open only so many files. Writes
`open N` five times a second. Ends with a line of JSON after SIGTERM.
"""

import asyncio
import collections
import json
import random
import re
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "system"))

from attackers import HANDSHAKE, HOST
from raw_websocket import CLOSE, PING, PONG, TEXT, frame

now = time.monotonic

# Clients that connect for the first time do so at this rate, a second and process.
FIRST_RATE = 1000


class Client(asyncio.Protocol):
    """A client from its handshake to its end.

    @ivar opened whether it got a session, when that is known
    @ivar ended the seconds after which it shall come back; None if nobody said so
    """

    def __init__(self, name):
        self._name = name
        self._data = b""
        self._retry = None
        loop = asyncio.get_running_loop()
        self.opened, self.ended = loop.create_future(), loop.create_future()

    def connection_made(self, transport):
        self._transport = transport
        transport.write(HANDSHAKE.format(self._name).encode())

    def connection_lost(self, _):
        if not self.opened.done():
            self._on_answer()
        self.ended.set_result(self._retry)

    def _on_answer(self):
        """Takes the answer to the handshake, of which a refusal ends the connection."""
        if not self._data.startswith(b"HTTP/1.1 101"):
            if found := re.search(rb'"retry":([\d.]+)', self._data):
                self._retry = float(found[1])
            self.opened.set_result(False)

    def data_received(self, data):
        self._data += data
        if self._data.startswith(b"HTTP/1.1 101"):
            _, end, rest = self._data.partition(b"\r\n\r\n")
            if not end:
                return
            self._data = rest
        elif self._data.startswith(b"HTTP"):
            return
        while len(self._data) >= 2 and len(self._data) >= 2 + self._data[1]:
            size = self._data[1]
            self._on_frame(self._data[0] & 15, self._data[2:2 + size])
            self._data = self._data[2 + size:]

    def _on_frame(self, opcode, payload):
        """Takes a frame, of which all here are short."""
        if opcode == PING:
            self._transport.write(frame(PONG, payload))
        elif opcode == TEXT and not self.opened.done():
            self.opened.set_result(True)
        elif opcode == CLOSE:
            if found := re.search(rb"retry=([\d.]+)$", payload):
                self._retry = float(found[1])
            self._transport.close()


class Crowd:
    """Clients that always want a session."""

    def __init__(self, ports):
        self._ports = ports
        self.open = 0
        self.counts = collections.Counter()
        # How long each was without a session, in seconds.
        self._absences = []

    async def hold(self, name, port, pause):
        """Holds a session of one client, whatever happens to it."""
        left = None
        while True:
            await asyncio.sleep(pause)
            pause, ended = await self._visit(name, port, left)
            left = ended or left
            port = random.choice(self._ports)

    async def _visit(self, name, port, left):
        """Connects once. Returns the seconds until the next time, and when the session ended,
        if there was one."""
        loop = asyncio.get_running_loop()
        try:
            _, client = await loop.create_connection(lambda: Client(name), HOST, port)
        except OSError:
            # A balancer would have chosen another node.
            self.counts["unreachable"] += 1
            return random.uniform(0, 0.2), None
        if not await client.opened:
            self.counts["refused"] += 1
            retry = await client.ended
            return random.uniform(0, 0.2) if retry is None else retry, None
        self.open += 1
        self.counts["opened"] += 1
        if left:
            self._absences.append(now() - left)
        retry = await client.ended
        self.open -= 1
        self.counts["told" if retry else "cut off"] += 1
        return random.uniform(0, 1) if retry is None else retry, now()

    def summary(self):
        """Returns what the clients went through."""
        return dict(self.counts) | {"absences": sorted(round(x, 2) for x in self._absences)}


async def main(name, count, ports):
    """Holds sessions until SIGTERM."""
    crowd = Crowd(ports)
    tasks = [asyncio.create_task(crowd.hold(f"{name}{i}", ports[i % len(ports)], i / FIRST_RATE))
             for i in range(count)]
    end = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end.set)
    while not end.is_set():
        print("open", crowd.open, flush=True)
        await asyncio.sleep(0.2)
    print(json.dumps(crowd.summary()), flush=True)
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), [int(port) for port in sys.argv[3:]]))
