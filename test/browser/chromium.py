"""A headless Chromium, driven by its DevTools protocol."""

import contextlib
import itertools
import json
import signal
import tempfile

import websockets

from harness import TIMEOUT, Process


class Page:
    """A page that is open. See https://chromedevtools.github.io/devtools-protocol."""

    def __init__(self, devtools):
        self._devtools = devtools
        self._numbers = itertools.count(1)
        self._session = {}

    async def command(self, method, **params):
        """Sends a command and returns its result."""
        number = next(self._numbers)
        await self._devtools.send(json.dumps(
            {"id": number, "method": method, "params": params, **self._session}))
        while (message := json.loads(await self._devtools.recv())).get("id") != number:
            pass
        assert "error" not in message, message
        return message["result"]

    async def open(self, url):
        """Opens a page, and attaches to it."""
        target = (await self.command("Target.createTarget", url=url))["targetId"]
        attached = await self.command("Target.attachToTarget", targetId=target, flatten=True)
        self._session = {"sessionId": attached["sessionId"]}

    async def close(self):
        """Closes the page as its user would."""
        await self.command("Page.close")

    async def evaluate(self, script):
        """Returns the value of an expression in the page, or what its promise brings."""
        answer = await self.command("Runtime.evaluate", expression=script, returnByValue=True,
                                    awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def texts(self, selector):
        """Returns the texts of all elements that match a selector."""
        return await self.evaluate(
            f"[...document.querySelectorAll({json.dumps(selector)})].map(x => x.textContent)")


class Chromium(Process):
    """A browser with a new profile, which can reach this machine alone."""

    def __init__(self):
        self._profile = tempfile.TemporaryDirectory(prefix="waybill-", ignore_cleanup_errors=True)
        super().__init__(
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
            "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--disable-dev-shm-usage", "--remote-debugging-port=0",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            f"--user-data-dir={self._profile.name}", "about:blank")

    @contextlib.asynccontextmanager
    async def page(self, url):
        """Opens a page, for the time of an `async with`."""
        devtools = self.log.wait_for(r"DevTools listening on (ws://\S+)")[1]
        async with websockets.connect(devtools, max_size=None) as connection:
            page = Page(connection)
            await page.open(url)
            yield page
            await page.close()

    def stop(self):
        """Ends the browser, whose exit code tells nothing."""
        self.signal(signal.SIGTERM)
        self.wait(TIMEOUT)
        self._profile.cleanup()
