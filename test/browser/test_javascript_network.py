"""app/js/waybill.js in networks that WebSockets have trouble with."""

import subprocess

import pytest

from clients import get, push, request
from harness import eventually
from middlebox import Middlebox
from test_javascript import HERE, OPEN, base_of, follow, site
from transcripts import READY, in_page

MAILBOX = "waybill:mail:{id:456}"

# Fixtures, which pytest looks for in this module.
__all__ = ["follow", "site"]


async def joins(node, *names):
    """Returns how many sessions were opened, by what brought them."""
    stats = await get(node, "/stats")
    return [stats[f"{name}_joins"] for name in names]


def test_the_client_does_its_part_whatever_the_network_does():
    done = subprocess.run(["node", "--test", HERE / "client.test.mjs"], check=False,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


async def test_a_page_without_websockets_misses_nothing_kept(lab, chromium, site):
    cluster = lab.cluster("--events-lifetime", "2s", size=2)
    one, two = cluster.nodes
    texts = [f"message {i}" for i in range(100)]
    with Middlebox(one) as box:
        box.takes_upgrades = False
        async with in_page(chromium, site, [box.url], "456", topics=["news"]) as client:
            await client.until("end: 1006 for now", "connecting", "waiting",
                               "end: 1006 for now", "connecting", *OPEN)
            assert await client.page.evaluate("waybill.send('x')") is False
            assert (await request(two, "POST", "/topic/news", b"to a topic")).status == 200
            assert (await push(two, "456", b"\x00\xff")).status == 200
            await client.until("message: to a topic", "message: bytes 0,255")
            for text in texts:
                assert (await push(two, "456", text, "?ttl=600")).json["kept"]
            await client.until("message: message 99")
            # It confirms by coming back.
            await eventually(lambda: cluster.redis.command("XLEN", MAILBOX) == 0)
            assert await client.messages() == ["to a topic", "bytes 0,255", *texts]
            assert (await joins(one, "first", "reconnect")) == [0, 0]
            assert (await joins(one, "fallback"))[0] >= 2
            box.takes_upgrades = True
            await client.until("end: 1001 for now", "connecting", *OPEN)

            async def has_a_websocket():
                return await client.page.evaluate("waybill.send('x')")

            await eventually(has_a_websocket)
            assert (await joins(one, "first", "reconnect")) == [0, 1]


async def test_a_page_that_is_kicked_from_its_event_stream_stays_away(lab, chromium, site):
    node = lab.node()
    with Middlebox(node) as box:
        box.takes_upgrades = False
        async with in_page(chromium, site, [box.url], "456") as client:
            await client.until(*OPEN)
            assert (await request(node, "DELETE", "/socket/456")).status == 200
            await client.until("closed", "end: 4500 for good (closed by an administrator)")
            # The first stream is left for one more WebSocket.
            assert (await get(node, "/stats"))["joins"] == 2


async def test_a_client_notices_that_its_node_is_silent(lab, follow):
    node = lab.node("--heartbeat", "ping=pong")
    async with follow(base_of(node), "456", heartbeat=500) as client:
        await client.until(*OPEN)
        assert (await push(node, "456", "pong")).status == 200
        await client.until("message: pong")
        node.freeze()
        await client.until("waiting", "end: 0 for now (no heartbeat)")
        node.thaw()
        await client.until(*OPEN)


async def test_a_kept_push_that_comes_again_is_told_once(lab, follow):
    cluster = lab.cluster(size=2)
    one, two = cluster.nodes
    with Middlebox(one) as box:
        async with follow([box.url], "456") as client:
            await client.until(*OPEN)
            box.passes_input = False
            assert (await push(two, "456", "once", "?ttl=600")).json["kept"]
            await client.until("message: once")
            assert cluster.redis.command("XLEN", MAILBOX) == 1
            box.cut()
            await client.until("end: 1006 for now")
            box.passes_input = True
            box.mend()
            await client.until(*OPEN)
            await eventually(lambda: cluster.redis.command("XLEN", MAILBOX) == 0)
            assert (await push(two, "456", "live")).status == 200
            await client.until("message: live")
            assert await client.messages() == ["once", "live"]


@pytest.mark.parametrize("origin", ["site", "node"])
async def test_a_page_imports_the_client_from_a_node(lab, chromium, site, origin):
    node = lab.node()
    page_url = site.url if origin == "site" else f"{base_of(node)[0]}/console"
    async with chromium.page(page_url) as page:
        await eventually(lambda: page.evaluate(READY))
        assert await page.evaluate(
            f"import('{base_of(node)[0]}/console/waybill.js').then(x => x.Waybill.name)"
        ) == "Waybill"
