"""A message that cannot be understood on the open channel is kept with its reason."""

import collections

import pytest

from clients import assert_reachable, get, joined, receive, request
from harness import TIMEOUT, eventually

BAD = {
    "nothing": b"",
    "no JSON": b"hello",
    "an unfinished object": b'{"KEY":456,"VALUE":"aaaa"',
    "something behind it": b'{"KEY":456,"VALUE":"aaaa"} x',
    "two objects": b'{"KEY":456,"VALUE":"a"}{"KEY":456,"VALUE":"b"}',
    "single quotes": b"{'KEY':456,'VALUE':'aaaa'}",
    "a comma too many": b'{"KEY":456,"VALUE":"aaaa",}',
    "a comment": b'{"KEY":456,"VALUE":"aaaa"} // well',
    "an array": b'[{"KEY":456,"VALUE":"aaaa"}]',
    "a number": b"456",
    "null": b"null",
    "no KEY": b'{"VALUE":"aaaa"}',
    "no VALUE": b'{"KEY":456}',
    "names in small letters": b'{"key":456,"value":"aaaa"}',
    "a KEY with a fraction": b'{"KEY":456.0,"VALUE":"aaaa"}',
    "a KEY with an exponent": b'{"KEY":1e3,"VALUE":"aaaa"}',
    "a KEY above 64 bits": b'{"KEY":18446744073709551616,"VALUE":"aaaa"}',
    "a KEY below 64 bits": b'{"KEY":-9223372036854775809,"VALUE":"aaaa"}',
    "a KEY with a leading zero": b'{"KEY":0456,"VALUE":"aaaa"}',
    "a KEY that is true": b'{"KEY":true,"VALUE":"aaaa"}',
    "a KEY that is null": b'{"KEY":null,"VALUE":"aaaa"}',
    "a KEY that is an array": b'{"KEY":[456],"VALUE":"aaaa"}',
    "an empty KEY": b'{"KEY":"","VALUE":"aaaa"}',
    "a KEY with a slash": b'{"KEY":"4/56","VALUE":"aaaa"}',
    "a KEY with a line feed": b'{"KEY":"4\\n56","VALUE":"aaaa"}',
    "a KEY with a C1 control": '{"KEY":"4\u008556","VALUE":"aaaa"}'.encode(),
    "a KEY of 257 bytes": b'{"KEY":"%b","VALUE":"aaaa"}' % (b"x" * 257),
    "a KEY with half a surrogate": b'{"KEY":"\\ud83d","VALUE":"aaaa"}',
    "a KEY that is not UTF-8": b'{"KEY":"\xff","VALUE":"aaaa"}',
    "a VALUE that is not UTF-8": b'{"KEY":456,"VALUE":"\xff\xfe"}',
    "a VALUE with a raw control": b'{"KEY":456,"VALUE":"a\0b"}',
    "a VALUE that is no JSON": b'{"KEY":456,"VALUE":NaN}',
    "a VALUE over 256 KiB": b'{"KEY":456,"VALUE":"%b"}' % (b"x" * (256 * 1024 + 1)),
    "a VALUE nested without end": b'{"KEY":456,"VALUE":%b%b}' % (b"[" * 100_000, b"]" * 100_000),
    "brackets without end": b"[" * 1_000_000,
    "long nonsense": "连接".encode() * 10_000,
}


async def test_a_bad_message_is_kept_once_with_a_reason(lab):
    cluster = lab.cluster()
    async with joined(cluster.nodes[0], "456") as ws:
        for message in BAD.values():
            assert cluster.redis.publish(message) == 3
        cluster.redis.publish('{"KEY":456,"VALUE":"good"}')
        assert await receive(ws) == "good"
        await assert_reachable(cluster.nodes[1], "456", ws)
    letters = await eventually(
        lambda: len(found := cluster.redis.dead_letters()) >= len(BAD) and found)
    assert all(letter.keys() == {b"message", b"reason", b"node"} for letter in letters)
    assert all(len(letter[b"reason"]) > 3 for letter in letters)
    for node in cluster.nodes:
        assert (await get(node, "/stats"))["bad_messages"] == len(BAD)
        assert (await request(node, "GET", "/readyz")).status == 200
    # All nodes have had their say when what they send next has come.
    await have_spoken(cluster)
    kept = collections.Counter(letter[b"message"] for letter in cluster.redis.dead_letters())
    assert kept == {message[:4096]: 1 for message in BAD.values()}


