"""The backend adds the sessions of an id to topics, and removes them."""

from urllib.parse import quote

import pytest

from clients import get, joined, receive, request, until_offline, until_ready
from harness import eventually, scaled
from redis_cluster import needs_one_redis

NEWS = "/topic/news"


def target(client, topic="news", query=""):
    """Returns the path of a topic of an id."""
    return f"/socket/{quote(client)}/topics/{quote(topic)}{query}"


async def change(node, method, client, topic="news", query=""):
    """Adds the sessions of an id to a topic (PUT) or removes them (DELETE)."""
    return await request(node, method, target(client, topic, query), b"")


async def post(node, text, where=NEWS):
    """Pushes to a topic, and returns the number of nodes that hold it."""
    answer = await request(node, "POST", where, text.encode())
    return answer.json["nodes"]


async def test_sessions_on_all_nodes_join_and_leave(cluster):
    one, two, three = cluster.nodes
    async with joined(one, "a") as first, joined(two, "a") as second, joined(two, "b") as other:
        assert (await change(three, "PUT", "a")).counts == (200, {"nodes": 2, "sessions": 2})
        assert await post(three, "x") == 2
        assert [await receive(ws) for ws in (first, second)] == ["x", "x"]
        assert (await change(one, "DELETE", "a")).counts == (200, {"nodes": 2, "sessions": 2})
        (await request(three, "POST", NEWS, b"y")).check_failure(404)
        assert await post(three, "z", "/broadcast") == 2
        assert [await receive(ws) for ws in (first, second, other)] == ["z"] * 3


async def test_a_topic_is_heard_before_it_is_answered(cluster):
    one, two, three = cluster.nodes
    rounds = scaled(1000)
    async with joined(one, "a") as first, joined(two, "a") as second:
        for i in range(rounds):
            name = f"round{i}"
            asked, pushing = (cluster.nodes[(i + shift) % 3] for shift in (0, 1))
            answer = await change(asked, "PUT", "a", name)
            assert answer.counts == (200, {"nodes": 2, "sessions": 2})
            assert await post(pushing, name, f"/topic/{name}") == 2
            assert [await receive(ws) for ws in (first, second)] == [name] * 2
            assert (await change(pushing, "DELETE", "a", name)).status == 200


async def test_later_sessions_join_as_long_as_a_topic_is_kept(cluster):
    one, two, three = cluster.nodes
    answer = await change(one, "PUT", "later", query="?ttl=600")
    assert answer.counts == (200, {"nodes": 0, "sessions": 0})
    async with joined(two, "later") as ws:
        assert await post(three, "x") == 1
        assert await receive(ws) == "x"
        # So does the next session on the same node.
        async with joined(two, "later", query="?topics=sport") as second:
            assert await post(three, "y") == 1
            assert [await receive(x) for x in (ws, second)] == ["y", "y"]
        assert (await change(one, "DELETE", "later")).counts == (200, {"nodes": 1, "sessions": 1})
    await until_offline(one, "later")
    async with joined(three, "later"):
        (await request(one, "POST", NEWS, b"z")).check_failure(404)


@needs_one_redis
async def test_redis_keeps_topics_for_their_time(lab):
    redis = lab.redis()
    node = lab.node(redis=redis)

    async def hears(topic):
        async with joined(node, "a"):
            return (await request(node, "POST", f"/topic/{topic}", b"x")).status == 200

    assert (await change(node, "PUT", "a", query="?ttl=60")).status == 200
    assert (await change(node, "PUT", "a", "sport", "?ttl=600")).status == 200
    assert 60_000 < redis.command("PTTL", "waybill:topics:{id:a}") <= 600_000
    assert await hears("news") and await hears("sport")
    # The last ttl of a topic counts.
    assert (await change(node, "PUT", "a", "sport", "?ttl=1")).status == 200

    async def has_passed():
        await until_offline(node, "a")
        return not await hears("sport")

    await eventually(has_passed)
    assert await hears("news")


@needs_one_redis
async def test_a_topic_that_was_kept_while_a_node_was_cut_off_is_joined(lab):
    cluster = lab.cluster(size=2)
    one, two = cluster.nodes
    async with joined(one, "a") as ws:
        cluster.redis.kill()
        (await change(two, "PUT", "a", query="?ttl=600")).check_failure(503)
        cluster.redis.start()
        for node in cluster.nodes:
            await until_ready(node)
        assert (await change(two, "PUT", "a", query="?ttl=600")).status == 200
        assert await post(two, "x") == 1
        assert await receive(ws) == "x"


async def test_topics_need_no_redis(lab):
    node = lab.node()
    (await change(node, "PUT", "a")).check_failure(404)
    assert (await change(node, "PUT", "a", query="?ttl=60")).status == 200
    async with joined(node, "a") as ws:
        assert await post(node, "x") == 1
        assert await receive(ws) == "x"


async def test_presence_of_a_topic(cluster):
    one, two, three = cluster.nodes
    assert await get(three, NEWS) == {"topic": "news", "online": False, "nodes": 0}
    async with joined(one, "a", query="?topics=news"), joined(one, "b", query="?topics=news"), \
            joined(two, "c", query="?topics=news"):
        assert await get(three, NEWS) == {"topic": "news", "online": True, "nodes": 2}
        found = await get(three, NEWS + "?detail=1")
        assert sorted(x.pop("sessions") for x in found["sessions"]) == [1, 2]
        assert {x["node"] for x in found["sessions"]} == {"node1", "node2"}
        assert (found["online"], found["nodes"], found["unknown"]) == (True, 2, 0)


@pytest.mark.parametrize("path", ["/socket/a/topics/%00", "/socket/%00/topics/a",
                                  "/socket/a/topics/a?ttl=x", "/socket/a/topics/a?x=1"])
async def test_a_change_that_makes_no_sense_is_refused(lab, path):
    node = lab.node()
    (await request(node, "PUT", path, b"")).check_failure(400)
