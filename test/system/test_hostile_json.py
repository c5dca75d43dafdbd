"""JSON that is made to hurt gets a bounded answer, and costs bounded memory."""

import json

import pytest

from clients import Http, assert_reachable, get, joined, push, receive
from harness import eventually
from memory import MIB, bounded_memory

DEEP = 100_000

# More than the open channel takes, and less than a busy machine reads in the time
# that a node may lag behind.
LONG = 16 * MIB


def message(value, key=b"456"):
    """Returns a message of the open channel."""
    return b'{"KEY":%b,"VALUE":%b}' % (key, value)


def nested(begin, middle, end, depth=DEEP):
    """Returns JSON that is nested."""
    return begin * depth + middle + end * depth


REFUSED = {
    "arrays 100,000 deep": message(nested(b"[", b"", b"]")),
    "objects 100,000 deep": message(nested(b'{"a":', b"1", b"}")),
    "arrays that do not end": message(nested(b"[", b"", b"")),
    "both, a million deep": message(nested(b'[{"a":', b"", b"", 1_000_000)),
    "deep in a member that is ignored": b'{"KEY":456,"VALUE":"a","X":%b}' % nested(b"[", b"", b"]"),
    "deep in KEY": message(b'"a"', nested(b"[", b"", b"]")),
    "a long VALUE": message(b'"%b"' % (b"x" * LONG)),
    "a long KEY": message(b'"a"', b'"%b"' % (b"x" * LONG)),
    "a long member that is ignored": b'{"KEY":456,"X":"%b","VALUE":"a"}' % (b"x" * LONG),
    "a long name": b'{"KEY":456,"%b":1,"VALUE":"a"}' % (b"x" * LONG),
    "a long number": message(b"1" * LONG),
    "long white space": message(b" " * LONG + b"1"),
    "many escapes": message(b'"%b"' % (b"\\u0041" * (LONG // 6))),
    "many members": message(b"{%b}" % (b'"a":1,' * (LONG // 6) + b'"b":1')),
    "many elements": message(b"[%b1]" % (b"1," * (LONG // 2))),
    "long nonsense": b"x" * LONG,
    "a number beyond all": message(b"1e400"),
    "a number below all": message(b"-1e99999999999999999999"),
    "a KEY beyond all": message(b'"a"', b"1e400"),
    "a KEY of many digits": message(b'"a"', b"9" * 100_000),
    "a surrogate in UTF-8": message(b'"\xed\xa0\x80"'),
    "an overlong form": message(b'"\xc0\x80"'),
}

TAKEN = {
    "two KEYs": (b'{"KEY":1,"KEY":456,"VALUE":"a"}', "a"),
    "two VALUEs": (b'{"KEY":456,"VALUE":"a","VALUE":"b"}', "b"),
    "two names that are written in two ways": (
        b'{"KEY":1,"\\u004bEY":456,"VALUE":"a"}', "a"),
    "many duplicates": (b'{%b"KEY":456,"VALUE":"a"}' % (b'"KEY":1,' * 100_000), "a"),
    "a large number": (message(b"1" * 300), "1" * 300),
    "a small number": (message(b"1e-400"), "1e-400"),
    "half a surrogate": (message(b'"\\ud800"'), "\ufffd"),
    "surrogates the wrong way round": (message(b'"\\udc00\\ud800"'), "\ufffd" * 2),
    "half a surrogate in a name": (b'{"\\ud800":1,"KEY":456,"VALUE":"a"}', "a"),
    "a whole surrogate pair": (message(b'"\\ud83d\\ude00"'), "😀"),
    "a zero character": (message(b'"\\u0000"'), "\0"),
}


@pytest.fixture(scope="module")
def single(shared_lab):
    """A node, and a Redis that lets its subscribers fall far behind."""
    redis = shared_lab.redis("--client-output-buffer-limit", "pubsub 0 0 0")
    return shared_lab.cluster(size=1, redis=redis)


async def accepts_pushes(node):
    """Tells whether a node takes pushes: it answers 503 while it lags behind."""
    return (await push(node, "nobody", "a")).status == 404


@pytest.mark.parametrize("case", REFUSED)
async def test_the_open_channel_makes_a_dead_letter_of_it(single, case):
    node, = single.nodes
    single.redis.command("DEL", "waybill:dead")
    before = await get(node, "/stats")
    async with joined(node, "456") as ws:
        # A text that comes is read whole, and copied once. The allocator keeps some of it.
        async with bounded_memory(node, peak=4 * LONG, rest=2 * LONG):
            single.redis.publish(REFUSED[case])
            letters = await eventually(single.redis.dead_letters)
            # hiredis keeps its buffer until it has read some more.
            for _ in range(3):
                single.redis.publish(message(b'"%b"' % (b"x" * 2000)))
                assert await receive(ws) == "x" * 2000
        # A node that still reads a long message lags behind.
        await eventually(lambda: accepts_pushes(node))
        await assert_reachable(node, "456", ws)
    letter, = letters
    assert letter[b"message"] == REFUSED[case][:4096] and letter[b"reason"]
    after = await get(node, "/stats")
    assert after["bad_messages"] == before["bad_messages"] + 1
    assert after["links_lost"] == before["links_lost"]


@pytest.mark.parametrize("case", TAKEN)
async def test_the_open_channel_takes_what_has_a_meaning(single, case):
    node, = single.nodes
    data, text = TAKEN[case]
    single.redis.command("DEL", "waybill:dead")
    async with joined(node, "456") as ws:
        single.redis.publish(data)
        assert await receive(ws) == text
    assert single.redis.dead_letters() == []


async def test_what_redis_itself_refuses_to_carry_costs_a_moment(lab):
    cluster = lab.cluster(size=1)
    node, = cluster.nodes
    async with joined(node, "456") as ws:
        # Past the buffer that it allows a subscriber, Redis cuts it off.
        cluster.redis.publish(b"x" * 50 * MIB)

        async def is_back():
            return (await get(node, "/stats"))["links_lost"] == 1

        await eventually(is_back)

        async def is_reachable():
            async with Http(node) as http:
                return (await http.push("456", "again")).status == 200

        await eventually(is_reachable)
        assert await receive(ws) == "again"


BAD_LINES = {
    "arrays 100,000 deep": nested(b"[", b"", b"]"),
    "objects without end": nested(b'{"a":', b"", b"", 40_000),
    "a deep message": b'{"to":"456","message":%b}' % nested(b"[", b"", b"]"),
    "a deep ttl": b'{"to":"456","message":"a","ttl":%b}' % nested(b"[", b"", b"]"),
    "a deep name": b'{"to":%b,"message":"a"}' % nested(b"[", b"", b"]"),
    "a deep member": b'{"to":"456","message":"a","x":%b}' % nested(b"[", b"", b"]"),
    "a long name": b'{"to":"%b","message":"a"}' % (b"x" * 200_000),
    "a long number": b'{"to":"456","message":"a","ttl":%b}' % (b"1" * 200_000),
    "a huge ttl": b'{"to":"456","message":"a","ttl":1e400}',
    "a ttl beyond 64 bits": b'{"to":"456","message":"a","ttl":18446744073709551616}',
    "a ttl that wraps around": b'{"to":"456","message":"a","ttl":18446744073709551615}',
    "a ttl with an exponent": b'{"to":"456","message":"a","ttl":1e1}',
    "a ttl below zero": b'{"to":"456","message":"a","ttl":-1}',
    "a message that is a number": b'{"to":"456","message":1e308}',
    "half a surrogate in the name of a member": b'{"to":"456","message":"a","\\udfff":1}',
    "a surrogate in UTF-8": b'{"to":"456","message":"\xed\xa0\x80"}',
    "bytes that are no text": b'{"to":"456","message":"\xff"}',
    "a zero byte": b'{"to":"456","message":"\0"}',
}


@pytest.mark.parametrize("case", BAD_LINES)
async def test_a_line_of_a_batch_is_refused_and_no_other(node, case):
    async with joined(node, "456") as ws, Http(node) as http:
        async with bounded_memory(node, peak=32 * MIB, rest=16 * MIB):
            good = b'{"to":"456","message":"good"}\n'
            answer = await http.request("POST", "/push", good + BAD_LINES[case] + b"\n" + good)
        assert answer.status == 200
        first, bad, last = [json.loads(line) for line in answer.body.splitlines()]
        assert (first["status"], last["status"]) == (200, 200)
        assert (bad["status"], bad["error"]) == (400, "bad_line") and bad["message"]
        assert [await receive(ws) for _ in range(2)] == ["good", "good"]
        await assert_reachable(node, "456", ws)


async def test_of_two_members_of_a_line_the_last_counts(node):
    async with joined(node, "456") as ws, Http(node) as http:
        line = b'{"to":"nobody","to":"456","message":"a","message":"b"}'
        answer = await http.request("POST", "/push", line)
        assert json.loads(answer.body)["status"] == 200
        assert await receive(ws) == "b"


@pytest.mark.parametrize("line", [b"1\n", b"{}\n", b'{"to":"nobody","message":""}\n'])
async def test_a_batch_of_too_many_lines_is_refused_as_a_whole(node, line):
    async with Http(node) as http:
        async with bounded_memory(node, peak=64 * MIB, rest=16 * MIB):
            lines = line * (256 * 1024 // len(line))
            answer = await http.request("POST", "/push", lines[:256 * 1024])
            if len(lines) // len(line) > 10_000:
                answer.check_failure(413)
            answer = await http.request("POST", "/push", line * 5000)
            assert answer.status == 200 and answer.body.count(b"\n") == 5000


@pytest.mark.parametrize("path", ["/socket/456", "/push", "/broadcast", "/topic/456"])
async def test_a_long_body_is_refused_before_it_is_read(node, path):
    async with Http(node) as http:
        async with bounded_memory(node, peak=16 * MIB, rest=16 * MIB):
            await http.send(b"POST %b HTTP/1.1\r\nHost: waybill\r\nContent-Length: %d\r\n\r\n"
                            % (path.encode(), LONG) + b'"' + b"x" * LONG)
            (await http.read()).check_failure(413)


async def test_a_body_is_not_looked_into(node):
    async with joined(node, "456") as ws, Http(node) as http:
        for body in [nested(b"[", b"", b"]"), b'{"a":1,"a":2}', b'"\\ud800"', b"1e400"]:
            assert (await http.push("456", body.decode())).status == 200
            assert await receive(ws) == body.decode()