async def test_a_bad_message_is_kept_as_often_as_it_is_published(lab):
    cluster = lab.cluster()
    for message in ["a", "b", "a", "a", "b", "c"]:
        assert cluster.redis.publish(message) == 3

    async def is_heard(node):
        return (await get(node, "/stats"))["bad_messages"] == 6

    for node in cluster.nodes:
        await eventually(lambda: is_heard(node))
    await have_spoken(cluster)
    kept = collections.Counter(letter[b"message"] for letter in cluster.redis.dead_letters())
    assert kept == {b"a": 3, b"b": 2, b"c": 1}
    seen = cluster.redis.command("KEYS", "{waybill:dead}:*")
    assert len(seen) == 3
    assert all(0 < cluster.redis.command("PTTL", key) <= 60_000 for key in seen)


async def test_what_does_not_come_from_a_node_on_a_channel_of_an_id_is_ignored(lab):
    cluster = lab.cluster()
    async with joined(cluster.nodes[0], "456") as ws:
        for message in [b"", b"hello", b"\xc1", b"\x81", b'{"push":"x","text":"aaaa"}',
                        b"\x82\xa4push\xa1x\xa4text\xa1\xff", b"\x91" * 100_000]:
            assert cluster.redis.publish(message, channel="waybill:{id:456}") == 1
        await assert_reachable(cluster.nodes[1], "456", ws)


async def have_spoken(cluster):
    """Waits until Redis has done all that nodes had sent it before this."""
    for node in cluster.nodes:
        assert (await request(node, "GET", "/socket/nobody")).status == 200


async def test_a_long_value_within_the_limit_is_good(lab):
    cluster = lab.cluster("--max-body", "1KiB", size=1)
    async with joined(cluster.nodes[0], "456") as ws:
        cluster.redis.publish('{"KEY":456,"VALUE":"%s"}' % ("x" * 1025))
        cluster.redis.publish('{"KEY":456,"VALUE":"%s"}' % ("y" * 1024))
        assert await receive(ws) == "y" * 1024
    await eventually(lambda: len(cluster.redis.dead_letters()) == 1)


async def test_the_dead_letters_are_capped(lab):
    cluster = lab.cluster(size=1)
    connection = cluster.redis.connect()
    connection.send(*[("PUBLISH", "waybill", "hello")] * 15_000)
    for _ in range(15_000):
        assert connection.read() == 1

    async def are_heard():
        return (await get(cluster.nodes[0], "/stats"))["bad_messages"] == 15_000

    await eventually(are_heard, timeout=4 * TIMEOUT)
    # The node has written them all by now: this one comes behind them.
    cluster.redis.publish("the last")
    await eventually(lambda: cluster.redis.dead_letters()[-1][b"message"] == b"the last")
    assert 1_000 < cluster.redis.command("XLEN", "waybill:dead") < 12_000


async def test_a_flood_of_bad_messages_is_logged_once_a_second(lab):
    cluster = lab.cluster(size=1)
    node, = cluster.nodes
    for _ in range(1_000):
        cluster.redis.publish("hello")
    await eventually(lambda: len(cluster.redis.dead_letters()) == 1_000)
    node.stop()
    assert 1 <= len([line for line in node.log.rest() if "bad message" in line]) <= 10


@pytest.mark.parametrize("refuses", ["XADD", "PUBSUB|NUMSUB"])
async def test_a_redis_that_refuses_a_command_takes_nothing_else_along(lab, refuses):
    redis = lab.redis()
    redis.command("ACL", "SETUSER", "default", f"-{refuses}")
    cluster = lab.cluster(redis=redis, size=2)
    one, two = cluster.nodes
    async with joined(one, "456") as ws:
        redis.publish("hello")
        if refuses != "XADD":
            (await request(two, "GET", "/socket/456")).check_failure(503)
        await assert_reachable(two, "456", ws)
