"""A topic has a last value: whoever joins it gets that first, then what is live."""

import asyncio

import pytest

from clients import Http, get, joined, receive, receive_many, request, until_ready
from event_source import listening
from harness import scaled

NEWS = "/topic/news"
QUERY = "?topics=news"


async def post(node, text, retain="?retain=600"):
    """Pushes to the topic, as its last value if nothing else is said."""
    return await request(node, "POST", NEWS + retain, text.encode())


async def forget(node):
    """Removes the last value."""
    assert (await post(node, "", "?retain=0")).status == 200


async def test_who_joins_gets_the_last_value_first(cluster):
    one, two, three = cluster.nodes
    answer = await post(one, "first")
    assert answer.status == 202 and answer.json["kept"]
    async with joined(two, "a", query=QUERY) as ws:
        assert await receive(ws) == "first"
        answer = await post(one, "second")
        assert answer.counts == (200, {"nodes": 1, "kept": True})
        assert (await post(one, "third", "")).counts == (200, {"nodes": 1})
        assert await receive_many(ws, 2) == ["second", "third"]
        # Later on the same node, on another one, and by the backend.
        for node in (two, three):
            async with joined(node, "b", query=QUERY) as late:
                assert await receive(late) == "second"
        async with joined(three, "c") as late:
            assert (await request(one, "PUT", "/socket/c/topics/news", b"")).status == 200
            assert await receive(late) == "second"
        await forget(three)
        async with joined(two, "d", query=QUERY) as late:
            assert (await post(one, "live", "")).status == 200
            assert await receive(late) == "live"
    assert await receive(ws) == "live"


async def test_a_value_ends_with_its_time(cluster):
    one, two, _ = cluster.nodes
    assert (await post(one, "brief", "?retain=1")).status == 202

    async def first_of_late():
        async with joined(two, "late", query=QUERY) as ws:
            assert (await post(one, "live", "")).status == 200
            return await receive(ws)

    assert await first_of_late() in ("brief", "live")
    async with asyncio.timeout(10):
        while await first_of_late() != "live":
            await asyncio.sleep(0.1)


async def test_a_late_joiner_misses_nothing_and_gets_nothing_twice(cluster):
    """With a thousand pushes a second, in turn on nodes that hold the topic or not."""
    one, two, three = cluster.nodes
    done = False
    sent = 0

    async def push_all():
        nonlocal sent
        async with Http(three) as http:
            while not done:
                sent += 1
                # A node that is behind sends nothing, and answers 503.
                while (await http.request("POST", NEWS + "?retain=600",
                                          str(sent).encode())).status == 503:
                    await asyncio.sleep(0.1)

    pushing = asyncio.create_task(push_all())
    try:
        for i in range(scaled(1000)):
            async with joined((one, two)[i % 2], "late", query=QUERY) as ws:
                got = [int(text) for text in await receive_many(ws, 3)]
                assert got == list(range(got[0], got[0] + 3)), i
                assert got[0] >= sent - 1000
    finally:
        done = True
        await pushing
        await forget(one)


async def test_a_value_that_changed_while_a_node_was_cut_off_is_delivered(lab):
    redis = lab.redis()
    one, two = lab.cluster(size=2, redis=redis).nodes
    async with joined(one, "a", query=QUERY) as ws:
        assert (await post(two, "before")).status == 200
        assert await receive(ws) == "before"
        redis.kill()
        redis.start()
        await until_ready(one, two)
        # Redis has lost it, so it is pushed again while the other node is away.
        one.freeze()
        assert (await post(two, "after", "?retain=600&wait=500ms")).status in (200, 504)
        one.thaw()
        assert await receive(ws) == "after"


async def test_values_need_no_redis(lab):
    node = lab.node()
    assert (await post(node, "kept")).status == 202
    async with joined(node, "a", query=QUERY) as ws:
        assert await receive(ws) == "kept"
        await forget(node)
    async with joined(node, "a", query=QUERY) as ws:
        assert (await post(node, "live", "")).status == 200
        assert await receive(ws) == "live"


@pytest.mark.parametrize("path", ["/socket/a?retain=1", "/broadcast?retain=1", NEWS + "?retain=x"])
async def test_only_topics_have_a_last_value(lab, path):
    (await request(lab.node(), "POST", path, b"x")).check_failure(400)


async def test_an_event_stream_gets_the_last_value(lab):
    node = lab.node()
    assert (await post(node, "kept")).status == 202
    async with listening(node, "a", QUERY) as stream:
        assert (await stream.next()).data == "kept"
    assert (await get(node, NEWS))["topic"] == "news"
