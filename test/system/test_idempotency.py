"""Whoever does not know what became of a push asks again with the same key."""

import asyncio
import contextlib
import time

import pytest

from clients import (Http, confirm, joined, push, receive, receive_many, request, silent,
                     until_offline, until_ready)
from harness import eventually, together
from raw_websocket import TEXT


def keyed(key):
    """Returns the header that a push and its repeats have in common."""
    return {"Idempotency-Key": key}


def assert_same(*answers):
    """Checks that all answers are the same to the byte, and returns the first."""
    assert len({(answer.status, answer.body) for answer in answers}) == 1, answers
    return answers[0]


async def assert_nothing_but_pings(ws, server, name):
    """Checks that a raw WebSocket is sent no message before one that is pushed now."""
    assert (await push(server, name, "the last")).status == 200
    assert ws.read_messages(1) == ["the last"]


@pytest.mark.parametrize("level", ["routed", "written", "received"])
async def test_a_repeat_pushes_nothing_and_answers_the_same(nodes, level):
    one, _, _ = nodes
    name, query = f"repeat-{level}", f"?receipt={level}"
    async with joined(one, name) as ws:
        answers = [await push(node, name, "x", query, keyed(name)) for node in nodes * 2]
        first = assert_same(*answers)
        reached = {"routed": {}, "written": {"sessions": 1, "written": 1},
                   "received": {"sessions": 1, "written": 1, "received": 1}}
        assert first.counts == (200, {"nodes": 1, **reached[level]})
        assert await receive(ws) == "x"
        # The answer stays the same, whoever has come since.
        async with joined(one, name):
            assert_same(first, await push(one, name, "x", query, keyed(name)))
            await confirm(one, name, ws)


async def test_a_repeat_of_what_is_kept_keeps_nothing(nodes):
    one, two, _ = nodes
    first = assert_same(*[await push(node, "kept", "x", "?ttl=600", keyed("kept"))
                          for node in nodes])
    assert first.counts == (202, {"nodes": 0, "kept": True})
    async with joined(one, "kept") as ws:
        assert await receive(ws) == "x"
        await confirm(two, "kept", ws)
        assert_same(first, await push(two, "kept", "x", "?ttl=600", keyed("kept")))
        await confirm(two, "kept", ws)


@pytest.mark.parametrize("target", ["/topic/repeated", "/broadcast"])
async def test_topics_and_broadcasts_are_repeated_as_well(nodes, target):
    async with Http(nodes[0]) as there, joined(nodes[1], "hears", query="?topics=repeated") as ws:
        answers = [await there.request("POST", target, b"x", keyed(target)),
                   await request(nodes[2], "POST", target, b"x", keyed(target))]
        assert assert_same(*answers).status == 200
        assert await receive(ws) == "x"
        await confirm(nodes[2], "hears", ws)


async def test_of_many_at_once_one_is_pushed(nodes):
    one, _, _ = nodes
    async with joined(one, "at once") as ws:
        for i in range(10):
            key = keyed(f"at-once-{i}")
            answers = await together(push(node, "at once", str(i), "?receipt=received", key)
                                     for node in nodes * 4)
            assert_same(*answers)
            assert await receive(ws) == str(i)
            await confirm(one, "at once", ws)


@pytest.mark.parametrize("wait, wait_of_repeat", [(2, 5), (1, 1)])
async def test_a_repeat_waits_for_the_first_that_is_under_way(nodes, wait, wait_of_repeat):
    one, two, three = nodes
    name = f"slow-{wait}-{wait_of_repeat}"
    query = "?receipt=received&wait="
    with silent(one, name) as ws:
        began = time.monotonic()
        first = asyncio.create_task(push(two, name, "x", f"{query}{wait}s", keyed(name)))
        assert await asyncio.to_thread(ws.read_frame) == (TEXT, b"x")
        again = push(three, name, "x", f"{query}{wait_of_repeat}s", keyed(name))
        answer = assert_same(await again, await first)
        assert wait <= time.monotonic() - began < wait + 2
        assert answer.counts == (504, {"nodes": 1, "sessions": 1, "written": 1, "received": 0})
        await assert_nothing_but_pings(ws, two, name)


