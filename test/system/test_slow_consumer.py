"""The fate of a client that reads too slowly is for the operator to say."""

import asyncio

import pytest

from clients import Http, assert_reachable, get, joined, push, receive, request, silent, stall
from harness import eventually

# As `stall` pushes them: five digits and what fills them up.
SIZE = 100_005


def numbers_of(texts):
    """Returns what the texts of `stall`, and of `flood`, begin with."""
    return [int(text[:5]) for text in texts]


async def flood(node, name, first, count, query=""):
    """Pushes texts with consecutive numbers, and returns the answers."""
    async with Http(node) as http:
        return [await http.push(name, f"{i:05}" + "x" * (SIZE - 5), query)
                for i in range(first, first + count)]


def read_until(client, last):
    """Reads up to the text with the number `last`, and returns all."""
    result = []
    while not result or numbers_of(result)[-1] != last:
        result += client.read_messages(1)
    return result


@pytest.fixture(scope="module", params=["with Redis", "without Redis"])
def dropping(shared_lab, request):
    """A node on which slow clients lose what is oldest."""
    redis = shared_lab.redis() if request.param == "with Redis" else None
    return shared_lab.node("--slow-consumer", "drop-oldest", "--max-queue", "500KiB", redis=redis)


async def test_a_slow_client_loses_the_oldest_and_keeps_its_session(dropping):
    with silent(dropping, "456") as slow:
        written = len(await stall(dropping, "456"))
        before = await get(dropping, "/stats")
        await flood(dropping, "456", written, 20)
        after = await get(dropping, "/stats")
        assert after["dropped_frames"] > before["dropped_frames"]
        assert after["slow_clients"] == before["slow_clients"] == 0
        texts = await asyncio.to_thread(read_until, slow, written + 19)
        # All that was under way arrived, then comes a gap, then what is newest.
        assert numbers_of(texts)[:written] == list(range(written))
        assert numbers_of(texts)[written:] == list(range(written + 16, written + 20))
        await assert_reachable(dropping, "456")


async def test_its_pushers_are_told(dropping):
    with silent(dropping, "told") as slow:
        async with joined(dropping, "told") as fast:
            written = len(await stall_one_of_two(dropping, "told", fast))
            pushes = [asyncio.create_task(push(dropping, "told", "y" * 200_000, query))
                      for query in ["?receipt=written&wait=60s", "?receipt=received&wait=60s"]]
            for _ in pushes:
                assert await receive(fast) == "y" * 200_000
            while not all(task.done() for task in pushes):
                await push(dropping, "told", "x" * 200_000)
                assert await receive(fast) == "x" * 200_000
            first, second = [task.result() for task in pushes]
            assert first.counts == (200, {"nodes": 1, "sessions": 2, "written": 1, "dropped": 1})
            assert second.counts == (200, {"nodes": 1, "sessions": 2, "written": 1,
                                           "received": 1, "dropped": 1})
            assert written and slow


async def stall_one_of_two(node, name, fast):
    """Does as `stall` where another session of the id reads all."""
    texts = []
    async with Http(node) as http:
        while True:
            texts.append("x" * 100_000)
            answer = await http.push(name, texts[-1], "?receipt=written&wait=1s")
            assert await receive(fast) == texts[-1]
            if answer.json["written"] == 1:
                return texts


async def test_what_is_kept_is_not_lost(dropping):
    with silent(dropping, "kept") as slow:
        written = len(await stall(dropping, "kept"))
        answers = await flood(dropping, "kept", written, 20, "?ttl=60")
        assert {answer.status for answer in answers} == {200}
        texts = await asyncio.to_thread(read_until, slow, written + 19)
        assert numbers_of(texts) == list(range(written + 20))
    # It confirmed nothing, so another session gets the same once more.
    async with joined(dropping, "kept") as next_one:
        again = [await receive(next_one) for _ in range(20)]
        assert numbers_of(again) == list(range(written, written + 20))


async def test_a_client_that_never_reads_costs_its_node_no_more_than_its_queue(dropping):
    with silent(dropping, "456"):
        await stall(dropping, "456")
        for _ in range(3):
            await flood(dropping, "456", 0, 20)
            detail = await get(dropping, "/socket/456?detail=1")
            assert detail["sessions"][0]["queue"] <= 500 * 1024


async def test_by_default_it_is_closed_and_its_pushers_are_told(lab):
    node = lab.node("--max-queue", "300KiB")
    with silent(node, "456") as slow:
        await stall(node, "456")
        waiting = asyncio.create_task(push(node, "456", "y" * 100_000, "?receipt=written&wait=60s"))
        while not waiting.done():
            await push(node, "456", "x" * 100_000)
        assert waiting.result().counts == (504, {"nodes": 1, "sessions": 1, "written": 0,
                                                 "dropped": 1})
        assert await asyncio.to_thread(slow.read_close) == 1013
    await eventually(lambda: is_counted(node))


async def is_counted(node):
    """Tells whether a node has counted one slow client, and nobody is left."""
    figures = await get(node, "/stats")
    return figures["slow_clients"] == 1 and figures["sessions"] == 0


async def test_empty_messages_fill_a_queue_too(lab):
    node = lab.node("--max-queue-frames", "20")
    with silent(node, "456") as slow:
        await stall(node, "456")
        async with Http(node) as http:
            for _ in range(20):
                await http.push("456", "")
        assert await asyncio.to_thread(slow.read_close) == 1013


async def test_one_that_must_go_ends_though_it_reads_nothing(lab):
    node = lab.node()
    with silent(node, "deaf"):
        await stall(node, "deaf")
        assert (await request(node, "DELETE", "/socket/deaf")).status == 200

        async def gone():
            return (await get(node, "/stats"))["sessions"] == 0

        # It has 10 s to read what is queued, and 5 s to answer the close frame.
        await eventually(gone, timeout=30)


async def test_one_that_confirms_nothing_is_closed(lab):
    node = lab.node("--max-queue-frames", "10")
    with silent(node, "mute") as mute:
        for _ in range(11):
            await push(node, "mute", "x", "?receipt=received&wait=1ms")
        assert mute.read_close() == 1013

    async def counted():
        return (await get(node, "/stats"))["slow_clients"] == 1

    await eventually(counted)
