"""A push finds the sessions of an id, wherever they are connected."""

import pytest
import websockets

from clients import Http, assert_reachable, get, joined, push, receive, request
from harness import eventually


async def test_a_push_reaches_every_session_of_its_id_on_other_nodes(cluster):
    one, two, three = cluster.nodes
    async with joined(one, "456") as first, joined(two, "456") as second:
        answer = await push(three, "456", "aaaa")
        assert answer.status == 200
        assert answer.json.keys() == {"push", "nodes"}
        assert answer.json["nodes"] == 2
        assert await receive(first) == "aaaa"
        assert await receive(second) == "aaaa"
        # Nothing else came, such as a second copy.
        await assert_reachable(one, "456", first, second)


async def test_each_push_has_an_id_of_its_own(cluster):
    async with joined(cluster.nodes[0], "named"):
        answers = [await push(node, "named", "x") for node in cluster.nodes * 3]
        assert len({answer.json["push"] for answer in answers}) == 9


async def test_a_push_to_an_id_that_nobody_holds_is_not_found(cluster):
    for node in cluster.nodes:
        (await push(node, "nobody", "aaaa")).check_failure(404)


async def test_a_push_is_not_found_once_the_last_session_has_left(cluster):
    one, two, _ = cluster.nodes
    async with joined(one, "leaver"):
        await assert_reachable(two, "leaver")

    async def is_unknown():
        return (await push(two, "leaver", "aaaa")).status == 404

    await eventually(is_unknown)


@pytest.mark.parametrize("text", [
    "",
    " two  spaces \r\n and lines\n",
    '{"looks": ["like", "JSON"], "n": 1.0}',
    '"quoted" \\u0041 \\n',
    "\0 \x01 \x1b[31m \x7f",
    "\ufeffmark",
    "连接 🚚 e\u0301",
    "x" * 125, "x" * 126, "x" * 65535, "x" * 65536, "ü" * 131072,
], ids=lambda text: repr(text[:20]) + f"-{len(text)}")
async def test_a_text_arrives_byte_for_byte(cluster, text):
    one, _, three = cluster.nodes
    async with joined(one, "text", max_size=None) as ws:
        assert (await push(three, "text", text)).status == 200
        assert await receive(ws) == text


@pytest.mark.parametrize("data", [b"", bytes(range(256)), b"\xff" * 262144],
                         ids=["empty", "every byte", "256 KiB"])
async def test_bytes_arrive_as_a_binary_frame(cluster, data):
    one, _, three = cluster.nodes
    async with joined(one, "binary", max_size=None) as ws:
        assert (await push(three, "binary", data)).status == 200
        assert await receive(ws) == data


@pytest.mark.parametrize("content_type, expected", [
    ("application/octet-stream", b"x"),
    ("Application/Octet-Stream; a=b", b"x"),
    ("application/protobuf", b"x"),
    ("image/png", b"x"),
    ("application/json", "x"),
    ("text/plain; charset=utf-8", "x"),
    ("application/x-www-form-urlencoded", "x"),
])
async def test_the_content_type_decides_between_text_and_binary(cluster, content_type, expected):
    one, _, three = cluster.nodes
    async with joined(one, "typed") as ws:
        await request(three, "POST", "/socket/typed", b"x", {"Content-Type": content_type})
        assert await receive(ws) == expected


async def test_a_post_without_a_length_is_a_push_of_an_empty_text(cluster):
    one, _, three = cluster.nodes
    async with joined(one, "lengthless") as ws:
        answer = await request(three, "POST", "/socket/lengthless")
        assert answer.status == 200
        assert await receive(ws) == ""


@pytest.mark.parametrize("name", [
    "连接", "🚚", "a b", "a+b", "%41", "?a=1#b", "x" * 256, "连" * 85, "a:b*[c]", "\u00a0", "..", "auth0|42",
])
async def test_any_text_without_controls_and_slashes_is_an_id(cluster, name):
    one, _, three = cluster.nodes
    async with joined(one, name) as ws:
        await assert_reachable(three, name, ws)


async def test_an_id_may_be_encoded_in_several_ways(cluster):
    one, _, three = cluster.nodes
    async with joined(one, "a+ü~") as ws:
        for target in ["/socket/a+%C3%BC~", "/socket/%61%2B%c3%bc%7e"]:
            assert (await request(three, "POST", target, b"x")).status == 200
            assert await receive(ws) == "x"


async def test_presence_tells_on_how_many_nodes_an_id_is_connected(cluster):
    one, two, three = cluster.nodes
    async with joined(one, "present", "present"), joined(two, "present"):
        for node in cluster.nodes:
            answer = await request(node, "GET", "/socket/present")
            assert answer.status == 200
            assert answer.json == {"id": "present", "online": True, "nodes": 2}
    assert await get(three, "/socket/%E8%BF%9E") == {"id": "连", "online": False, "nodes": 0}


@pytest.mark.parametrize("target", ["/socket/1", "/livez", "/readyz"])
async def test_head_answers_what_get_does_but_the_body(cluster, target):
    got, head = [await request(cluster.nodes[0], method, target) for method in ("GET", "HEAD")]
    assert (head.status, head.headers) == (got.status, got.headers)
    assert got.body and not head.body


async def test_the_probes_say_that_a_node_is_live_and_ready(cluster):
    for target in ["/livez", "/readyz"]:
        assert (await request(cluster.nodes[0], "GET", target)).status == 200


async def test_a_node_without_redis_routes_on_its_own(node):
    async with joined(node, "456", "456") as (first, second):
        answer = await assert_reachable(node, "456", first, second)
        assert answer.json["nodes"] == 1
        assert await get(node, "/socket/456") == {"id": "456", "online": True, "nodes": 1}
    (await push(node, "nobody", "aaaa")).check_failure(404)


async def test_pushes_of_one_connection_arrive_in_order(cluster):
    one, _, three = cluster.nodes
    async with joined(one, "ordered") as ws, Http(three) as http:
        for i in range(500):
            assert (await http.push("ordered", str(i))).status == 200
        assert [await receive(ws) for _ in range(500)] == [str(i) for i in range(500)]


async def test_clusters_with_other_names_in_redis_do_not_hear_each_other(lab):
    redis = lab.redis()
    ours = lab.node(redis=redis)
    theirs = lab.node("--redis-prefix", "other", "--redis-channel", "their", redis=redis)
    async with joined(ours, "456") as here, joined(theirs, "456") as there:
        assert (await assert_reachable(ours, "456", here)).json["nodes"] == 1
        assert (await assert_reachable(theirs, "456", there)).json["nodes"] == 1
        redis.publish('{"KEY":456,"VALUE":"theirs"}', channel="their")
        assert await receive(there) == "theirs"
        await assert_reachable(ours, "456", here)
        assert redis.subscribers("456") == {"456": 1}


async def test_a_greeting_can_be_chosen_or_left_out(lab):
    own, none = lab.node("--greeting", "你好"), lab.node("--greeting", "")
    async with joined(own, "456", greeting="你好"):
        pass
    # Without a greeting the first frame is the first push.
    async with websockets.connect(none.ws_url("456")) as ws:
        async def is_pushed():
            return (await push(none, "456", "aaaa")).status == 200

        await eventually(is_pushed)
        assert await receive(ws) == "aaaa"
