"""An entry of a mailbox that cannot be read costs itself, and nothing behind it."""

import time

import pytest

from clients import confirm, get, joined, keep, push, receive_many
from harness import eventually

GOOD = b"\x83\xa4push\xa1p\xa4text\xa4good\xa5entry"


def expiry():
    """Returns what stands in an entry that lives on for a while."""
    return str(int((time.time() + 600) * 1000))


# The fault of an entry, and its fields.
BAD = {
    "garbage": lambda: {"message": b"\xc1\xff", "expiry": expiry()},
    "empty": lambda: {"message": b"", "expiry": expiry()},
    "JSON": lambda: {"message": b'{"push":"p","text":"x"}', "expiry": expiry()},
    "a list": lambda: {"message": b"\x92\xa1p\xa1x\xa5entry", "expiry": expiry()},
    "a text that is not UTF-8": lambda: {"message": b"\x82\xa4text\xa1\xff\xa5entry",
                                         "expiry": expiry()},
    "no body": lambda: {"message": b"\x82\xa4push\xa1p\xa5entry", "expiry": expiry()},
    "nested without end": lambda: {"message": b"\x91" * 100_000, "expiry": expiry()},
    "a kick": lambda: {"message": b"\x82\xa4kind\xa4kick\xa5entry", "expiry": expiry()},
    "another kind": lambda: {"message": b"\x83\xa4kind\xa5newer\xa4text\xa1x\xa5entry",
                             "expiry": expiry()},
    "no message": lambda: {"expiry": expiry()},
    "no expiry": lambda: {"message": GOOD},
    "an expiry that is no number": lambda: {"message": GOOD, "expiry": "soon"},
    "an expiry that is not finite": lambda: {"message": GOOD, "expiry": "inf"},
    "neither": lambda: {"field": "value"},
}


def add(redis, name, fields):
    """Writes an entry into a mailbox."""
    return redis.command("XADD", f"waybill:mail:{{id:{name}}}", "*",
                         *[part for pair in fields.items() for part in pair])


async def bad_messages(node):
    """Returns how many messages a node could not read."""
    return (await get(node, "/stats"))["bad_messages"]


@pytest.mark.parametrize("wrong", BAD)
async def test_what_cannot_be_read_is_moved_away_and_the_rest_comes_in_order(cluster, wrong):
    one, two, _ = cluster.nodes
    redis, name = cluster.redis, f"poison-{wrong.replace(' ', '-')}"
    before = await bad_messages(one), len(redis.dead_letters())
    await keep(two, name, "a")
    fields = BAD[wrong]()
    add(redis, name, fields)
    await keep(two, name, "b", "c")
    async with joined(one, name) as ws:
        assert await receive_many(ws, 3) == [*"abc"]
        assert (await push(two, name, "d", "?receipt=received&ttl=60")).status == 200
        assert await receive_many(ws, 1) == ["d"]
        await confirm(two, name, ws)
    await eventually(lambda: redis.command("XLEN", f"waybill:mail:{{id:{name}}}") == 0)
    assert await bad_messages(one) == before[0] + 1
    letters = redis.dead_letters()[before[1]:]
    assert [(letter[b"key"], letter[b"node"]) for letter in letters] == [
        (f"waybill:mail:{{id:{name}}}".encode(), b"node1")]
    assert len(letters[0][b"reason"]) > 3
    if len(fields) == 2 and "expiry that" not in wrong:
        assert letters[0][b"message"] == fields["message"][:4096]


async def test_fields_may_stand_in_any_order_and_be_more(cluster):
    one, two, _ = cluster.nodes
    add(cluster.redis, "order", {"newer": "field", "expiry": expiry(), "more": "", "message": GOOD})
    before = await bad_messages(one)
    async with joined(one, "order") as ws:
        assert await receive_many(ws, 1) == ["good"]
        await confirm(two, "order", ws)
    assert await bad_messages(one) == before


async def test_a_mailbox_of_nothing_else_lets_its_client_work(cluster):
    one, two, _ = cluster.nodes
    redis = cluster.redis
    before = len(redis.dead_letters())
    for _ in range(100):
        add(redis, "all", {"message": b"x" * 100_000, "expiry": expiry()})
    await keep(two, "all", "kept")
    async with joined(one, "all") as ws:
        assert await receive_many(ws, 1) == ["kept"]
        await confirm(two, "all", ws)
    assert len(redis.dead_letters()) == before + 100
    await eventually(lambda: redis.command("XLEN", "waybill:mail:{id:all}") == 0)


async def test_a_full_mailbox_with_an_entry_that_cannot_be_read_goes_on(lab):
    cluster = lab.cluster("--mailbox-limit", "3", size=2)
    one, two = cluster.nodes
    for wrong in ("neither", "an expiry that is no number"):
        add(cluster.redis, "full", BAD[wrong]())
    await keep(one, "full", "kept")
    (await push(one, "full", "too much", "?ttl=60")).check_failure(507)
    async with joined(two, "full") as ws:
        assert await receive_many(ws, 1) == ["kept"]
        await confirm(one, "full", ws)
    await keep(one, "full", *"abc")


async def test_it_is_logged_with_the_id_and_the_reason(lab):
    cluster = lab.cluster(size=1)
    node, = cluster.nodes
    for _ in range(1_000):
        add(cluster.redis, "777", BAD["garbage"]())
    async with joined(node, "777") as ws:
        await confirm(node, "777", ws)
    node.log.wait_for("bad entry in the mailbox of id:777: not a push")
    node.stop()
    assert len([line for line in node.log.rest() if "bad entry" in line]) <= 10
