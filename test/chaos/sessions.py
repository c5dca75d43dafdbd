"""Sessions that cost their test little, so that there can be thousands of them.

    sessions.py NAME COUNT PORT...

Holds so many on nodes, in a process of its own, as one may open only so many files.
Writes `standing` when all have been greeted, then a line for each that ends. Runs until it
is killed.
"""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "system"))

from attackers import HANDSHAKE, HOST
from raw_websocket import CLOSE, PING, PONG, TEXT, frame

# The number of sessions that connect at the same time.
CONNECTORS = 32


class Session(asyncio.Protocol):
    """A session that reads what comes, and answers pings."""

    def __init__(self, name, arrived=lambda *_: None, ended=lambda *_: None):
        self._name, self._arrived, self._ended = name, arrived, ended
        self._data = bytearray()
        self.greeted = asyncio.get_running_loop().create_future()
        self.is_open = True
        # The close code, once there was a close frame.
        self._code = None

    def connection_made(self, transport):
        self._transport = transport
        transport.write(HANDSHAKE.format(self._name).encode())

    def connection_lost(self, _):
        self.is_open = False
        if not self.greeted.done():
            self.greeted.set_exception(ConnectionError("no greeting"))
        self._ended(self._name, self._code)

    def data_received(self, data):
        self._data += data
        if not self.greeted.done() and self._data.startswith(b"HTTP"):
            head, end, rest = bytes(self._data).partition(b"\r\n\r\n")
            if not end:
                return
            self._data = bytearray(rest)
        while len(self._data) >= 2 and len(self._data) >= 2 + self._data[1]:
            size = self._data[1]
            self._on_frame(self._data[0] & 15, bytes(self._data[2:2 + size]))
            del self._data[:2 + size]

    def _on_frame(self, opcode, payload):
        """Takes a frame, of which all here are short."""
        if opcode == PING:
            self._transport.write(frame(PONG, payload))
        elif opcode == CLOSE:
            self._code = int.from_bytes(payload[:2], "big")
            self._transport.close()
        elif opcode == TEXT and not self.greeted.done():
            self.greeted.set_result(None)
        elif opcode == TEXT:
            self._arrived(self._name, payload.decode())

    def close(self):
        """Ends the session."""
        self._transport.abort()


def note_end(name, code):
    """Writes that a session has ended."""
    print("ended", name, code, flush=True)


async def main(name, count, ports):
    """Holds so many sessions."""
    loop = asyncio.get_running_loop()
    gate = asyncio.Semaphore(CONNECTORS)

    async def connect(number):
        async with gate:
            _, session = await loop.create_connection(
                lambda: Session(f"{name}{number}", ended=note_end),
                HOST, ports[number % len(ports)])
            await session.greeted

    await asyncio.gather(*map(connect, range(count)))
    print("standing", flush=True)
    await loop.create_future()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), [int(port) for port in sys.argv[3:]]))
