"""POST /push sends many pushes in one request, and tells of each what became of it."""

import contextlib
import json
import time

import pytest

from clients import (Http, assert_reachable, confirm, joined, receive, receive_many, request,
                     silent, until_ready, until_unready)
from harness import scaled


def parse(answer):
    """Returns what a batch was answered, a dict for each line."""
    assert answer.status == 200, answer
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = answer.body.split(b"\n")
    assert lines.pop() == b""
    return [json.loads(line) for line in lines]


async def batch(server, *lines, query="", end=b"\n"):
    """Sends a batch, of dicts or of lines as they are. Returns an answer for each."""
    body = b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + end
                    for line in lines)
    return parse(await request(server, "POST", "/push" + query, body))


def figures(lines):
    """Returns the figures of each line without what differs each time."""
    names = {"push", "error", "message"}
    return [{k: v for k, v in line.items() if k not in names} for line in lines]


async def test_each_line_is_answered_as_the_single_push_would_be(cluster):
    one, two, three = cluster.nodes
    async with joined(one, "456", query="?topics=news") as a, joined(two, "789") as b:
        lines = await batch(three, {"to": "456", "message": "first"},
                            {"to": "nobody", "message": "second"},
                            {"topic": "news", "message": "third"},
                            {"all": True, "message": "fourth"},
                            {"topic": "nothing", "message": "fifth"},
                            {"message": "sixth", "to": "789", "ttl": 0},
                            {"to": "later", "message": "seventh", "ttl": 600})
        assert [line["status"] for line in lines] == [200, 404, 200, 200, 404, 200, 202]
        assert [lines[i]["nodes"] for i in (0, 2, 3, 5, 6)] == [1, 1, 2, 1, 0]
        assert all(lines[i]["error"] and lines[i]["message"] for i in (1, 4))
        assert len({lines[i]["push"] for i in (0, 2, 3, 5, 6)}) == 5
        assert await receive_many(a, 3) == ["first", "third", "fourth"]
        assert await receive_many(b, 2) == ["fourth", "sixth"]
        await confirm(three, "456", a)
        await confirm(three, "789", b)
    async with joined(one, "later") as ws:
        assert await receive(ws) == "seventh"


@pytest.mark.parametrize("level, reached", [
    ("routed", {}), ("written", {"sessions": 2, "written": 2}),
    ("received", {"sessions": 2, "written": 2, "received": 2})])
async def test_receipt_and_wait_stand_in_the_query_for_all(nodes, level, reached):
    one, two, three = nodes
    count = len({one.port, two.port})
    async with joined(one, "receipt") as a, joined(two, "receipt") as b:
        lines = [{"to": "receipt", "message": str(i)} for i in range(100)]
        answers = await batch(three, *lines, query=f"?receipt={level}&wait=30s")
        assert figures(answers) == [{"nodes": count, "status": 200, **reached}] * 100
        for ws in [a, b]:
            assert await receive_many(ws, 100) == [str(i) for i in range(100)]
        await confirm(three, "receipt", a, b)


async def test_all_lines_wait_at_the_same_time(nodes):
    one, two, three = nodes
    with silent(one, "mute"):
        async with joined(two, "fast") as ws:
            began = time.monotonic()
            answers = await batch(three, *[{"to": "mute", "message": "x"}] * 5,
                                  {"to": "fast", "message": "x"},
                                  {"to": "mute", "message": "x", "ttl": 600},
                                  {"to": "gone", "message": "x"},
                                  query="?receipt=received&wait=1s")
            assert 1 <= time.monotonic() - began < 3
            counts = {"nodes": 1, "sessions": 1, "written": 1}
            assert figures(answers)[:7] == [
                *[{"status": 504, "received": 0, **counts}] * 5,
                {"status": 200, "received": 1, **counts},
                {"status": 202, "received": 0, "kept": True, **counts}]
            assert answers[7]["status"] == 404
            assert await receive(ws) == "x"


