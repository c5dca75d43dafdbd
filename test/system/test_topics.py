"""Sessions join topics, and everyone hears a broadcast."""

import contextlib
import time
from urllib.parse import quote

import pytest
import websockets

from clients import (Http, confirm, join, join_all, joined, receive, receive_many, request,
                     until_ready)
from harness import eventually, scaled, together
from redis_cluster import needs_one_redis

LEVELS = ["routed", "written", "received"]


async def post(server, target, text="x", query=""):
    """Pushes a text to a topic or to everyone."""
    return await request(server, "POST", target + query, text.encode())


def topic(name):
    """Returns the target of pushes to a topic."""
    return f"/topic/{quote(name, safe='')}"


def topics(*names):
    """Returns the query of a client that joins topics."""
    return "?topics=" + ",".join(quote(name, safe="") for name in names)


def expected(level, nodes, sessions):
    """Returns the counts of a push that came to all sessions at once."""
    reached = ["sessions", "written", "received"][:(0, 2, 3)[LEVELS.index(level)]]
    return 200, {"nodes": nodes, **dict.fromkeys(reached, sessions)}


async def test_a_push_to_a_topic_reaches_who_joined_it_and_nobody_else(cluster):
    one, two, three = cluster.nodes
    async with joined(one, "a", query=topics("news", "sport")) as a, \
            joined(one, "b", query=topics("news")) as b, \
            joined(two, "c", query=topics("news")) as c, \
            joined(two, "d", query=topics("sport")) as d, joined(three, "news") as e:
        for level in LEVELS:
            for node in cluster.nodes:
                answer = await post(node, topic("news"), f"news {level}", f"?receipt={level}")
                assert answer.counts == expected(level, 2, 3)
                for ws in [a, b, c]:
                    assert await receive(ws) == f"news {level}"
                answer = await post(node, topic("sport"), f"sport {level}", f"?receipt={level}")
                assert answer.counts == expected(level, 2, 2)
                for ws in [a, d]:
                    assert await receive(ws) == f"sport {level}"
        for name, ws in zip("abcd", [a, b, c, d]):
            await confirm(three, name, ws)
        # An id is no topic, and a topic no id.
        await confirm(one, "news", e)
        (await post(one, topic("a"))).check_failure(404)


async def test_a_broadcast_reaches_everyone_once(lab):
    cluster = lab.cluster()
    (await post(cluster.nodes[0], "/broadcast")).check_failure(404)
    async with contextlib.AsyncExitStack() as stack:
        sessions = []
        for i, node in enumerate([*cluster.nodes, cluster.nodes[0]]):
            query = topics("x", "y") if i % 2 else ""
            sessions.append(await stack.enter_async_context(joined(node, f"{i}", query=query)))
        for level in LEVELS:
            for node in cluster.nodes:
                answer = await post(node, "/broadcast", level, f"?receipt={level}")
                assert answer.counts == expected(level, 3, 4)
        for i, ws in enumerate(sessions):
            assert await receive_many(ws, 9) == [level for level in LEVELS for _ in range(3)]
            await confirm(cluster.nodes[0], f"{i}", ws)


async def test_topics_and_broadcasts_need_no_redis(lab):
    node = lab.node()
    (await post(node, "/broadcast")).check_failure(404)
    async with joined(node, "a", query=topics("news")) as a, joined(node, "b") as b:
        (await post(node, topic("sport"))).check_failure(404)
        for level in LEVELS:
            query = f"?receipt={level}"
            assert (await post(node, topic("news"), "n", query)).counts == expected(level, 1, 1)
            assert (await post(node, "/broadcast", "b", query)).counts == expected(level, 1, 2)
        assert await receive_many(a, 6) == ["n", "b"] * 3
        assert await receive_many(b, 3) == ["b"] * 3


