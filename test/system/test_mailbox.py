"""A push with a ttl waits for its client, and comes to it in order."""

import asyncio
import contextlib
import re
import time

import pytest

from clients import (Http, confirm, joined, keep, push, receive, receive_many, request, silent,
                     until_ready)
from harness import eventually
from raw_websocket import PING, PONG
from redis_cluster import needs_one_redis


def mail(redis, name):
    """Returns how many pushes the mailbox of an id holds."""
    return redis.command("XLEN", f"waybill:mail:{{id:{name}}}")


def due(redis, name):
    """Returns how many entries are noted to expire some time, of the mailbox of an id."""
    return redis.command("ZCARD", f"waybill:due:{{id:{name}}}")


async def assert_empty(server, name):
    """Checks that a mailbox has nothing for who joins."""
    async with joined(server, name) as ws:
        await confirm(server, name, ws)


async def test_who_was_away_gets_the_mailbox_in_order_and_then_what_is_live(nodes):
    one, two, three = nodes
    for i, server in enumerate(nodes * 4):
        await keep(server, "away", f"kept {i}")
    async with joined(two, "away") as ws:
        assert (await push(three, "away", "live", "?receipt=received&ttl=600")).status == 200
        assert await receive_many(ws, 13) == [*(f"kept {i}" for i in range(12)), "live"]
        await confirm(one, "away", ws)
    await assert_empty(three, "away")


async def test_what_a_client_has_read_leaves_redis(cluster):
    one, two, three = cluster.nodes
    await keep(one, "leaves", *"abc")
    assert mail(cluster.redis, "leaves") == 3
    async with joined(two, "leaves") as ws:
        assert await receive_many(ws, 3) == [*"abc"]
        # The client need do nothing for this but read.
        await eventually(lambda: mail(cluster.redis, "leaves") == 0)
        assert (await push(three, "leaves", "d", "?ttl=600")).counts == (
            200, {"nodes": 1, "kept": True})
        assert await receive(ws) == "d"
        await eventually(lambda: mail(cluster.redis, "leaves") == 0)
    await assert_empty(one, "leaves")


async def test_bytes_are_kept_as_bytes(nodes):
    messages = [bytes(range(256)), "text", b"", "", b"text", "连接"]
    await keep(nodes[0], "bytes", *messages)
    async with joined(nodes[1], "bytes") as ws:
        assert await receive_many(ws, 6) == messages


@pytest.mark.parametrize("level, counts", [
    ("routed", {}), ("written", {"sessions": 0, "written": 0}),
    ("received", {"sessions": 0, "written": 0, "received": 0}),
])
async def test_nobody_waits_for_who_is_away(nodes, level, counts):
    began = time.monotonic()
    answer = await push(nodes[0], f"far {level}", "x", f"?receipt={level}&ttl=600&wait=30s")
    assert answer.counts == (202, {"nodes": 0, "kept": True, **counts})
    assert time.monotonic() - began < 2
    async with joined(nodes[1], f"far {level}") as ws:
        assert await receive(ws) == "x"


@pytest.mark.parametrize("target", ["/topic/news", "/broadcast"])
async def test_only_what_is_for_an_id_can_be_kept(nodes, target):
    answer = await request(nodes[0], "POST", target + "?ttl=600", b"x")
    answer.check_failure(400)


async def test_a_client_that_answers_no_ping_gets_all_again(nodes):
    one, two, three = nodes
    await keep(one, "again", *"abc")
    for number in range(2):
        with silent(nodes[number], "again") as ws:
            assert ws.read_messages(3 + number) == [*"abcd"[:3 + number]]
            # A push that comes live is not confirmed, either.
            answer = await push(three, "again", "de"[number], "?ttl=600&receipt=written")
            assert answer.status == 200
            assert ws.read_messages(1) == ["de"[number]]
    async with joined(two, "again") as ws:
        # The silent ones may still be there, and unread, but this one is new.
        assert await receive_many(ws, 5) == [*"abcde"]
        await confirm(one, "again", ws)
    await assert_empty(three, "again")