@pytest.mark.parametrize("ttl, status", [(0, 504), (600, 202)])
async def test_after_the_death_of_the_firsts_node_a_repeat_answers_what_is_known(lab, ttl, status):
    cluster = lab.cluster()
    one, two, three = cluster.nodes
    query = f"?receipt=received&wait=60s&ttl={ttl}"
    with silent(one, "456") as ws:
        first = asyncio.create_task(push(three, "456", "x", query, keyed("dead")))
        assert await asyncio.to_thread(ws.read_frame) == (TEXT, b"x")
        again = asyncio.create_task(push(two, "456", "x", query, keyed("dead")))
        three.kill()
        began = time.monotonic()
        answers = [await again, await push(one, "456", "x", query, keyed("dead"))]
        assert time.monotonic() - began < 5
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await first
        for answer in answers:
            # Nobody knows what became of it at the client: that is no success.
            assert (answer.status, answer.json["nodes"]) == (status, 1), answer
        assert answers[0].json["push"] == answers[1].json["push"]
        assert "node3" in answers[0].json["push"]
        await assert_nothing_but_pings(ws, two, "456")
    if ttl:
        assert cluster.redis.command("XLEN", "waybill:mail:{id:456}") == 1


async def test_a_repeat_is_answered_at_the_level_that_it_asks_for(lab):
    one, two, three = lab.cluster().nodes
    with silent(one, "456") as ws:
        first = asyncio.create_task(
            push(three, "456", "x", "?receipt=received&wait=60s", keyed("level")))
        assert await asyncio.to_thread(ws.read_frame) == (TEXT, b"x")
        # Redis has recorded to how many nodes it went.
        early = await push(two, "456", "x", "?receipt=routed", keyed("level"))
        assert early.counts == (200, {"nodes": 1})
        three.kill()
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await first
        for node in (one, two):
            assert_same(early, await push(node, "456", "x", "?receipt=routed", keyed("level")))
            answer = await push(node, "456", "x", "?receipt=written", keyed("level"))
            assert answer.counts == (504, {"nodes": 1, "sessions": 0, "written": 0, "unknown": 1})
        await assert_nothing_but_pings(ws, two, "456")


async def test_a_repeat_that_asks_for_more_is_not_told_more_than_is_known(nodes):
    one, two, three = nodes
    async with joined(one, "more") as ws:
        first = await push(two, "more", "x", "?receipt=written", keyed("more"))
        assert first.counts == (200, {"nodes": 1, "sessions": 1, "written": 1})
        less = await push(three, "more", "x", "?receipt=routed", keyed("more"))
        assert less.counts == (200, {"nodes": 1})
        more = await push(three, "more", "x", "?receipt=received", keyed("more"))
        assert more.counts == (504, {"nodes": 1, "sessions": 1, "written": 1, "received": 0,
                                     "unknown": 1})
        assert {answer.json["push"] for answer in (less, more)} == {first.json["push"]}
        assert await receive(ws) == "x"
        await confirm(one, "more", ws)


async def test_after_the_death_of_its_node_a_push_that_was_routed_is_a_success(lab):
    one, two, three = lab.cluster().nodes
    async with joined(one, "456") as ws:
        first = await push(three, "456", "x", headers=keyed("dead"))
        three.kill()
        assert_same(first, await push(two, "456", "x", headers=keyed("dead")))
        assert await receive(ws) == "x"
        await confirm(two, "456", ws)


async def test_a_push_that_redis_took_while_it_was_frozen_is_not_sent_twice(lab):
    cluster = lab.cluster(size=2)
    one, two = cluster.nodes
    async with joined(one, "456") as ws:
        cluster.redis.freeze()
        answer = await push(two, "456", "x", "?wait=100ms", keyed("frozen"))
        assert answer.check_failure(504).json["unknown"] == 1
        cluster.redis.thaw()
        assert await receive(ws) == "x"
        again = await push(one, "456", "x", "?wait=5s", keyed("frozen"))
        # The first answer, or what has become known since.
        assert again.counts == (200, {"nodes": 1}) or again == answer, again
        await confirm(one, "456", ws)


async def test_a_key_is_free_again_when_nobody_was_there(nodes):
    one, two, three = nodes
    for level in ["routed", "written", "received"]:
        name = f"free-{level}"
        for node in nodes:
            answer = await push(node, name, "x", f"?receipt={level}", keyed(name))
            answer.check_failure(404)
        async with joined(one, name) as ws:
            for node in [two, three]:
                answer = await push(node, name, "x", f"?receipt={level}", keyed(name))
                assert answer.status == 200
            assert await receive(ws) == "x"
            await confirm(three, name, ws)


