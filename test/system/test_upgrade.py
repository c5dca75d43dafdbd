"""Two releases run side by side on one Redis: this one, and one that says more than it knows."""

import asyncio
import re
import time

import pytest

from clients import (Http, assert_reachable, close_of, confirm, get, join, joined, keep, push,
                     receive, receive_many, request)
from harness import NEWER, ROOT, WAYBILL, eventually, together

RELEASES = sorted(folder for folder in (ROOT / "test/wire").iterdir() if folder.is_dir())


@pytest.fixture(scope="module")
def mixed(shared_lab):
    """A node of each release."""
    redis = shared_lab.redis()
    return [shared_lab.node("--node", name, "--same-id", "newest", redis=redis, program=program)
            for name, program in [("older", WAYBILL), ("newer", NEWER)]]


@pytest.fixture(params=[0, 1], ids=["to the newer", "to the older"])
def pair(mixed, request):
    """A pusher's node and a client's, both ways."""
    return mixed if request.param == 0 else mixed[::-1]


@pytest.fixture
def name(pair, request):
    """An id of its own for each test."""
    return re.sub(r"\W", "-", request.node.name)


def counts(level, count, **more):
    """Returns what a push is answered that a client at each of `count` nodes has got."""
    levels = {"routed": [], "written": ["sessions", "written"],
              "received": ["sessions", "written", "received"]}
    return 200, {"nodes": count, **dict.fromkeys(levels[level], count), **more}


def fields_of(file):
    """Returns the fields that a release has recorded, as Redis sends them."""
    count, *parts = file.read_bytes().split(b"\r\n")
    fields = [parts[i] for i in range(1, 2 * int(count[1:]), 2)]
    return dict(zip(fields[::2], fields[1::2]))


async def figure(node, name):
    """Returns a figure of a node."""
    return (await get(node, "/stats"))[name]


@pytest.mark.parametrize("level", ["routed", "written", "received"])
async def test_a_push_reaches_the_other_release_at_each_level(pair, name, level):
    here, there = pair
    async with joined(there, name) as ws:
        for body in ["text", b"\xff\x00"]:
            answer = await push(here, name, body, f"?receipt={level}")
            assert answer.counts == counts(level, 1)
            assert await receive(ws) == body
        kept = await push(here, name, "kept", f"?receipt={level}&ttl=600")
        assert kept.counts == counts(level, 1, kept=True)
        assert await receive(ws) == "kept"
        await confirm(here, name, ws)


async def test_topics_and_everyone_are_reached_on_both_releases(pair):
    here, there = pair
    async with joined(here, "one", query="?topics=mixed") as one, \
            joined(there, "two", query="?topics=mixed") as two:
        for target in ["/topic/mixed", "/broadcast"]:
            answer = await request(here, "POST", f"{target}?receipt=received", b"x")
            assert answer.counts == counts("received", 2)
            assert [await receive(one), await receive(two)] == ["x", "x"]


async def test_a_mailbox_that_one_release_keeps_the_other_delivers(pair, name):
    here, there = pair
    await keep(here, name, "a", b"b")
    await keep(there, name, "c")
    async with joined(there, name) as ws:
        assert await receive_many(ws, 3) == ["a", b"b", "c"]
        await confirm(here, name, ws)
    await keep(here, name, "d")
    async with joined(there, name) as ws:
        assert await receive(ws) == "d"
        await confirm(here, name, ws)


async def test_a_repeat_at_the_other_release_is_answered_the_same(pair, name):
    here, there = pair
    key = {"Idempotency-Key": name}
    async with joined(there, name) as ws:
        answers = [await push(node, name, "x", "?receipt=received", key)
                   for node in (here, there, here)]
        assert len({(answer.status, answer.body) for answer in answers}) == 1, answers
        assert answers[0].counts == counts("received", 1)
        assert await receive(ws) == "x"
        await confirm(here, name, ws)


async def test_a_session_is_seen_and_kicked_from_the_other_release(pair, name):
    here, there = pair
    async with joined(there, name) as ws:
        assert (await get(here, f"/socket/{name}"))["nodes"] == 1
        found = await get(here, f"/socket/{name}?detail=1")
        assert (len(found["sessions"]), found["unknown"]) == (1, 0)
        assert found["sessions"][0]["peer"].startswith("127.0.0.1:")
        assert (await request(here, "DELETE", f"/socket/{name}")).status == 200
        assert await close_of(ws) == 4500


