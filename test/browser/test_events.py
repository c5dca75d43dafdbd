"""A browser needs nothing but its own EventSource, and never sees a status but 200."""

import asyncio
import re
import signal

from clients import get, keep, push, request, until_offline, until_ready, until_unready
from documents import blocks
from harness import ROOT, eventually
from page_server import page_server
from test_browser import shows
from tokens import SECRET, token

# The guide's page.
SCRIPTS = [block.text for block in blocks(ROOT / "docs/guide/events.md", "js")]


def page_of(script):
    """Returns a page with a script of the guide, whose node has the port behind #."""
    script = re.sub('["`]/events/(.*?)["`]', r"`${node}/events/\1`", script)
    return f"""<!doctype html><meta charset="utf-8"><ol></ol>
<script>
const node = `http://127.0.0.1:${{location.hash.slice(1)}}`;
const show = text => document.querySelector("ol").append(
  Object.assign(document.createElement("li"), {{textContent: text}}));
{script}
</script>
"""


PAGE = page_of(SCRIPTS[0])

# The answer of a balancer without a node, as the guide to proxies has it, for this page.
AWAY = """http-request return status 200 content-type text/event-stream \
hdr Access-Control-Allow-Origin * string "retry: 500\\n\\n" if { nbsrv(nodes) eq 0 }"""


async def has_title(page, title):
    """Waits until a page has a title."""
    async def has_it():
        return await page.evaluate("document.title") == title

    await eventually(has_it)


def kept(redis):
    """Returns the number of entries in all mailboxes."""
    return sum(redis.command("XLEN", key) for key in redis.command("KEYS", "*:mail:*"))


async def test_a_page_of_five_lines_misses_nothing_while_it_is_closed(lab, browser):
    cluster = lab.cluster("--events-lifetime", "2s")
    one, two, three = cluster.nodes
    texts = [f"message {i} 连接 <b>&amp;" for i in range(100)]
    with page_server({"/": lambda: PAGE}) as url:
        async with browser.page(f"{url}/#{one.port}") as page:
            await has_title(page, "online")
            for path in ("/socket/456", "/topic/news"):
                assert (await request(three, "POST", path, b"live")).status == 200
            assert (await push(three, "456", b"\xff")).status == 200
            await shows(page, "live", "live", "ÿ")
        await keep(three, "456", *texts)
        assert kept(cluster.redis) == 100
        async with browser.page(f"{url}/#{two.port}") as page:
            await shows(page, *texts)
            await eventually(lambda: kept(cluster.redis) == 0)
            await shows(page, *texts)


async def test_a_page_outlives_nodes_and_redis(lab, browser):
    redis = lab.redis()
    nodes = lab.cluster("--events-lifetime", "3s", "--drain", "1s", redis=redis).nodes
    balancer = lab.balancer(nodes, rules=AWAY)
    shown = []

    async def check(page, text):
        """Checks that a kept push is shown, once, after those before it."""
        shown.append(text)

        async def is_accepted():
            return (await push(nodes[2], "456", text, "?ttl=600")).status in (200, 202)

        await eventually(is_accepted)
        await shows(page, *shown)

    with page_server({"/": lambda: PAGE}) as url:
        async with browser.page(f"{url}/#{balancer.port}") as page:
            await check(page, "1")
            nodes[0].kill()
            await check(page, "node killed")
            nodes[1].signal(signal.SIGTERM)
            assert await asyncio.to_thread(nodes[1].wait) == 0
            await check(page, "node drained")
            redis.kill()
            await until_unready(nodes[2])
            await has_title(page, "away")
            redis.start()
            await until_ready(nodes[2])
            await check(page, "Redis away")
            assert await page.evaluate("events.readyState") < 2


async def test_a_kicked_page_stays_away(lab, browser):
    node = lab.node()
    with page_server({"/": lambda: PAGE}) as url:
        async with browser.page(f"{url}/#{node.port}") as page:
            await has_title(page, "online")
            assert (await request(node, "DELETE", "/socket/456")).status == 200
            await has_title(page, "closed")
            await until_offline(node, "456")
            assert (await get(node, "/stats"))["joins"] == 1
            assert await page.texts("li") == []


async def test_a_page_gets_new_tokens(lab, browser, tmp_path):
    (tmp_path / "secrets").write_text(SECRET)
    node = lab.node("--auth", "jwt", "--jwt-key-file", tmp_path / "secrets")
    # Clocks may differ by 30 s, so this one is valid for two.
    pages = {"/": lambda: page_of(SCRIPTS[1] + "listen();"),
             "/token": lambda: token("456", lifetime=-28)}
    with page_server(pages) as url:
        async with browser.page(f"{url}/#{node.port}") as page:
            assert (await push(node, "456", "1", "?ttl=60")).status in (200, 202)
            await shows(page, "1")
            await until_offline(node, "456")
            await keep(node, "456", "2")
            await shows(page, "1", "2")
