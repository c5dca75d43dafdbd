"""The rules of --same-id about a second session of an id."""

import asyncio
import contextlib

import pytest
import websockets

from clients import (assert_reachable, close_of, confirm, get, join, joined, push, receive_many,
                     silent, until_ready, until_unready)
from harness import eventually, together
from raw_websocket import RawWebSocket


async def test_by_default_both_sessions_of_an_id_stay(cluster):
    one, two, three = cluster.nodes
    async with joined(one, "456", "456", "456") as here, joined(two, "456") as there:
        answer = await assert_reachable(three, "456", *here, there)
        assert answer.json["nodes"] == 2


@pytest.fixture(scope="module")
def newest(shared_lab):
    """Nodes on which a newer session of an id replaces the older."""
    return shared_lab.cluster("--same-id", "newest-per-node", size=2)


async def test_a_newer_session_replaces_the_older_on_its_node(newest):
    one, two = newest.nodes
    async with joined(one, "456") as first, joined(two, "456") as elsewhere:
        async with joined(one, "456") as second:
            assert await close_of(first) == 4501
            assert "newer" in first.close_reason
            await assert_reachable(two, "456", second, elsewhere)
            assert (await get(one, "/socket/456"))["nodes"] == 2
            await assert_reachable(one, "456", second, elsewhere)


async def test_the_end_of_a_replaced_session_leaves_its_successor_reachable(newest):
    one, two = newest.nodes

    async def is_alone():
        return (await get(one, "/stats"))["sessions"] == 1

    with RawWebSocket(one, "late") as first:
        first.read_handshake()
        first.read_frame()
        async with joined(one, "late") as second:
            # The first does not answer the close frame: it ends when it likes.
            assert first.read_close() == 4501
            await assert_reachable(two, "late", second)
            first.reset()
            await eventually(is_alone)
            assert (await get(one, "/stats"))["addresses"] == 1
            await assert_reachable(two, "late", second)
            assert newest.redis.subscribers("late") == {"late": 1}

    async def is_unknown():
        return (await push(two, "late", "aaaa")).status == 404

    await eventually(is_unknown)


async def test_of_many_sessions_only_the_newest_stays(newest):
    one, two = newest.nodes
    async with joined(one, *["many"] * 20) as sessions:
        codes = [await close_of(ws) for ws in sessions[:-1]]
        assert codes == [4501] * 19
        assert (await assert_reachable(two, "many", sessions[-1])).json["nodes"] == 1


@pytest.fixture(scope="module")
def only(shared_lab):
    """Nodes in all of which an id has one session, the newest."""
    return shared_lab.cluster("--same-id", "newest")


async def assert_only(nodes, name, ws):
    """Checks that a session is the only one of its id that is left, and that a
    push from any node reaches it, once."""
    async def is_alone():
        return (await get(nodes[0], f"/socket/{name}"))["nodes"] == 1

    await eventually(is_alone)
    for node in nodes:
        assert (await confirm(node, name, ws)).json["sessions"] == 1


async def test_the_newest_session_of_the_cluster_replaces_the_one_before(only):
    ws = await join(only.nodes[0], "456")
    # On other nodes, and on the same.
    for i in [1, 2, 0, 0, 2, 1, 1, 0]:
        async with joined(only.nodes[i], "other") as other:
            newer = await join(only.nodes[i], "456")
            assert await close_of(ws) == 4501
            assert "newer" in ws.close_reason
            ws = newer
            await assert_only(only.nodes, "456", ws)
            await confirm(only.nodes[2], "other", other)
    await ws.close()


async def test_so_it_does_on_a_node_without_redis(lab):
    node = lab.node("--same-id", "newest")
    async with joined(node, *["456"] * 5) as sessions:
        assert [await close_of(ws) for ws in sessions[:-1]] == [4501] * 4
        await assert_only([node], "456", sessions[-1])


async def join_or_be_replaced(server, name):
    """Returns a session, or nothing if a newer came before its greeting."""
    try:
        return await join(server, name)
    except websockets.ConnectionClosed as e:
        assert e.code == 4501
        return None


@pytest.mark.parametrize("round", range(5))
async def test_of_many_that_come_at_once_exactly_one_stays(only, round):
    name = f"race{round}"
    found = await together(join_or_be_replaced(node, name) for node in only.nodes * 10)
    sessions = [ws for ws in found if ws]

    def standing():
        return [ws for ws in sessions if ws.open]

    await eventually(lambda: len(standing()) <= 1)
    last, = standing()
    await assert_only(only.nodes, name, last)
    assert [await close_of(ws) for ws in sessions if ws is not last] == [4501] * (len(sessions) - 1)
    stats = [await get(node, "/stats") for node in only.nodes]
    assert sum(figures["sessions"] for figures in stats) == 1
    await last.close()