async def test_a_key_is_free_again_when_the_mailbox_was_full(lab):
    for node in [lab.node("--mailbox-limit", "1"), *lab.cluster("--mailbox-limit", "1").nodes[:1]]:
        assert (await push(node, "full", "first", "?ttl=600")).status == 202
        for _ in range(2):
            (await push(node, "full", "x", "?ttl=600", keyed("full"))).check_failure(507)
        async with joined(node, "full") as ws:
            assert await receive(ws) == "first"
            await confirm(node, "full", ws)
        await until_offline(node, "full")
        answers = [await push(node, "full", "x", "?ttl=600", keyed("full")) for _ in range(2)]
        assert assert_same(*answers).status == 202
        async with joined(node, "full") as ws:
            assert await receive(ws) == "x"
            await confirm(node, "full", ws)


async def test_a_key_is_free_again_when_redis_was_away(lab):
    cluster = lab.cluster(size=2)
    one, two = cluster.nodes
    async with joined(one, "456") as ws:
        cluster.redis.kill()

        async def is_refused():
            return (await push(two, "456", "never")).status == 503

        await eventually(is_refused)
        (await push(two, "456", "x", headers=keyed("away"))).check_failure(503)
        cluster.redis.start()
        await until_ready(*cluster.nodes)
        answers = [await push(node, "456", "x", headers=keyed("away")) for node in [two, one]]
        assert assert_same(*answers).counts == (200, {"nodes": 1})
        assert await receive(ws) == "x"
        await confirm(one, "456", ws)


async def test_a_key_stands_for_one_body(nodes):
    one, two, three = nodes
    async with joined(one, "key") as ws:
        first = await push(three, "key", "x", headers=keyed("stands"))
        assert first.status == 200
        for node in nodes:
            for text in ["y", ""]:
                (await push(node, "key", text, headers=keyed("stands"))).check_failure(422)
        assert_same(first, await push(one, "key", "x", headers=keyed("stands")))
        assert await receive(ws) == "x"
        await confirm(two, "key", ws)


async def test_a_key_is_known_for_each_address(nodes):
    targets = ["/socket/per-address", "/socket/per-address-2", "/topic/per-address", "/broadcast"]
    async with (joined(nodes[0], "per-address", query="?topics=per-address") as ws,
                joined(nodes[1], "per-address-2") as other):
        for target in targets:
            body = target.encode()
            answers = [await request(node, "POST", target, body, keyed("per-address"))
                       for node in nodes]
            assert assert_same(*answers).status == 200
        assert await receive_many(ws, 3) == [targets[0], *targets[2:]]
        assert await receive_many(other, 2) == [targets[1], targets[3]]
        await confirm(nodes[2], "per-address", ws)
        await confirm(nodes[2], "per-address-2", other)


@pytest.mark.parametrize("name", ["}x", "{a}b", "a}b{c", "{}"])
async def test_an_id_may_contain_braces(nodes, name):
    one, two, three = nodes
    answers = [await push(node, name, "kept", "?ttl=600", keyed("{k}")) for node in nodes]
    assert assert_same(*answers).counts == (202, {"nodes": 0, "kept": True})
    async with joined(one, name) as ws:
        assert await receive(ws) == "kept"
        await confirm(two, name, ws)
        assert (await push(three, name, "live", "?receipt=received", keyed("l"))).status == 200
        assert await receive(ws) == "live"


async def test_pushes_with_other_keys_or_none_are_others(nodes):
    async with joined(nodes[0], "apart") as ws:
        keys = ["a", "A", "x" * 255, "x" * 254, '"a"', "!#$%&'*+-.^_`|~"]
        headers = [None, None, *map(keyed, keys)]
        answers = [await push(nodes[1], "apart", "x", headers=fields) for fields in headers]
        assert [answer.status for answer in answers] == [200] * 8
        assert len({answer.json["push"] for answer in answers}) == 8
        assert await receive_many(ws, 8) == ["x"] * 8
        await confirm(nodes[2], "apart", ws)


@pytest.mark.parametrize("lines", [
    "Idempotency-Key: \r\n", "Idempotency-Key: " + "x" * 256 + "\r\n",
    "Idempotency-Key: ü\r\n", "Idempotency-Key: a b\r\n",
    "Idempotency-Key: a\r\nIdempotency-Key: a\r\n",
], ids=["empty", "long", "not ASCII", "a space", "two"])
async def test_what_is_not_a_key_is_refused(nodes, lines):
    async with joined(nodes[0], "bad key") as ws, Http(nodes[2]) as http:
        head = "POST /socket/bad%20key HTTP/1.1\r\nHost: waybill\r\nContent-Length: 1\r\n"
        await http.send(f"{head}{lines}\r\nx".encode())
        (await http.read()).check_failure(400)
        await confirm(nodes[2], "bad key", ws)
