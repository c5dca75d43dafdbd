"""A browser needs nothing but its own WebSocket."""

import functools

from clients import GREETING, keep, push
from harness import eventually
from page_server import page_server

# All that an application has to write.
PAGE = """<!doctype html><meta charset="utf-8"><ol></ol>
<script>
const ws = new WebSocket(`ws://127.0.0.1:${location.hash.slice(1)}/websocket/browser`);
ws.onmessage = message => document.querySelector("ol").append(
  Object.assign(document.createElement("li"), {textContent: message.data}));
</script>
"""


async def shows(page, *texts):
    """Waits until a page shows texts, and checks that it shows nothing else."""
    await eventually(functools.partial(has_as_many, page, len(texts)))
    assert await page.texts("li") == [*texts]


async def has_as_many(page, count):
    """Tells whether a page shows so many texts, or more."""
    return len(await page.texts("li")) >= count


async def test_a_page_of_five_lines_misses_nothing_while_it_is_closed(lab, browser):
    cluster = lab.cluster()
    one, two, three = cluster.nodes
    texts = [f"message {i} 连接 <b>&amp;" for i in range(100)]
    with page_server({"/": lambda: PAGE}) as url:
        async with browser.page(f"{url}/#{one.port}") as page:
            await shows(page, GREETING)
            # The browser itself says that it has read this.
            answer = await push(three, "browser", "live", "?receipt=received&wait=30s")
            assert answer.counts == (200, {"nodes": 1, "sessions": 1, "written": 1, "received": 1})
            await shows(page, GREETING, "live")

        await keep(three, "browser", *texts)
        assert cluster.redis.command("XLEN", "waybill:mail:{id:browser}") == 100

        async with browser.page(f"{url}/#{two.port}") as page:
            await shows(page, GREETING, *texts)
            await eventually(lambda: cluster.redis.command("XLEN", "waybill:mail:{id:browser}") == 0)
            assert (await push(one, "browser", "live", "?receipt=received")).status == 200
            await shows(page, GREETING, *texts, "live")
        async with browser.page(f"{url}/#{three.port}") as page:
            await shows(page, GREETING)
            assert (await push(one, "browser", "last", "?receipt=received")).status == 200
            await shows(page, GREETING, "last")