async def test_all_sessions_of_an_id_get_what_is_live_and_one_confirms(nodes):
    one, two, three = nodes
    async with joined(one, "both", "both") as here, joined(two, "both") as there:
        for text in "abc":
            answer = await push(three, "both", text, "?ttl=600&receipt=received")
            assert (answer.status, answer.json["received"]) == (200, 3)
        for ws in [*here, there]:
            assert await receive_many(ws, 3) == [*"abc"]
        await confirm(one, "both", *here, there)
    await assert_empty(three, "both")


@pytest.fixture(scope="module", params=["three nodes", "one node without Redis"])
def small(request, shared_lab):
    """As `nodes`, with mailboxes for five pushes."""
    limit = ["--mailbox-limit", "5"]
    if request.param == "three nodes":
        return shared_lab.cluster(*limit).nodes
    return [shared_lab.node(*limit)] * 3


async def test_a_full_mailbox_takes_no_more_until_it_is_read(small):
    one, two, three = small
    await keep(one, "full", *"abcde")
    for server in small:
        (await push(server, "full", "never", "?ttl=600")).check_failure(507)
        (await push(server, "full", "never", "?ttl=600&receipt=received")).check_failure(507)
    (await push(three, "full", "never")).check_failure(404)
    async with joined(two, "full") as ws:
        assert await receive_many(ws, 5) == [*"abcde"]
        await confirm(one, "full", ws)
    await keep(three, "full", *"fghij")
    async with joined(one, "full") as ws:
        assert await receive_many(ws, 5) == [*"fghij"]


async def test_what_a_full_mailbox_refuses_is_sent_to_nobody(small):
    one, two, three = small
    with silent(one, "refused") as ws:
        for text in "abcde":
            assert (await push(two, "refused", text, "?ttl=600")).status == 200
        (await push(three, "refused", "never", "?ttl=600")).check_failure(507)
        # A push that is not to be kept needs no room.
        assert (await push(three, "refused", "live")).status == 200
        assert ws.read_messages(6) == [*"abcde", "live"]


async def test_what_has_expired_makes_room_and_is_never_delivered(small):
    one, two, three = small
    await keep(one, "late", *"abc", query="?ttl=1")
    await keep(two, "late", *"de")
    refused = 0
    # As many as had a second, so that each of those is over.
    for text in "fgh":
        while (answer := await push(three, "late", text, "?ttl=600")).status != 202:
            answer.check_failure(507)
            refused += 1
            await asyncio.sleep(0.02)
    assert refused
    async with joined(one, "late") as ws:
        assert await receive_many(ws, 5) == [*"defgh"]
        await confirm(two, "late", ws)


async def test_what_has_expired_leaves_redis(cluster):
    await keep(cluster.nodes[0], "expired", *"abc", query="?ttl=1")
    assert mail(cluster.redis, "expired") == 3
    await eventually(lambda: not cluster.redis.command("EXISTS", "waybill:mail:{id:expired}"))
    assert not cluster.redis.command("EXISTS", "waybill:due:{id:expired}")
    await assert_empty(cluster.nodes[1], "expired")


def script_time(redis):
    """Returns how many microseconds a script took Redis since the last call."""
    stats = redis.command("INFO", "commandstats").decode()
    redis.command("CONFIG", "RESETSTAT")
    return float(re.search(r"^cmdstat_evalsha:.*usec_per_call=([\d.]+)", stats, re.MULTILINE)[1])


@needs_one_redis
async def test_what_is_refused_takes_redis_no_longer_than_what_is_kept(lab):
    cluster = lab.cluster("--mailbox-limit", "200", size=1)
    node, = cluster.nodes
    body = "x" * 200_000
    cluster.redis.command("CONFIG", "RESETSTAT")
    await keep(node, "456", *[body] * 200)
    kept = script_time(cluster.redis)
    async with Http(node) as http:
        for _ in range(20):
            (await http.push("456", body, "?ttl=600")).check_failure(507)
    refused = script_time(cluster.redis)
    print(f"{kept:.0f} us for what is kept, {refused:.0f} us for what is refused")
    assert refused < 2 * kept


