"""Links to Redis that can be cut, or made slow."""

import asyncio
import contextlib
import os
import subprocess
from pathlib import Path

from harness import Server


def run(*command, stdin=None):
    """Runs a command, which must succeed, and returns what it printed."""
    done = subprocess.run([str(word) for word in command], input=stdin, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise OSError(f"{' '.join(map(str, command))}: {done.stdout.strip()}")
    return done.stdout


class Namespace:
    """A network name space with one link, from `host` to `far`, that can be cut.
    A `with` makes and removes it."""

    CUT = """
table ip cut {{
    chain from {{ type filter hook input priority 0; ip saddr {host} tcp sport {port} drop; }}
    chain to {{ type filter hook output priority 0; ip daddr {host} tcp dport {port} drop; }}
}}
"""

    def __init__(self):
        number = os.getpid()
        self.name = f"waybill-{number}"
        self.host, self.far = (f"10.99.{number % 256}.{i}" for i in (1, 2))
        self._link = f"wb{number}"
        self.within = ["ip", "netns", "exec", self.name]

    @classmethod
    def why_not(cls):
        """Returns why this cannot be done here, None where it can."""
        try:
            with cls() as space:
                space.cut(1)
        except OSError as e:
            return str(e)
        return None

    @staticmethod
    def remove_forgotten():
        """Removes what tests left that were killed."""
        for name in run("ip", "netns", "list").split():
            owner, _, number = name.partition("-")
            if owner == "waybill" and not Path("/proc", number).exists():
                run("ip", "netns", "del", name)

    def __enter__(self):
        self.remove_forgotten()
        run("ip", "netns", "add", self.name)
        try:
            self._connect()
        except OSError:
            self.__exit__()
            raise
        return self

    def _connect(self):
        """Lays the link."""
        run("ip", "link", "add", self._link, "type", "veth", "peer", "far", "netns", self.name)
        run("ip", "address", "add", f"{self.host}/30", "dev", self._link)
        run("ip", "link", "set", self._link, "up")
        run("ip", "-n", self.name, "address", "add", f"{self.far}/30", "dev", "far")
        run("ip", "-n", self.name, "link", "set", "far", "up")
        run("ip", "-n", self.name, "link", "set", "lo", "up")

    def __exit__(self, *_):
        # With one of its ends the link goes, but only when the kernel gets to it.
        with contextlib.suppress(OSError):
            run("ip", "link", "del", self._link)
        run("ip", "netns", "del", self.name)

    def cut(self, port):
        """Drops what goes to a port of the host and what comes from it, and tells
        neither side."""
        run(*self.within, "nft", "-f", "-", stdin=self.CUT.format(host=self.host, port=port))

    def mend(self):
        """Ends what `cut` began."""
        run(*self.within, "nft", "delete", "table", "ip", "cut")


class SlowLink:
    """A way to a TCP server on which bytes arrive `delay` seconds late, or twice
    that. It ends with the event loop."""

    def __init__(self):
        self.delay = 0.0

    async def open(self, server):
        """Opens the way, and returns where it begins."""
        self._server = server
        listener = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return Server(listener.sockets[0].getsockname()[1])

    async def _accept(self, reader, writer):
        """Carries one connection, until either side ends it."""
        try:
            there = await asyncio.open_connection(self._server.host, self._server.port)
        except OSError:
            return writer.transport.abort()
        ways = [asyncio.create_task(self._carry(reader, there[1])),
                asyncio.create_task(self._carry(there[0], writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            writer.transport.abort()
            there[1].transport.abort()

    async def _carry(self, reader, writer):
        """Carries bytes one way. What comes while others wait, waits for them."""
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await asyncio.sleep(self.delay)
                writer.write(data)