@pytest.mark.parametrize("line, text", [
    (b'{"to":"456","topic":null,"all":null,"message":"x","ttl":null}', "x"),
    (b'{"to":"456","message":"hi \\ud83d"}', "hi \ufffd"),
    (b'{"to":"456","message":"\\ude00\\ud83d\\ude00"}', "\ufffd\U0001f600"),
], ids=["null", "half an emoji", "half an emoji and a whole one"])
async def test_a_line_is_taken(node, line, text):
    async with joined(node, "456") as ws:
        answer = await request(node, "POST", "/push", line)
        assert json.loads(answer.body)["status"] == 200
        assert await receive(ws) == text


BAD = [
    b"aaaa", b'{"to":"bad","message":"x"', b"[]", b"null", b'"bad"', b"1", b"{}",
    b'{"to":"bad"}', b'{"message":"x"}', b'{"to":"bad","message":1}',
    b'{"to":"bad","message":null}', b'{"to":"bad","message":{"a":1}}',
    b'{"to":"bad","topic":"bad","message":"x"}', b'{"to":"bad","all":true,"message":"x"}',
    b'{"all":false,"message":"x"}', b'{"all":1,"message":"x"}', b'{"to":"","message":"x"}',
    b'{"to":"b/d","message":"x"}', b'{"to":"b\\u0000d","message":"x"}',
    b'{"to":null,"message":"x"}', b'{"to":"bad","message":"x","unknown":null}', b'{"to":["bad"],"message":"x"}',
    b'{"topic":"","message":"x"}', b'{"topic":7,"message":"x"}',
    b'{"to":"bad","message":"x","ttl":-1}', b'{"to":"bad","message":"x","ttl":1.5}',
    b'{"to":"bad","message":"x","ttl":"1"}',
    b'{"to":"bad","message":"x","ttl":99999999999999999999}',
    b'{"topic":"bad","message":"x","ttl":60}', b'{"all":true,"message":"x","ttl":60}',
    b'{"to":"bad","message":"\xff"}',
    b'{"to":"bad","message":"x"} {"to":"bad","message":"x"}',
    # A member that is unknown may be meant to change what the push does.
    b'{"to":"bad","message":"x","TTL":60}', b'{"to":"bad","message":"x","receipt":"received"}',
    b'{"to":"bad","message":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
]


async def test_a_bad_line_is_answered_on_its_own(nodes):
    good = {"to": "bad", "message": "good"}
    async with joined(nodes[0], "bad", query="?topics=bad") as ws:
        for line in BAD:
            before, answer, after = await batch(nodes[2], good, line, good)
            assert (before["status"], answer["status"], after["status"]) == (200, 400, 200), line
            assert answer["error"] and answer["message"]
            assert await receive_many(ws, 2) == ["good"] * 2
        await confirm(nodes[2], "bad", ws)


@pytest.mark.parametrize("query", ["?ttl=60", "?receipt=x", "?wait=5"])
async def test_what_is_wrong_in_the_query_sends_nothing(nodes, query):
    async with joined(nodes[0], "query") as ws:
        answer = await request(nodes[2], "POST", "/push" + query, b'{"to":"query","message":"x"}')
        answer.check_failure(400)
        await confirm(nodes[2], "query", ws)


async def test_lines_end_as_they_like_and_empty_ones_are_none(nodes):
    line = b'{"to":"ends","message":"x"}'
    async with joined(nodes[0], "ends") as ws:
        for body, count in [(b"", 0), (b"\n\r\n", 0), (line, 1), (line + b"\r\n" + line, 2),
                            (b"\r\n" + line + b"\r\n\n" + line + b"\r\n", 2),
                            (b" " + line + b"\t\n", 1)]:
            answers = parse(await request(nodes[2], "POST", "/push", body))
            assert figures(answers) == [{"status": 200, "nodes": 1}] * count, body
            assert await receive_many(ws, count) == ["x"] * count
        assert parse(await request(nodes[2], "POST", "/push")) == []
        await confirm(nodes[2], "ends", ws)


