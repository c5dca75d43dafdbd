"""The services of app/java/WaybillClient.java for programs that listen."""

import asyncio
import contextlib
import time

import pytest
import websockets

from clients import keep, push, request
from harness import Server, eventually
from java_transcript import classes, java, listening
from proxy import Proxy
from tokens import SECRET, token

# Fixtures, which pytest looks for in this module.
__all__ = ["classes", "java", "listening"]


async def test_a_client_comes_back_to_a_node_that_was_restarted(lab, listening):
    cluster = lab.cluster(size=2)
    one, two = cluster.nodes
    client = listening([one], "456")
    await client.until("open: 连接成功!")
    assert (await push(two, "456", "live", "?receipt=received")).status == 200
    assert (await push(two, "456", b"\0\xff", "?receipt=received")).status == 200
    assert (await request(two, "POST", "/topic/news", "新闻".encode())).status == 200
    cluster.redis.publish('{"KEY":"456","VALUE":"open \\"channel\\""}')
    await client.until("message: live", "message: bytes [0, -1]", "message: 新闻 news",
                       'message: open "channel" unnamed')
    one.stop()
    await client.until("close: 1001 true this node is stopping; retry=")
    await keep(two, "456", "kept")
    lab.node("--node", "node1", redis=cluster.redis, listen=f"127.0.0.1:{one.port}")
    await client.until("open: ", "message: kept kept")
    await eventually(lambda: cluster.redis.command("XLEN", "waybill:mail:{id:456}") == 0)


async def test_a_message_whose_handler_throws_comes_again(lab, listening):
    node = lab.node()
    await keep(node, "456", "before", "throw", "after")
    client = listening([node], "456")
    await client.until("open: ", "message: before kept", "throws: throw kept", "close: 0 true ",
                       "open: ", "message: throw kept", "message: after kept")
    assert (await push(node, "456", "x", "?receipt=received")).status == 200
    assert client.out.all().count("message: before kept") == 1
    await client.until("message: x")


async def test_a_kicked_client_does_not_come_back(node, listening):
    client = listening([node], "java-kicked")
    await client.until("open: ")
    assert (await request(node, "DELETE", "/socket/java-kicked")).status == 200
    await client.until("close: 4500 false ")
    assert await asyncio.to_thread(client.wait) == 0


async def test_a_client_whose_id_is_strange_is_that_id(node, listening):
    client = listening([node], "a b+c ü%")
    await client.until("open: ")
    assert (await push(node, "a b+c ü%", "x", "?receipt=received")).status == 200
    await client.until("message: x")


@contextlib.asynccontextmanager
async def scripted(serve):
    """A server of WebSockets that does what a coroutine says, for the time of an `async with`."""
    async with websockets.serve(serve, "127.0.0.1", 0, subprotocols=["waybill.v1"]) as server:
        yield Server(server.sockets[0].getsockname()[1])


async def test_only_kept_pushes_that_come_again_are_dropped(listening):
    kept, live, open_channel = ('{"push":"a","kept":true,"data":"kept"}',
                                '{"push":"a","data":"live"}', '{"data":"open channel"}')

    async def serve(ws):
        for text in ["hello", kept, live, open_channel, kept, live, open_channel,
                     '{"push":"c","kept":true,"data":"kept"}']:
            await ws.send(text)

    async with scripted(serve) as server:
        client = listening([server], "456")
        messages = ["message: kept kept", "message: live", "message: open channel unnamed",
                    "message: live", "message: open channel unnamed"]
        await client.until("open: hello", *messages, "message: kept kept", "close: 1000 true")
        # Nor does what was handled come again by another connection.
        await client.until("open: hello", *messages[1:], "close: 1000 true")


@pytest.mark.parametrize("code", [1001, 1013])
async def test_a_client_comes_back_at_the_time_that_it_is_told(listening, code):
    times = []

    async def serve(ws):
        times.append(time.monotonic())
        await ws.send("hello")
        await ws.close(code, "not now; retry=1.5")

    async with scripted(serve) as server:
        client = listening([server], "456")
        await client.until(f"close: {code} true not now; retry=1.5", "open: hello")
    # Without the hint it comes within half a second after 1001, and within 30 s after 1013.
    assert 1.5 <= times[1] - times[0] < 10


async def test_a_connection_without_a_sign_of_life_is_given_up(node, listening):
    class Network(Proxy):
        """A network that may lose what clients send."""

        loses = False

        def from_client(self, data):
            """Returns what is passed on."""
            return b"" if self.loses else data

    with Network(node.port) as network:
        client = listening([network], "lost", heartbeat="PT0.5S")
        await client.until("open: ")
        network.loses = True
        await client.until("close: 0 true no heartbeat")
        network.loses = False
        await client.until("open: ")


async def test_a_token_opens_a_session_for_its_id_and_topics(lab, java, listening, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    node = lab.node("--auth", "jwt", "--jwt-key-file", str(secret))
    [made] = await java([node], "token", SECRET, 'a "b" ü')
    client = listening([node], 'a "b" ü', key=made)
    await client.until("open: ")
    assert (await request(node, "POST", "/topic/news", b"x")).status == 200
    await client.until("message: x news")
    refused = listening([node], "other", key=made)
    await refused.until("close: 403 true refused")
    expired = listening([node], "456", key=token("456", lifetime=-60))
    await expired.until("close: 401 true refused")
