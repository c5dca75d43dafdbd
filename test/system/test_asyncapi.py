"""The description of WebSockets and Redis, asyncapi.yaml, says what they carry."""

import base64
import json
import signal

import jsonschema
import pytest
import websockets

from clients import GREETING, close_of, joined, keep, push, receive, request, silent, stall
from harness import eventually
from raw_websocket import PING, PONG, TEXT, RawWebSocket, frame
from reference import REFERENCE, Description, module, table_with
from tokens import SECRET, token

API = Description("asyncapi.yaml")
CHANNELS = API.all["channels"]
MESSAGES = API.all["components"]["messages"]
CLOSES = {entry["code"]: entry["reconnect"] for entry in CHANNELS["session"]["x-close-codes"]}


def check(name, payload):
    """Checks that a message has the payload that is described."""
    API.check(payload, MESSAGES[name]["payload"])


def examples_of(name):
    """Returns the payloads of the examples of a message."""
    return [example["payload"] for example in MESSAGES[name]["examples"]]


def test_it_is_asyncapi():
    # The names by which the parts of this schema would be known only confuse jsonschema.
    schema = json.loads(module("@asyncapi/specs/schemas/3.0.0-without-$id.json").read_text(),
                        object_hook=lambda x: {k: v for k, v in x.items() if k != "$id"})
    jsonschema.Draft7Validator(schema).validate(API.all)


@pytest.mark.parametrize("name, schema", API.schemas())
def test_a_schema_is_one(name, schema):
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("name", [name for name in MESSAGES if "examples" in MESSAGES[name]])
def test_an_example_is_one(name):
    for payload in examples_of(name):
        check(name, payload)


# -- WebSocket -----------------------------------------------------------------


async def test_a_client_is_greeted_and_sent_pushes(node):
    assert MESSAGES["greeting"]["payload"]["default"] == GREETING
    async with joined(node, "456") as ws:
        for message, kind in [("hello", "textPush"), (b"\xff", "binaryPush")]:
            assert (await push(node, "456", message)).status == 200
            assert await receive(ws) == message
            check(kind, message)


async def test_topics_and_subprotocols_are_as_described(node):
    binding = CHANNELS["session"]["bindings"]["ws"]
    topics, = binding["query"]["properties"]["topics"]["examples"]
    offered, = API.resolve(binding["headers"]["properties"]["Sec-WebSocket-Protocol"])["examples"]
    own, bearer = offered.split(", ")
    for protocols, agreed in [([own, bearer], own), ([bearer], bearer)]:
        async with joined(node, "456", query=f"?topics={topics}", subprotocols=protocols) as ws:
            assert ws.subprotocol == agreed
            for topic in topics.split(","):
                assert (await request(node, "POST", f"/topic/{topic}", b"x")).status == 200
                assert await receive(ws) == "x"


async def test_pushes_have_names_if_the_client_offers_it(lab):
    cluster = lab.cluster(size=2)
    one, two = cluster.nodes
    query = "?topics=news"
    async with (joined(one, "456", query=query, subprotocols=["waybill.v1"]) as ws,
                joined(one, "456", query=query) as plain):
        assert ws.subprotocol == "waybill.v1"
        for target, body, more in [
                ("/socket/456", b"hello", {"data": "hello"}),
                ("/socket/456?ttl=60", b"hello", {"kept": True, "data": "hello"}),
                ("/topic/news", b"hello", {"topic": "news", "data": "hello"}),
                ("/broadcast", b"hello", {"data": "hello"})]:
            answer = await request(two, "POST", target, body)
            message = json.loads(await receive(ws))
            check("namedPush", message)
            assert message == {"push": answer.json["push"], **more}
            assert await receive(plain) == "hello"
        assert (await push(two, "456", b"\xff")).status == 200
        assert json.loads(await receive(ws))["base64"] == "/w=="
        cluster.redis.command("PUBLISH", "waybill", '{"KEY":"456","VALUE":"open"}')
        assert json.loads(await receive(ws)) == {"data": "open"}
    await keep(two, "later", "hello")
    async with joined(one, "later", subprotocols=["waybill.v1"]) as ws:
        message = json.loads(await receive(ws))
        check("namedPush", message)
        assert message["kept"] and message["push"] and message["data"] == "hello"


async def test_a_ping_asks_whether_a_push_was_read(node):
    with silent(node, "quiet") as ws:
        answer = await push(node, "quiet", "x", "?receipt=received&wait=50ms")
        assert answer.status == 504
        assert ws.read_frame() == (TEXT, b"x")
        kind, number = ws.read_frame()
        assert kind == PING
        ws.send_frame(PONG, number)
        assert (await push(node, "quiet", "y", "?receipt=written")).status == 200