async def test_any_text_arrives_as_it_was(nodes):
    texts = ["", "a\nb\r\n", '"\\', "\0\x01", "连接 🚚", "x" * 100_000, '{"to":"x"}']
    async with joined(nodes[0], "texts") as ws:
        answers = await batch(nodes[2], *({"to": "texts", "message": text} for text in texts))
        assert [answer["status"] for answer in answers] == [200] * len(texts)
        assert await receive_many(ws, len(texts)) == texts
        # The same, not escaped.
        lines = [json.dumps({"to": "texts", "message": text}, ensure_ascii=False).encode()
                 for text in texts]
        await batch(nodes[2], *lines)
        assert await receive_many(ws, len(texts)) == texts


async def test_batches_and_pushes_of_one_connection_keep_their_order(cluster):
    one, _, three = cluster.nodes
    async with joined(one, "order") as ws, Http(three) as http:
        for i in range(0, 1000, 10):
            assert (await http.push("order", str(i))).status == 200
            body = b"\n".join(b'{"to":"order","message":"%d"%b}' % (j, b',"ttl":600' * (j % 2))
                              for j in range(i + 1, i + 10))
            answers = parse(await http.request("POST", "/push", body))
            assert figures(answers) == [
                {"status": 200, "nodes": 1, **({"kept": True} if j % 2 else {})}
                for j in range(i + 1, i + 10)]
        assert await receive_many(ws, 1000) == [str(i) for i in range(1000)]


@pytest.mark.parametrize("level", ["routed", "received"])
async def test_thousands_of_lines_are_answered_in_order(cluster, level):
    count, names = scaled(5000), [f"m{i}" for i in range(7)]
    async with contextlib.AsyncExitStack() as stack:
        sessions = [await stack.enter_async_context(joined(cluster.nodes[i % 3], name))
                    for i, name in enumerate(names)]
        lines = [{"to": names[i % 7] if i % 10 else "nobody", "message": str(i)}
                 for i in range(count)]
        began = time.monotonic()
        answers = await batch(cluster.nodes[0], *lines, query=f"?receipt={level}&wait=30s")
        print(f"{count} lines {level} in {time.monotonic() - began:.2f} s")
        expected = [200 if i % 10 else 404 for i in range(count)]
        assert [answer["status"] for answer in answers] == expected
        if level == "received":
            assert sum(answer.get("received", 0) for answer in answers) == expected.count(200)
        for i, ws in enumerate(sessions):
            mine = [str(j) for j in range(i, count, 7) if j % 10]
            assert await receive_many(ws, len(mine)) == mine
            await confirm(cluster.nodes[1], names[i], ws)


async def test_without_redis_every_line_is_refused(lab):
    cluster = lab.cluster(size=2)
    one, two = cluster.nodes
    lines = [{"to": "456", "message": "never"}, {"all": True, "message": "never"},
             {"to": "456", "message": "never", "ttl": 600}, b"bad"]
    async with joined(one, "456") as ws:
        cluster.redis.kill()
        await until_unready(two)
        for query in ["", "?receipt=received"]:
            answers = await batch(two, *lines, query=query)
            assert [answer["status"] for answer in answers] == [503, 503, 503, 400]
            assert all(answer["error"] for answer in answers)
        cluster.redis.start()
        await until_ready(*cluster.nodes)
        await assert_reachable(two, "456", ws)


async def test_a_frozen_node_is_unknown_to_its_own_lines(lab):
    one, two = lab.cluster(size=2).nodes
    async with joined(one, "456"), joined(two, "789") as ws:
        one.freeze()
        answers = await batch(two, {"to": "456", "message": "x"}, {"to": "789", "message": "x"},
                              query="?receipt=received&wait=500ms")
        one.thaw()
        assert figures(answers) == [
            {"status": 504, "nodes": 1, "sessions": 0, "written": 0, "received": 0, "unknown": 1},
            {"status": 200, "nodes": 1, "sessions": 1, "written": 1, "received": 1}]
        assert await receive(ws) == "x"
