"""The guide's words on applications that keep a map of sessions and share a channel."""

import asyncio
import contextlib
import json

import websockets

from clients import GREETING, joined, push, receive
from harness import Server, eventually


class Old:
    """A server as the guide has it in Java: a map, and a subscriber of one channel."""

    def __init__(self, redis):
        self._redis = redis
        self._sessions = {}

    async def serve(self, ws):
        """Holds one session."""
        self._sessions[ws.path.rpartition("/")[2]] = ws
        await ws.send(GREETING)
        await ws.wait_closed()

    async def listen(self, subscription):
        """Sends what is published to the session that it is for."""
        while True:
            _, channel, message = await asyncio.to_thread(subscription.read)
            if channel == b"end":
                return
            pushed = json.loads(message)
            if ws := self._sessions.get(str(pushed["KEY"])):
                await ws.send(pushed["VALUE"])

    @contextlib.asynccontextmanager
    async def running(self):
        """Runs it for the time of an `async with`, and yields where it listens."""
        subscription = self._redis.connect()
        for channel in ("waybill", "end"):
            subscription.command("SUBSCRIBE", channel)
        async with asyncio.TaskGroup() as group:
            group.create_task(self.listen(subscription))
            try:
                async with websockets.serve(self.serve, "127.0.0.1", 0) as server:
                    yield Server(server.sockets[0].getsockname()[1])
            finally:
                self._redis.publish("", channel="end")


async def test_a_push_finds_its_client_on_either_side_of_the_move(lab):
    cluster = lab.cluster(size=2)
    async with (Old(cluster.redis).running() as old, joined(old, "123", "456") as stayed,
                joined(cluster.nodes[0], "789") as moved):
        for key, ws in [("123", stayed[0]), ("456", stayed[1]), ("789", moved)]:
            assert cluster.redis.publish(f'{{"KEY":{key},"VALUE":"to {key}"}}') == 3
            assert await receive(ws) == f"to {key}"
        # Only nodes hear of pushes by HTTP.
        assert (await push(cluster.nodes[1], "456", "too early")).status == 404
        async with joined(cluster.nodes[1], "456") as ws:
            cluster.redis.publish('{"KEY":"456","VALUE":"both"}')
            assert [await receive(session) for session in (ws, stayed[1])] == ["both", "both"]


async def test_what_java_wraps_the_message_in_is_put_aside(lab):
    cluster = lab.cluster(size=1)
    text = '{"KEY":456,"VALUE":"aaaa"}'
    wrapped = [b"\xac\xed\x00\x05t\x00" + bytes([len(text)]) + text.encode(),
               json.dumps(text).encode(), b'{"KEY":456.0,"VALUE":"aaaa"}']
    for message in wrapped:
        cluster.redis.publish(message)
    await eventually(lambda: len(cluster.redis.dead_letters()) == 3)
    assert [letter[b"message"] for letter in cluster.redis.dead_letters()] == wrapped