async def test_a_newer_session_at_the_other_release_takes_over(pair, name):
    here, there = pair
    async with joined(there, name) as first, joined(here, name) as second:
        assert await close_of(first) == 4501
        await assert_reachable(there, name, second)


async def test_a_trace_has_the_hops_of_both_releases(pair, name):
    here, there = pair
    async with joined(there, name) as ws:
        await push(here, name, "x", "?receipt=received")
        assert await receive(ws) == "x"
        for node in pair:
            async def is_told():
                found = await get(node, f"/trace/{name}")
                assert found["unknown"] == 0
                hops = {hop["hop"] for hop in found["pushes"][0]["hops"]}
                return hops == {"taken", "delivered", "written", "received", "answered"}

            await eventually(is_told)


async def test_the_version_of_each_node_is_told(pair):
    for node in pair:
        found = await get(node, "/stats?cluster=1")
        assert found["unknown"] == 0
        versions = {figures["node"]: figures["version"] for figures in found["nodes"]}
        assert versions == {"older": versions["older"], "newer": "99.0.0"}
        assert versions["older"] != "99.0.0"
        assert all(figures["joins"] >= 0 for figures in found["nodes"])


async def test_what_only_the_newer_release_knows_is_counted_and_shown_to_nobody(mixed):
    older, newer = mixed
    before = await figure(older, "unknown_kinds"), await figure(older, "bad_messages")
    async with joined(older, "unknown") as ws:
        await push(newer, "unknown", "kept", "?ttl=600&receipt=received")
        assert await receive(ws) == "kept"
        await confirm(newer, "unknown", ws)
    # One came to the id, and one to all nodes.
    assert await figure(older, "unknown_kinds") == before[0] + 2
    assert await figure(older, "bad_messages") == before[1] == 0


async def test_while_nodes_are_replaced_no_push_is_lost_or_unanswered(lab):
    redis = lab.redis()
    pusher = lab.node("--node", "pusher", redis=redis)
    got, ready, stopped = [], asyncio.Event(), asyncio.Event()

    async def read_until_closed(node):
        ws = await join(node, "456")
        ready.set()
        async for message in ws:
            got.append(message)

    async def replace():
        for i, program in enumerate([WAYBILL, NEWER, WAYBILL, NEWER]):
            node = lab.new_node("--node", f"node{i % 2}", "--drain", "1s", redis=redis,
                                program=program).wait_ready()
            ready.clear()
            reading = asyncio.create_task(read_until_closed(node))
            await ready.wait()
            # Some pushes go to this node before its time is over.
            seen = len(got)
            await eventually(lambda: len(got) > seen + 20)
            await asyncio.to_thread(node.stop)
            await reading
        stopped.set()

    async def push_until_stopped():
        count = 0
        async with Http(pusher) as http:
            while not stopped.is_set():
                answer = await http.push("456", str(count), "?ttl=600&receipt=received")
                assert answer.status in (200, 202), answer
                count += 1
        return count

    _, count = await together([replace(), push_until_stopped()])
    async with joined(pusher, "456") as ws:
        missing = {str(i) for i in range(count)} - set(got)
        while missing:
            missing.discard(await receive(ws))
        await confirm(pusher, "456", ws)


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.name)
async def test_what_each_release_kept_is_delivered(mixed, shared_lab, release):
    redis = shared_lab.redis()
    node = shared_lab.node(redis=redis)
    fields = fields_of(release / "entry") | {b"expiry": int((time.time() + 600) * 1000)}
    redis.command("XADD", "waybill:mail:{id:457}", "*", *[x for pair in fields.items() for x in pair])
    async with joined(node, "457") as ws:
        assert await receive(ws) == "kept"
        await confirm(node, "457", ws)
    await eventually(lambda: redis.command("XLEN", "waybill:mail:{id:457}") == 0)


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.name)
async def test_what_each_release_recorded_of_a_key_answers_a_repeat(shared_lab, release):
    redis = shared_lab.redis()
    node = shared_lab.node(redis=redis)
    fields = fields_of(release / "once")
    redis.command("HSET", "waybill:once:{id:456}:key", *[x for pair in fields.items() for x in pair])
    for level in ["routed", "written", "received"]:
        answer = await push(node, "456", "keyed", f"?receipt={level}", {"Idempotency-Key": "key"})
        assert answer.counts == counts(level, 1, kept=True)
        assert answer.json["push"] == fields[b"push"].decode()
