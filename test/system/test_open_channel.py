"""Every program can push by publishing {"KEY":…,"VALUE":…} on channel waybill."""

import pytest

from clients import assert_reachable, joined, receive
from harness import eventually


async def check(cluster, message, name, text):
    """Publishes a message, and checks that it reaches the sessions of an id on
    two nodes once."""
    one, two, three = cluster.nodes
    async with joined(one, name) as first, joined(two, name) as second:
        assert cluster.redis.publish(message) == 3
        assert await receive(first) == text
        assert await receive(second) == text
        await assert_reachable(three, name, first, second)


@pytest.mark.parametrize("key, name", [
    ("456", "456"),
    ('"456"', "456"),
    ('"4\\u00356"', "456"),
    ("0", "0"),
    ("-7", "-7"),
    ("9007199254740993", "9007199254740993"),
    ("18446744073709551615", "18446744073709551615"),
    ("9223372036854775808", "9223372036854775808"),
    ("-9223372036854775808", "-9223372036854775808"),
    ('"00456"', "00456"),
    ('"1e3"', "1e3"),
    ('"连接"', "连接"),
    ('"\\u8fde \\ud83d\\ude9a"', "连 🚚"),
    ('"' + "x" * 256 + '"', "x" * 256),
], ids=lambda x: x[:24])
async def test_a_key_is_an_id_or_an_integer_taken_exactly(cluster, key, name):
    await check(cluster, '{"KEY":%s,"VALUE":"aaaa"}' % key, name, "aaaa")


@pytest.mark.parametrize("value, text", [
    ('"aaaa"', "aaaa"),
    ('""', ""),
    ('"a\\u0041\\n\\"\\\\\\/ \\ud83d\\ude9a"', 'aA\n"\\/ 🚚'),
    ('"{ not : compacted }"', "{ not : compacted }"),
    ("1.0", "1.0"),
    ("1e5", "1e5"),
    ("-0.10E+02", "-0.10E+02"),
    ("123456789012345678901234567890", "123456789012345678901234567890"),
    ("true", "true"),
    ("null", "null"),
    (" {\t} ", "{}"),
    ("[ ]", "[]"),
    ('{ "n" : [ 1.0 ,\r\n1e5, -0 ] ,\t"s": "\\u0041  \\" b" , "t":true }',
     '{"n":[1.0,1e5,-0],"s":"\\u0041  \\" b","t":true}'),
    ('{"b":1,"a":2,"b":3}', '{"b":1,"a":2,"b":3}'),
    ("[" * 100 + "]" * 100, "[" * 100 + "]" * 100),
], ids=lambda x: repr(x[:24]))
async def test_a_value_arrives_as_its_text_or_as_the_json_it_was(cluster, value, text):
    await check(cluster, '{"KEY":456,"VALUE":%s}' % value, "456", text)


@pytest.mark.parametrize("message", [
    ' { "VALUE" : "aaaa" , "KEY" : 456 } ',
    '\r\n{"KEY":456,\t"VALUE":"aaaa"}\n',
    '{"ID":7,"KEY":456,"X":{"KEY":9,"VALUE":["b"]},"VALUE":"aaaa","key":8}',
    '{"\\u004bEY":456,"VALUE":"aaaa"}',
])
async def test_order_white_space_and_other_members_do_not_matter(cluster, message):
    await check(cluster, message, "456", "aaaa")


async def test_nothing_of_this_became_a_dead_letter(cluster):
    cluster.redis.publish('{"KEY":456,"VALUE":"aaaa"}')
    cluster.redis.publish("this does")
    # Each node writes its letters in order, so that none came before this one.
    letters = await eventually(cluster.redis.dead_letters)
    assert [letter[b"message"] for letter in letters] == [b"this does"]


async def test_messages_of_one_program_arrive_in_order(cluster):
    async with joined(cluster.nodes[0], "ordered") as ws:
        for i in range(500):
            cluster.redis.publish('{"KEY":"ordered","VALUE":%d}' % i)
        assert [await receive(ws) for _ in range(500)] == [str(i) for i in range(500)]