async def test_a_mailbox_of_an_older_version_makes_room_too(lab):
    cluster = lab.cluster("--mailbox-limit", "2", size=1)
    node, = cluster.nodes
    await keep(node, "456", "a", query="?ttl=1")
    await keep(node, "456", "b")
    cluster.redis.command("DEL", "waybill:due:{id:456}")

    async def is_kept():
        return (await push(node, "456", "c", "?ttl=600")).status == 202

    await eventually(is_kept)
    assert cluster.redis.command("PTTL", "waybill:due:{id:456}") > 0
    async with joined(node, "456") as ws:
        assert await receive_many(ws, 2) == ["b", "c"]


async def test_a_mailbox_deleted_by_hand_leaves_nothing_for_ever(cluster):
    one, two, _ = cluster.nodes
    await keep(one, "deleted", *"abc")
    cluster.redis.command("DEL", "waybill:mail:{id:deleted}")
    assert cluster.redis.command("PTTL", "waybill:due:{id:deleted}") > 0
    await keep(one, "deleted", "d")
    assert due(cluster.redis, "deleted") == 1
    async with joined(two, "deleted") as ws:
        assert await receive(ws) == "d"
        await eventually(lambda: mail(cluster.redis, "deleted") == 0)
    assert not cluster.redis.command("EXISTS", "waybill:due:{id:deleted}")


async def test_what_was_confirmed_is_forgotten_while_more_is_kept(cluster):
    one, two, _ = cluster.nodes
    await keep(one, "part", *"abcde")
    with silent(two, "part") as ws:
        frames = [ws.read_frame() for _ in range(6)]
        first, = (payload for opcode, payload in frames if opcode == PING)
        ws.send_frame(PONG, first)
        await eventually(lambda: mail(cluster.redis, "part") == 4)
        opcode, second = ws.read_frame()
        assert opcode == PING
        assert (await push(one, "part", "f", "?ttl=600&receipt=written")).status == 200
        ws.send_frame(PONG, second)
        await eventually(lambda: mail(cluster.redis, "part") == 1)
        assert due(cluster.redis, "part") == 1
    async with joined(one, "part") as ws:
        assert await receive(ws) == "f"
        await confirm(one, "part", ws)
    assert not cluster.redis.command("EXISTS", "waybill:due:{id:part}")


async def test_mailboxes_outlive_redis_with_its_append_only_file(lab):
    redis = lab.redis("--appendonly", "yes", "--appendfsync", "always")
    cluster = lab.cluster(redis=redis)
    one, two, three = cluster.nodes
    await keep(one, "away", *"abc")
    with silent(one, "mute") as ws:
        for text in "abc":
            assert (await push(two, "mute", text, "?ttl=600")).status == 200
        redis.kill()
        redis.start()
        await until_ready(*cluster.nodes)
        await keep(two, "away", "d")
        assert (await push(two, "mute", "d", "?ttl=600")).status == 200
        # It stayed, so it gets nothing twice.
        assert ws.read_messages(4) == [*"abcd"]
    for name in ["away", "mute"]:
        async with joined(three, name) as ws:
            assert await receive_many(ws, 4) == [*"abcd"]
            await confirm(two, name, ws)
        await assert_empty(one, name)


async def test_what_the_client_of_a_killed_node_did_not_confirm_comes_again(lab):
    one, two, three = lab.cluster().nodes
    with contextlib.ExitStack() as stack:
        ws = stack.enter_context(silent(one, "456"))
        for text in "abc":
            answer = await push(three, "456", text, "?ttl=600&receipt=written")
            assert answer.counts == (200, {"nodes": 1, "sessions": 1, "written": 1, "kept": True})
        assert ws.read_messages(3) == [*"abc"]
        one.kill()
    async with joined(two, "456") as ws:
        assert await receive_many(ws, 3) == [*"abc"]
        await confirm(three, "456", ws)
    await assert_empty(three, "456")
