"""The console in a browser, used as people do."""

import asyncio
import base64
import contextlib
import json
import os
from pathlib import Path

from console_server import ConsoleServer
from harness import eventually
from reference import module

# Faults of a page without a sign of it.
WATCH = """
  self.trouble = [];
  const note = what => trouble.push(String(what));
  addEventListener("error", event => note(event.message));
  addEventListener("unhandledrejection", event => note(event.reason));
  document.addEventListener("securitypolicyviolation", event =>
    note(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
  self.alert = note;
"""

# Makes a clock run a hundred times as fast.
HURRY = """
  const now = performance.now.bind(performance), wait = setTimeout;
  performance.now = () => now() * 100;
  self.setTimeout = (call, time, ...rest) => wait(call, time / 100, ...rest);
"""

CODES = {"Tab": 9, "Enter": 13, "Escape": 27}


class ConsolePage:
    """A console that is open.

    @param server where it comes from
    """

    def __init__(self, page, server):
        self.page = page
        self.server = server

    async def start(self, script):
        """Opens the console, with a script before its own."""
        await self.page.command("Page.enable")
        await self.page.command("Page.addScriptToEvaluateOnNewDocument", source=WATCH + script)
        await self.page.command("Emulation.setScrollbarsHidden", hidden=True)
        await self.page.command("Page.navigate", url=self.server.url)
        await self._wait()

    async def _wait(self):
        """Waits until the script of the page has started all."""
        await eventually(lambda: self.page.evaluate(
            "document.readyState == 'complete' && document.querySelectorAll('.uplot').length == 6"))

    async def reload(self):
        """Opens the same address again."""
        await self.page.evaluate("document.querySelector('main').remove()")
        await self.page.command("Page.reload")
        await self._wait()

    async def text(self, selector):
        """Returns the text of an element."""
        text, = await self.page.texts(selector)
        return text

    async def rows(self, selector):
        """Returns the texts of the cells of each row of a table, or of a part of it."""
        return await self.page.evaluate(
            f"[...document.querySelectorAll({json.dumps(selector + ' tr')})]"
            ".map(row => [...row.cells].map(cell => cell.textContent))")

    async def until(self, selector, text):
        """Waits until an element has a text within its own."""
        async def has():
            return any(text in content for content in await self.page.texts(selector))

        try:
            await eventually(has, 15)
        except AssertionError:
            raise AssertionError(f"{selector}: {await self.page.texts(selector)}, not {text!r}") from None

    async def of(self, selector, member):
        """Returns what a property of an element is, or does."""
        return await self.page.evaluate(f"document.querySelector({json.dumps(selector)}).{member}")

    async def click(self, selector):
        """Clicks on an element."""
        await self.of(selector, "click()")

    async def fill(self, **texts):
        """Writes into fields, by their id with _ in place of -."""
        for name, text in texts.items():
            selector = "#" + name.replace("_", "-")
            await self.of(selector, "focus()")
            if await self.of(selector, "tagName") == "SELECT":
                await self.of(selector, f"value = {json.dumps(text)}")
                await self.of(selector, "dispatchEvent(new Event('change', { bubbles: true }))")
            else:
                await self.of(selector, "select()")
                await self.of(selector, "value = ''")
                await self.page.command("Input.insertText", text=text)

    async def press(self, key, modifiers=0):
        """Presses a key."""
        known = {"key": key, "code": key, "windowsVirtualKeyCode": CODES.get(key, 0),
                 "modifiers": modifiers}
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else None)
        if text and not modifiers:
            known["text"] = text
        await self.page.command("Input.dispatchKeyEvent", type="keyDown", **known)
        await self.page.command("Input.dispatchKeyEvent", type="keyUp", **known)

    async def focused(self):
        """Returns the id of the element that has the focus."""
        return await self.page.evaluate("document.activeElement.id || "
                                        "document.activeElement.textContent.trim()")

    async def find(self, name):
        """Looks for an id."""
        await self.fill(find_id=name)
        await self.click("#find-form button")

    async def push(self, **fields):
        """Pushes, with fields by what stands behind `push-`."""
        await self.fill(**{f"push_{name}": text for name, text in fields.items()})
        await self.click("#push-form button")

    async def connect(self, node, name, **fields):
        """Connects the test client to a node."""
        await self.fill(client_url=f"http://{node.host}:{node.port}", client_id=name,
                        **{f"client_{key}": text for key, text in fields.items()})
        await self.click("#client-open")

    async def show(self, width=1280, height=900, dark=False):
        """Changes the window."""
        await self.page.command("Emulation.setDeviceMetricsOverride", width=width, height=height,
                                deviceScaleFactor=1, mobile=width < 500)
        await self.page.command("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        # Two frames later all is drawn.
        await self.page.evaluate("new Promise(done => requestAnimationFrame("
                                 "() => requestAnimationFrame(() => done())))")

    async def shoot(self, name):
        """Writes a picture of the page into the folder WAYBILL_SCREENSHOTS, if there is one."""
        if not (folder := os.environ.get("WAYBILL_SCREENSHOTS")):
            return
        await asyncio.sleep(0.5)
        shot = await self.page.command("Page.captureScreenshot", captureBeyondViewport=True)
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / f"console-{name}.png").write_bytes(base64.b64decode(shot["data"]))

    async def barriers(self):
        """Returns what axe finds that keeps people from using the page."""
        await self.page.evaluate(module("axe-core/axe.min.js").read_text())
        return await self.page.evaluate(
            "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.map("
            "({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]))")

    async def trouble(self):
        """Returns what went wrong in the page without a sign of it."""
        return await self.page.evaluate("trouble")


@contextlib.asynccontextmanager
async def console_of(node, chromium, *, answers=None, hurry=False):
    """Opens the console of a node, for the time of an `async with`, and checks that nothing
    went wrong in it.

    @param answers see ConsoleServer
    @param hurry whether time is to go by a hundred times as fast
    """
    async with (ConsoleServer(node, answers or {}).serving() as server,
                chromium.page("about:blank") as page):
        console = ConsolePage(page, server)
        await console.start(HURRY if hurry else "")
        yield console
        assert await console.trouble() == []
