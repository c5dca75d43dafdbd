"""Messages that clients send go where --upstream says."""

import base64
import json

import pytest

from clients import get, joined, receive, until_ready
from harness import WAYBILL, Process, eventually
from redis_cluster import slot_of


@pytest.fixture(scope="module")
def upward(shared_lab):
    """A cluster that publishes what clients send, and one who listens."""
    cluster = shared_lab.cluster("--upstream", "redis")
    listener = cluster.redis.connect()
    assert listener.command("SUBSCRIBE", "waybill:upstream")[2] == 1
    return cluster, listener


def next_message(listener):
    """Returns the next message on a subscribed connection."""
    kind, _, message = listener.read()
    assert kind == b"message"
    return json.loads(message)


@pytest.mark.parametrize("name", ["456", "连接", "-1", 'a"b\\'])
@pytest.mark.parametrize("text", ["aaaa", "", '{"a":1.0}', 'quotes " and\n\\lines\0', "🚚"])
async def test_a_text_is_published_with_the_id_of_its_sender(upward, name, text):
    cluster, listener = upward
    async with joined(cluster.nodes[0], name) as ws:
        await ws.send(text)
        assert next_message(listener) == {"KEY": name, "VALUE": text}


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 255, 65536])
async def test_bytes_are_published_as_base64(upward, size):
    cluster, listener = upward
    data = bytes(i * 7 % 256 for i in range(size))
    async with joined(cluster.nodes[1], "456") as ws:
        await ws.send(data)
        assert next_message(listener) == {
            "KEY": "456", "VALUE": base64.b64encode(data).decode(), "ENCODING": "base64"}


async def test_messages_of_one_client_are_published_in_order(upward):
    cluster, listener = upward
    async with joined(cluster.nodes[2], "456") as ws:
        for i in range(500):
            await ws.send(str(i))
        assert [next_message(listener)["VALUE"] for _ in range(500)] == [str(i) for i in range(500)]


async def test_messages_are_not_sent_back_or_routed(upward):
    cluster, listener = upward
    one, two, _ = cluster.nodes
    async with joined(one, "456") as sender, joined(two, "456") as other:
        await sender.send("aaaa")
        assert next_message(listener)["VALUE"] == "aaaa"
        cluster.redis.publish('{"KEY":456,"VALUE":"bbbb"}')
        assert await receive(sender) == await receive(other) == "bbbb"


async def test_echo_sends_back_to_the_sender_alone(lab):
    node = lab.node("--upstream", "echo")
    async with joined(node, "456", "456") as (one, two):
        for message in ["aaaa", b"\xff\x00", "连接", ""]:
            await one.send(message)
            assert await receive(one) == message
        await two.send("bbbb")
        assert await receive(two) == "bbbb"


async def test_by_default_messages_are_logged(lab):
    node = lab.node()
    async with joined(node, "456") as ws:
        await ws.send("aaaa")
        assert "456" in node.log.wait_for("message from .*aaaa")[0]
        log = (await get(node, "/history"))["log"]
    assert log and "message from" not in str(log)


async def test_while_redis_is_away_messages_are_dropped_and_their_sender_stays(lab):
    cluster = lab.cluster("--upstream", "redis", size=1)
    node, = cluster.nodes
    async with joined(node, "456") as ws:
        cluster.redis.kill()
        node.log.wait_for("Redis is away")
        await ws.send("lost")
        cluster.redis.start()
        listener = cluster.redis.connect()
        listener.command("SUBSCRIBE", "waybill:upstream")
        await until_ready(node)
        await ws.send("kept")
        assert next_message(listener)["VALUE"] == "kept"


async def test_the_upstream_channel_has_the_prefix_of_the_cluster(lab):
    redis = lab.redis()
    node = lab.node("--upstream", "redis", "--redis-prefix", "other", redis=redis)
    listener = redis.connect()
    listener.command("SUBSCRIBE", "other:upstream")
    async with joined(node, "456") as ws:
        await ws.send("aaaa")
        assert next_message(listener) == {"KEY": "456", "VALUE": "aaaa"}


async def test_a_heartbeat_is_answered_and_goes_nowhere_else(lab):
    redis = lab.redis()
    node = lab.node("--upstream", "redis", "--heartbeat", "ping=pong", "--heartbeat", "2=3",
                    redis=redis)
    listener = redis.connect()
    assert listener.command("SUBSCRIBE", "waybill:upstream")[2] == 1
    async with joined(node, "456") as ws:
        for text, answer in [("ping", "pong"), ("2", "3"), ("ping", "pong")]:
            await ws.send(text)
            assert await receive(ws) == answer
        for text in ["Ping", b"ping", "pong"]:
            await ws.send(text)
        assert [next_message(listener)["VALUE"] for _ in range(3)] == ["Ping", "cGluZw==", "pong"]


@pytest.mark.parametrize("is_cluster", [False, True], ids=["one Redis", "a Redis Cluster"])
async def test_a_stream_gives_each_message_to_one_consumer_of_a_group(lab, is_cluster):
    redis = lab.redis_cluster() if is_cluster else lab.redis()
    nodes = lab.cluster("--upstream", "stream", redis=redis).nodes
    if is_cluster:
        redis = redis.owner_of(slot_of("waybill:upstream"))
    redis.command("XGROUP", "CREATE", "waybill:upstream", "app", "$", "MKSTREAM")
    async with (joined(nodes[0], "456") as one, joined(nodes[1], "789") as two,
                joined(nodes[2], "连接") as three):
        await one.send("aaaa")
        await two.send(b"\x00\xff")
        await three.send("")

        def read(consumer):
            found = redis.command("XREADGROUP", "GROUP", "app", consumer, "COUNT", "2", "BLOCK",
                                  "5000", "STREAMS", "waybill:upstream", ">")
            return [tuple(fields) for _, fields in found[0][1]]

        await eventually(lambda: redis.command("XLEN", "waybill:upstream") == 3)
        first, second = read("first"), read("second")
    assert len(first) == 2 and len(second) == 1
    assert sorted(first + second) == sorted([
        (b"KEY", b"456", b"VALUE", b"aaaa"),
        (b"KEY", b"789", b"VALUE", b"AP8=", b"ENCODING", b"base64"),
        (b"KEY", "连接".encode(), b"VALUE", b"")])


async def test_a_stream_is_trimmed(lab):
    cluster = lab.cluster("--upstream", "stream", "--upstream-limit", "100", size=1)
    async with joined(cluster.nodes[0], "456") as ws:
        for i in range(1000):
            await ws.send(str(i))
        # Redis removes whole nodes of a stream, of a hundred entries each.
        await eventually(lambda: last_value(cluster.redis) == b"999")
    assert 100 <= cluster.redis.command("XLEN", "waybill:upstream") < 300


def last_value(redis):
    """Returns the VALUE of the last entry of the stream."""
    last = redis.command("XREVRANGE", "waybill:upstream", "+", "-", "COUNT", "1")
    return last[0][1][3] if last else None


@pytest.mark.parametrize("value", ["ping", "=pong", ""])
def test_a_heartbeat_has_a_text_and_an_answer(value):
    with Process(WAYBILL, "serve", "--heartbeat", value) as process:
        assert process.wait() == 2
        assert "TEXT=ANSWER" in "\n".join(process.log.rest())
