"""A node opens so many sessions a second and no more, and tells everybody when to come back."""

import asyncio
import re
import signal
import time

import websockets

from clients import get, join, joined, request
from harness import WAYBILL, Process, eventually, together
from tokens import SECRET, token

UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
           "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}


async def open_one(node):
    """Asks for a session, and returns the answer."""
    return await request(node, "GET", "/websocket/456", headers=UPGRADE)


async def test_who_is_refused_is_told_when_to_come_back(lab):
    node = lab.node("--max-upgrade-rate", "1", "--threads", "1")
    async with joined(node, "1"):
        answer = (await open_one(node)).check_failure(503)
        retry = answer.json["retry"]
        assert 0 < retry < 5 and retry <= int(answer.headers["retry-after"]) < retry + 1
        stream = await request(node, "GET", "/events/456")
        assert stream.status == 200 and re.search(rb"^retry: \d+\n\n", stream.body, re.M)
        assert b"too_many_upgrades" in stream.body
    await eventually(lambda: counted(node, 2))
    text = (await request(node, "GET", "/metrics")).body
    assert b'waybill_over_limit_total{option="max-upgrade-rate"} 2' in text


async def counted(node, refusals):
    """Tells whether a node has counted so many refusals."""
    return (await get(node, "/stats"))["over_max_upgrade_rate"] == refusals


async def test_a_token_is_not_looked_at_past_the_rate(lab, tmp_path):
    (tmp_path / "secrets").write_text(SECRET)
    node = lab.node("--max-upgrade-rate", "1", "--threads", "1", "--auth", "jwt",
                    "--jwt-key-file", tmp_path / "secrets")
    # What is refused for another reason does not count.
    for _ in range(3):
        assert (await open_one(node)).status == 401
    async with joined(node, "456", query=f"?token={token('456')}"):
        assert (await open_one(node)).json["error"] == "too_many_upgrades"


async def test_the_headroom_is_what_the_node_would_take(lab):
    node = lab.node("--max-upgrade-rate", "100", "--max-sessions", "50")
    assert (await get(node, "/stats"))["headroom"] == 50
    async with joined(node, "1", "2"):
        assert (await get(node, "/stats"))["headroom"] == 48
    away = lab.cluster("--max-upgrade-rate", "100", size=1)
    assert (await get(away.nodes[0], "/stats"))["headroom"] == 100
    away.redis.kill()
    await eventually(lambda: has_none(away.nodes[0]))
    assert b"\nwaybill_headroom 0\n" in (await request(away.nodes[0], "GET", "/metrics")).body


async def has_none(node):
    """Tells whether a node has no headroom."""
    return (await get(node, "/stats"))["headroom"] == 0


async def test_clients_of_a_node_that_stops_come_back_at_the_rate_of_the_others(lab):
    cluster = lab.cluster("--max-upgrade-rate", "20", "--threads", "1", "--drain", "0s", size=3)
    names = [f"drained{i}" for i in range(80)]
    sessions = []
    for name in names:
        sessions.append(await join(cluster.nodes[0], name))
        await asyncio.sleep(1 / 15)
    cluster.nodes[0].signal(signal.SIGTERM)
    retries = sorted(await together(map(retry_of, sessions)))
    # Two nodes take 40 of them a second.
    assert 0.1 <= retries[0] < 1.5 and 2 <= retries[-1] <= 3.1
    for second in range(3):
        assert sum(second <= x < second + 1 for x in retries) <= 50
    assert cluster.nodes[0].wait() == 0


async def retry_of(ws):
    """Waits for the end of a session, and returns the time that its reason tells."""
    try:
        while True:
            await ws.recv()
    except websockets.ConnectionClosed as end:
        assert end.rcvd.code == 1001
        return float(re.fullmatch(r"this node is stopping; retry=(\d+\.\d)", end.rcvd.reason)[1])


async def test_waybill_listen_comes_back_when_it_is_told(lab):
    node = lab.node("--max-upgrade-rate", "1", "--threads", "1")
    async with joined(node, "1"):
        begun = time.monotonic()
        listener = lab.enter_context(Process(WAYBILL, "listen", "456", "--count", "1",
                                             "--no-greeting", "--url", f"http://127.0.0.1:{node.port}"))
        listener.log.wait_for("too_many_upgrades")
        listener.out.wait_for("连接成功!")
        assert time.monotonic() - begun >= 0.5
        assert listener.wait() == 0
