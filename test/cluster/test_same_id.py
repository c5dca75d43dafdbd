"""What --same-id says about a second session of an id."""

import pytest

from clients import assert_reachable, close_of, get, joined, push
from harness import eventually
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
