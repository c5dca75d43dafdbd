"""`--shadow`: a node beside an older application, which tells whom it would have reached."""

import asyncio
import json

import pytest

from clients import assert_reachable, get, joined, push
from harness import WAYBILL, Process, eventually


async def start(lab, redis, *options):
    """Starts a node in the shadow, and waits until it reads the channel."""
    node = lab.node("--shadow", "--node", "shadow", *options, redis=redis)
    await asyncio.to_thread(node.log.wait_for, "reads the channel")
    return node


async def lines(node, count):
    """Returns so many lines that a node has printed since it was ready."""
    def printed():
        return node.out.all()[1:]

    await eventually(lambda: len(printed()) >= count)
    result = [json.loads(line) for line in printed()]
    assert all(line.pop("time").endswith("Z") for line in result)
    return result


async def test_it_tells_whom_a_push_would_have_reached_and_sends_nothing(lab):
    redis = lab.redis()
    node = await start(lab, redis)
    async with joined(node, "456", "456", "789") as sockets:
        for message in (b'{"KEY":456,"VALUE":"aaaa"}', b'{"KEY":"789","VALUE":[1, 2]}',
                        b'{"KEY":"nobody","VALUE":"a"}', b'{"KEY":"\xff"}'):
            assert redis.publish(message) == 1
        printed = await lines(node, 4)
        assert [line for line in printed if "id" in line] == [
            {"id": "456", "bytes": 4, "sessions": 2},
            {"id": "789", "bytes": 5, "sessions": 1},
            {"id": "nobody", "bytes": 1, "sessions": 0}]
        bad, = [line for line in printed if "error" in line]
        assert bad["message"] == '{"KEY":"\ufffd"}' and bad["error"]
        # The next text on each socket is a push of this node by HTTP.
        for key, ws in zip(["456", "789"], [sockets[0], sockets[2]], strict=True):
            await assert_reachable(node, key, ws)
        figures = await get(node, "/stats")
        assert (figures["shadow_pushes"], figures["shadow_deliveries"]) == (3, 3)
        assert figures["bad_messages"] == 1


async def test_it_leaves_no_trace_in_redis(lab):
    redis = lab.redis()
    redis.command("CONFIG", "RESETSTAT")
    node = await start(lab, redis)
    async with joined(node, "456"):
        redis.publish(b'{"KEY":456,"VALUE":"aaaa"}')
        await lines(node, 1)
        assert (await push(node, "away", "kept", "?ttl=60")).status == 202
    assert redis.command("DBSIZE") == 0
    assert redis.command("PUBSUB", "CHANNELS") == [b"waybill"]


async def test_the_line_of_a_push_comes_after_redis_was_away(lab):
    redis = lab.redis()
    node = await start(lab, redis, "--redis-channel", "old")
    async with joined(node, "456"):
        redis.kill()
        await asyncio.to_thread(node.log.wait_for, "WB-204 Redis is away")
        redis.start()

        def was_read():
            return redis.publish(b'{"KEY":456,"VALUE":"aaaa"}', channel="old") == 1

        await eventually(was_read)
        assert (await lines(node, 1))[0] == {"id": "456", "bytes": 4, "sessions": 1}


@pytest.mark.parametrize("options, error", [
    ([], "--shadow needs --redis"),
    (["--redis", "redis+cluster://127.0.0.1:1"], "--shadow cannot read"),
    (["--redis", "redis://127.0.0.1:1", "--upstream", "stream"], "--shadow writes nothing"),
])
def test_it_takes_one_redis_that_it_only_reads(options, error):
    with Process(WAYBILL, "serve", "--shadow", *options) as process:
        assert process.wait() == 2
        assert error in "\n".join(process.log.rest())
