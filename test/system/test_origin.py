"""A page of another site cannot use a visitor's browser to come in."""

import pytest
import websockets

from clients import get, join, joined, request, until_offline


async def come(node, origin):
    """Opens a WebSocket and pushes as a page of `origin` would. Returns both
    statuses."""
    try:
        async with joined(node, "456", extra_headers={"Origin": origin}):
            opened = 101
    except websockets.InvalidStatusCode as refused:
        opened = refused.status_code
    await until_offline(node, "456")
    pushed = await request(node, "POST", "/socket/456", b"x", headers={"Origin": origin})
    return opened, pushed.status


async def test_a_page_of_the_same_host_may_come(node):
    for origin in (f"http://{node.host}:{node.port}", f"https://{node.host}",
                   f"http://{node.host}:8000"):
        assert await come(node, origin) == (101, 404)


@pytest.mark.parametrize("origin", ["http://evil.example", "http://192.0.2.1",
                                    "http://localhost.evil.example", "null", "", "file://", "nonsense"])
async def test_no_other_page_may_come(node, origin):
    before = (await get(node, "/stats")).get("refused_origins", 0)
    assert await come(node, origin) == (403, 403)
    assert (await get(node, "/stats"))["refused_origins"] == before + 2


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.2", "http://[::1]:1"])
async def test_a_page_of_this_machine_may_come_under_any_of_its_names(node, origin):
    assert await come(node, origin) == (101, 404)


@pytest.mark.parametrize("origin", ["null", "file://", "weapp://wechat-game-runtime",
                                    "capacitor://localhost", "http://dev.example:3000"])
async def test_an_app_can_be_allowed(lab, origin):
    node = lab.node("--allow-origin", origin.replace(":3000", ":*"))
    assert await come(node, origin) == (101, 404)
    assert await come(node, "http://evil.example") == (403, 403)


async def test_origins_can_be_allowed(lab):
    node = lab.node("--allow-origin", "https://app.example.com",
                    "--allow-origin", "https://*.example.org")
    for origin in ("https://app.example.com", "https://a.example.org", "https://a.b.example.org"):
        assert await come(node, origin) == (101, 404)
    for origin in ("http://app.example.com", "https://example.org", "https://example.com",
                   "https://aexample.org", "https://app.example.com:444"):
        assert await come(node, origin) == (403, 403)


async def test_who_is_no_browser_sends_no_origin(node):
    await join(node, "456")


async def test_of_two_origins_both_must_be_allowed(node):
    own, evil = f"http://{node.host}:{node.port}", "http://evil.example"
    for first, second in ((own, evil), (evil, own)):
        with pytest.raises(websockets.InvalidStatusCode) as refused:
            await join(node, "456", extra_headers=[("Origin", first), ("Origin", second)])
        assert refused.value.status_code == 403