# -- close codes ---------------------------------------------------------------


async def stopping(lab, _):
    """Stops the node of a client."""
    node = lab.node()
    async with joined(node, "456") as ws:
        node.signal(signal.SIGTERM)
        code = await close_of(ws)
    assert node.wait() == 0
    return code


def sending(data, *options):
    """Has a client send frames, to a node with some options."""
    async def close(lab, _):
        with RawWebSocket(lab.node(*options), "456") as ws:
            ws.read_handshake()
            ws.socket.sendall(data)
            return ws.read_close()

    return close


async def pushing_too_much(lab, _):
    """Pushes more than the queue of a client holds."""
    node = lab.node("--max-queue", "128KiB")
    with silent(node, "456") as ws:
        await stall(node, "456")
        for _ in range(2):
            await push(node, "456", "x" * 100_000)
        return ws.read_close()


async def letting_its_token_expire(lab, folder):
    """Lets a client in for two seconds."""
    (folder / "secrets").write_text(SECRET)
    node = lab.node("--auth", "jwt", "--jwt-key-file", folder / "secrets")
    async with joined(node, "456", query=f"?token={token('456', lifetime=2)}") as ws:
        return await close_of(ws)


async def kicking(lab, _):
    """Asks a node to close a client."""
    node = lab.node()
    async with joined(node, "456") as ws:
        assert (await request(node, "DELETE", "/socket/456")).status == 200
        return await close_of(ws)


async def replacing(lab, _):
    """Has another session of a client join."""
    async with joined(lab.node("--same-id", "newest-per-node"), "456", "456") as (older, _):
        return await close_of(older)


ENDS = {1001: stopping, 1002: sending(frame(3, b"")), 1007: sending(frame(TEXT, b"\xff")),
        1008: sending(frame(TEXT, b"x") * 10_000, "--max-message-rate", "1"),
        1009: sending(frame(TEXT, b"x" * 65537)), 1013: pushing_too_much, 4001: letting_its_token_expire, 4500: kicking, 4501: replacing}


# With 1011 a session ends by an error of the node's own, which nobody can provoke.
@pytest.mark.parametrize("code", CLOSES.keys() - {1011})
async def test_a_session_ends_with_each_described_code(lab, tmp_path, code):
    assert await ENDS[code](lab, tmp_path) == code


def test_the_words_of_the_reference_say_the_same():
    rows = table_with((REFERENCE / "README.md").read_text(), "close code")
    told = {int(code): answer.split(":")[0].split(",")[0]
            for codes, _, answer in rows for code in codes.split(", ")}
    assert told == CLOSES


# -- Redis ---------------------------------------------------------------------


async def test_the_open_channel_takes_the_examples(cluster):
    for payload in examples_of("openPush"):
        value = payload["VALUE"]
        text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        async with joined(cluster.nodes[0], str(payload["KEY"])) as ws:
            assert cluster.redis.publish(json.dumps(payload), CHANNELS["open"]["address"]) == 3
            assert await receive(ws) == text


@pytest.mark.parametrize("payload", [
    {"KEY": 456}, {"VALUE": 456}, {"KEY": "", "VALUE": ""}, {"KEY": None, "VALUE": ""},
    {"KEY": 2 ** 64, "VALUE": ""}, {"KEY": "a/b", "VALUE": ""}, {"KEY": "a\nb", "VALUE": ""}],
    ids=str)
async def test_what_is_not_as_described_becomes_a_dead_letter(lab, payload):
    with pytest.raises(jsonschema.ValidationError):
        check("openPush", payload)
    redis = lab.cluster(size=1).redis
    redis.publish(json.dumps(payload))
    letter, = await eventually(redis.dead_letters)
    assert CHANNELS["deadLetters"]["address"] == "waybill:dead"
    letter = {name.decode(): value.decode() for name, value in letter.items()}
    check("deadLetter", letter)
    assert json.loads(letter["message"]) == payload


async def test_what_clients_send_is_published_as_described(lab):
    cluster = lab.cluster("--upstream", "redis", size=1)
    listener = cluster.redis.connect()
    listener.command("SUBSCRIBE", CHANNELS["upstream"]["address"])
    text, binary = examples_of("upstream")
    async with joined(cluster.nodes[0], text["KEY"]) as ws:
        for message, expected in [(text["VALUE"], text),
                                  (base64.b64decode(binary["VALUE"]), binary)]:
            await ws.send(message)
            published = json.loads(listener.read()[2])
            check("upstream", published)
            assert published == expected