@pytest.mark.parametrize("index", [0, 1], ids=["on its node", "on another node"])
async def test_the_late_end_of_a_replaced_session_never_touches_the_newest(only, index):
    one, two = only.nodes[0], only.nodes[index]
    with silent(one, f"late{index}") as first:
        async with joined(two, f"late{index}") as second:
            assert first.read_close() == 4501
            await assert_only(only.nodes, f"late{index}", second)
            before = (await get(one, "/stats"))["sessions"]
            first.reset()

            async def is_gone():
                return (await get(one, "/stats"))["sessions"] == before - 1

            await eventually(is_gone)
            await assert_only(only.nodes, f"late{index}", second)


async def test_the_newest_gets_what_the_replaced_had_not_read(only):
    one, two, three = only.nodes
    with silent(one, "mail") as first:
        for text in "abc":
            assert (await push(three, "mail", text, "?ttl=600&receipt=written")).status == 200
        async with joined(two, "mail") as second:
            assert first.read_close() == 4501
            assert await receive_many(second, 3) == [*"abc"]
            await assert_only(only.nodes, "mail", second)


@pytest.fixture
def cut_off(lab):
    """Two nodes that keep the newest, and what can cut the first from Redis."""
    redis = lab.redis()
    proxy = lab.proxy(redis)
    nodes = [lab.node("--same-id", "newest", redis=url) for url in [proxy.url, redis.url]]
    return proxy, nodes


async def be_cut_off(proxy, node):
    """Cuts a node off, and waits until it knows."""
    proxy.cut()
    await until_unready(node)


async def test_who_comes_while_a_node_is_cut_off_replaces_its_session_later(cut_off):
    proxy, (one, two) = cut_off
    async with joined(one, "456") as older, joined(one, "alone") as alone:
        await be_cut_off(proxy, one)
        async with joined(two, "456") as newer:
            assert older.open
            assert (await confirm(two, "456", newer)).json["sessions"] == 1
            proxy.mend()
            assert await close_of(older) == 4501
            await until_ready(one)
            await assert_only([one, two], "456", newer)
            await assert_only([one, two], "alone", alone)


async def test_who_comes_and_goes_while_a_node_is_cut_off_replaces_its_session_too(cut_off):
    proxy, (one, two) = cut_off
    async with joined(one, "456") as older:
        await be_cut_off(proxy, one)
        async with joined(two, "456"):
            pass
        proxy.mend()
        # As it would have been if the node had not been cut off.
        assert await close_of(older) == 4501
        await until_ready(one)
        async with joined(one, "456") as newest:
            await assert_only([one, two], "456", newest)


@pytest.mark.parametrize("index", [0, 1], ids=["on its node", "on another node"])
async def test_after_redis_forgot_all_a_newer_session_still_replaces_the_one_that_stood(lab, index):
    cluster = lab.cluster("--same-id", "newest")
    async with joined(cluster.nodes[0], "456") as stayer:
        for _ in range(3):
            cluster.redis.kill()
            cluster.redis.start()
            await until_ready(*cluster.nodes)
            await assert_only(cluster.nodes, "456", stayer)
        async with joined(cluster.nodes[index], "456") as newer:
            assert await close_of(stayer) == 4501
            await assert_only(cluster.nodes, "456", newer)


@pytest.mark.parametrize("kind", ["pubsub", "normal"])
async def test_links_cut_while_sessions_come_leave_one(lab, kind):
    cluster = lab.cluster("--same-id", "newest")
    for number in range(5):
        name = f"cut{number}"

        async def try_to_join(node):
            with contextlib.suppress(websockets.InvalidStatusCode):
                return await join_or_be_replaced(node, name)

        joining = asyncio.gather(*(try_to_join(node) for node in cluster.nodes * 10))
        await asyncio.sleep(0)
        cluster.redis.command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
        sessions = [ws for ws in await joining if ws]
        await until_ready(*cluster.nodes)
        async with joined(cluster.nodes[number % 3], name) as newest:
            assert [await close_of(ws) for ws in sessions] == [4501] * len(sessions)
            await assert_only(cluster.nodes, name, newest)