@pytest.mark.parametrize("name", [
    "连接", "🚚", "a b", "a+b", "%41", "?a=1#b", "x" * 256, "a:b*[c]", "a&b=c", "..", '"',
])
async def test_a_topic_has_any_name_that_an_id_may_have(cluster, name):
    one, _, three = cluster.nodes
    async with joined(one, "namer", query=topics("other", name)) as ws:
        answer = await post(three, topic(name), "x", "?receipt=received")
        assert answer.counts == expected("received", 1, 1)
        assert await receive(ws) == "x"
        await confirm(three, "namer", ws)


@pytest.mark.parametrize("name", ["%00", "%1F", "%7F", "%C2%80", "a%2Fb", "%FF", "x" * 257])
async def test_what_is_no_name_is_no_topic(cluster, name):
    (await post(cluster.nodes[0], f"/topic/{name}")).check_failure(400)
    for names in [name, f"good,{name}", f"{name},good"]:
        with pytest.raises(websockets.InvalidStatusCode) as refusal:
            await join(cluster.nodes[0], "a", query=f"?topics={names}")
        assert refusal.value.status_code == 400


@pytest.mark.parametrize("names", ["twice,twice", "twice,once,twice", "twice,%74wice"])
async def test_a_topic_joined_twice_is_joined_once(cluster, names):
    one, _, three = cluster.nodes
    async with joined(one, "a", query=f"?topics={names}") as ws:
        answer = await post(three, topic("twice"), "x", "?receipt=received")
        assert answer.counts == expected("received", 1, 1)
        assert await receive(ws) == "x"
        await confirm(three, "a", ws)


async def test_a_node_listens_to_a_topic_as_long_as_a_session_does(cluster):
    one, two, three = cluster.nodes

    def listeners():
        return cluster.redis.holders("topic:a")

    async with joined(one, "x", "y", query=topics("a")), joined(two, "z", query=topics("a")) as z:
        assert listeners() == 2
        await z.close()
        await eventually(lambda: listeners() == 1)
        assert (await post(three, topic("a"), "x", "?receipt=received")).counts \
            == expected("received", 1, 2)
    await eventually(lambda: listeners() == 0)
    (await post(three, topic("a"))).check_failure(404)


# In a Redis Cluster the addresses have different masters.
@needs_one_redis
async def test_pushes_of_one_connection_arrive_in_order_whatever_they_are_for(cluster):
    one, _, three = cluster.nodes
    targets = ["/socket/mixed", topic("mixed"), "/broadcast"]
    async with joined(one, "mixed", query=topics("mixed")) as ws, Http(three) as http:
        for i in range(300):
            answer = await http.request("POST", targets[i % 3], str(i).encode())
            assert answer.counts == (200, {"nodes": 1})
        assert await receive_many(ws, 300) == [str(i) for i in range(300)]


async def test_topics_are_heard_again_after_redis_was_away(lab):
    cluster = lab.cluster(size=2)
    async with joined(cluster.nodes[0], "a", query=topics("news", "sport")) as ws:
        cluster.redis.kill()
        cluster.redis.start()
        await until_ready(*cluster.nodes)
        for target in [topic("news"), topic("sport"), "/broadcast"]:
            answer = await post(cluster.nodes[1], target, target, "?receipt=received")
            assert answer.counts == expected("received", 1, 1)
            assert await receive(ws) == target


async def test_a_broadcast_is_received_by_thousands(lab):
    cluster = lab.cluster()
    count = scaled(5000)
    sessions = await join_all(cluster.nodes, [f"user{i}" for i in range(count)])
    for level in LEVELS:
        began = time.monotonic()
        answer = await post(cluster.nodes[0], "/broadcast", level, f"?receipt={level}&wait=30s")
        took = time.monotonic() - began
        assert answer.counts == expected(level, 3, count)
        print(f"a broadcast to {count} sessions: {level} in {took:.3f} s")
    for ws in sessions:
        assert await receive_many(ws, 3) == LEVELS
    await together(ws.close() for ws in sessions)
