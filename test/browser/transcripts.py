"""Clients made of app/js/waybill.js, in pages and in Node."""

import contextlib
import json

from harness import ROOT, Process, eventually

HERE = ROOT / "test/browser"
# Whether a page is there, and no other one will take its place.
READY = "location.protocol == 'http:' && document.readyState == 'complete'"


class Transcript:
    """The view of a user of the client, as transcript.mjs tells it."""

    _read = 0

    async def until(self, *beginnings):
        """Waits until lines that begin so come one after the other, behind those that
        were waited for before."""
        async def have_come():
            lines = await self.lines()
            for end in range(self._read + len(beginnings), len(lines) + 1):
                if all(map(str.startswith, lines[end - len(beginnings):end], beginnings)):
                    self._read = end
                    return True
            return False

        try:
            await eventually(have_come)
        except AssertionError:
            raise AssertionError(f"{beginnings} do not come: {await self.lines()}") from None

    async def messages(self):
        """Returns the texts of all messages."""
        return [line.removeprefix("message: ") for line in await self.lines()
                if line.startswith("message: ")]


class InNode(Process, Transcript):
    """A client in Node, with the package ws or Node's own WebSocket."""

    def __init__(self, sort, base, name, options):
        own = ["--experimental-websocket"] if sort == "own" else []
        super().__init__("node", *own, HERE / "follow.mjs", sort, json.dumps(base), name,
                         json.dumps(options))

    async def lines(self):
        """Returns all lines so far."""
        return self.out.all()

    def check_end(self):
        """Checks that nothing keeps Node running."""
        assert self.wait() == 0


class InPage(Transcript):
    """A client in a page of a browser."""

    def __init__(self, page):
        self.page = page

    async def start(self, base, name, options):
        """Starts the client, once the page is there."""
        await eventually(lambda: self.page.evaluate(READY))
        arguments = ", ".join(map(json.dumps, (base, name, options)))
        await self.page.evaluate(
            "import('/test/browser/transcript.mjs').then(({ follow }) => {"
            f"  self.lines = []; self.waybill = follow(line => lines.push(line), {arguments}); }})")

    async def lines(self):
        """Returns all lines so far."""
        return await self.page.evaluate("lines")

    def check_end(self):
        """Checks nothing: a page stays."""

    async def set_offline(self, offline):
        """Takes the network from the browser, or gives it back."""
        await self.page.command("Network.emulateNetworkConditions", offline=offline, latency=0,
                                downloadThroughput=-1, uploadThroughput=-1)


@contextlib.asynccontextmanager
async def in_page(chromium, site, base, name, **options):
    """Opens a client in a page, for the time of an `async with`."""
    async with chromium.page(site.url) as page:
        client = InPage(page)
        await client.start(base, name, options)
        yield client


@contextlib.asynccontextmanager
async def in_node(sort, base, name, **options):
    """Starts a client in Node, for the time of an `async with`."""
    with InNode(sort, base, name, options) as client:
        yield client
