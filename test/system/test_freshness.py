"""Pushes that replace older ones (`collapse`), and that are not delivered late (`fresh`)."""

import asyncio

import pytest

from clients import get, joined, keep, push, receive, receive_many, request, silent, stall
from harness import eventually, scaled


async def collapse(node, text, key="price", more="&ttl=600"):
    """Pushes to 456, in place of older pushes with the key."""
    return await request(node, "POST", f"/socket/456?collapse={key}{more}", text.encode())


@pytest.mark.parametrize("with_redis", [True, False], ids=["redis", "alone"])
async def test_a_mailbox_keeps_the_last_push_of_a_key_in_its_place(lab, with_redis):
    nodes = lab.cluster(size=2).nodes if with_redis else [lab.node()] * 2
    one, two = nodes
    await keep(one, "456", "a")
    for i in range(scaled(100)):
        assert (await collapse(nodes[i % 2], f"price {i}")).status == 202
        if i == 3:
            await collapse(one, "other", "other")
    last = f"price {scaled(100) - 1}"
    await keep(two, "456", "z")
    async with joined(two, "456") as ws:
        assert await receive_many(ws, 4) == ["a", "other", last, "z"]
        # What has been delivered is not replaced any more.
        await collapse(one, "next")
        assert await receive(ws) == "next"


async def test_a_full_mailbox_takes_a_push_that_replaces_another(lab):
    node = lab.cluster("--mailbox-limit", "2", size=1).nodes[0]
    await keep(node, "456", "a")
    assert (await collapse(node, "b")).status == 202
    (await push(node, "456", "c", "?ttl=600")).check_failure(507)
    assert (await collapse(node, "c")).status == 202
    async with joined(node, "456") as ws:
        assert await receive_many(ws, 2) == ["a", "c"]


async def test_the_queue_of_a_slow_client_has_one_push_of_a_key(lab):
    one, two = lab.cluster("--max-queue", "64MiB", size=2).nodes
    with silent(one, "456"):
        await stall(two, "456")
        older = asyncio.create_task(collapse(two, "old", more="&receipt=written&wait=10s"))
        await eventually(lambda: is_queued(one))
        assert (await collapse(two, "new", more="")).status == 200
        answer = await older
        assert answer.counts == (504, {"nodes": 1, "sessions": 1, "written": 0, "superseded": 1})


async def is_queued(node):
    """Tells whether the push that is last in the queue is that with a key."""
    found = await get(node, "/socket/456?detail=1")
    return found["sessions"][0]["queue"] % 10 == 8


async def test_a_push_for_a_slow_client_expires(lab):
    one, two = lab.cluster("--max-queue", "64MiB", size=2).nodes
    with silent(one, "456") as ws:
        texts = await stall(two, "456")
        late = asyncio.create_task(push(two, "456", "late",
                                        "?fresh=1s&receipt=written&wait=30s"))
        await asyncio.sleep(1.1)
        while texts:
            assert ws.read_frame()[1].decode() == texts.pop(0)
        assert (await late).counts == (504, {"nodes": 1, "sessions": 1, "written": 0,
                                             "expired": 1})


async def test_a_push_is_not_delivered_when_it_is_no_longer_fresh(lab):
    node = lab.node(redis=lab.redis())
    assert (await push(node, "456", "late", "?ttl=600&fresh=1s")).status == 202
    await keep(node, "456", "kept")

    await asyncio.sleep(1.1)
    async with joined(node, "456") as ws:
        assert await receive(ws) == "kept"


@pytest.mark.parametrize("query", ["collapse=", "collapse=a%20b", "fresh=0s", "fresh=soon"])
async def test_what_makes_no_sense_is_refused(lab, query):
    (await push(lab.node(), "456", "x", "?" + query)).check_failure(400)


@pytest.mark.parametrize("path", ["/topic/news", "/broadcast"])
async def test_only_a_push_to_an_id_replaces_another(lab, path):
    (await request(lab.node(), "POST", path + "?collapse=a", b"x")).check_failure(400)
