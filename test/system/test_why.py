"""`waybill why` tells what became of pushes to an id, and no more than is known."""

import re

from clients import join, joined, keep, leave, push, receive, until_offline
from command_line import in_thread, lines_of, run
from harness import eventually

TIME = r"\d\d:\d\d:\d\dZ"


async def explain(node, name, *arguments):
    """Returns the sentences on an id."""
    done = await in_thread(run, "why", name, "--text", *arguments, node=node)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


async def test_a_push_that_was_received_is_told(cluster):
    one, two, three = cluster.nodes
    async with joined(two, "reader") as ws:
        answer = await push(one, "reader", "hello", "?receipt=received")
        assert await receive(ws) == "hello"
        name = answer.json["push"]

        async def told():
            found = await explain(three, "reader")
            return "received" in found[1] and found

        found = await eventually(told)
        assert re.fullmatch(r"reader is online with 1 session, the oldest for \d+ s\.", found[0])
        assert re.fullmatch(rf"At {TIME}, push {name} was received by 1 client\.", found[1])
        assert found[2:] == ["The mailbox of reader is empty."]
        done = await in_thread(run, "why", "reader", node=three)
        assert lines_of(done)[0]["outcomes"] == {name: "received"}


async def test_a_push_in_the_mailbox_is_told(cluster):
    one, two, _ = cluster.nodes
    await keep(one, "later", "hello")
    found = await explain(two, "later")
    assert found[0] == "later is offline."
    assert re.fullmatch(rf"At {TIME}, push node1-\S+ was kept, since no client was there to read "
                        r"it; no node remembers that a client confirmed it, and the mailbox "
                        r"holds 1 push\.", found[1])
    assert re.fullmatch(r"The mailbox of later holds 1 push, the oldest for \d+ s\.", found[2])


async def test_a_push_without_ttl_is_told_as_lost_with_the_time_of_absence(cluster):
    one, two, three = cluster.nodes
    ws = await join(two, "gone")
    await leave(ws, "close")
    await until_offline(one, "gone")
    lost = (await push(one, "gone", "hello")).check_failure(404).json["push"]
    found = await explain(three, "gone")
    assert re.fullmatch(rf"gone is offline, as far as the nodes remember, since {TIME}, when its last session ended: .*\.",
                        found[0])
    assert re.fullmatch(rf"At {TIME}, push {lost} had no ttl, and gone was offline, as far as the nodes "
                        rf"remember, from {TIME}, so it is lost\.", found[1])
    async with joined(three, "gone"):
        async def told():
            found = await explain(three, "gone", "--push", lost)
            return "online" in found[0] and found

        found = await eventually(told)
        assert re.fullmatch(rf"At {TIME}, push {lost} had no ttl, and gone was offline, as far as the "
                            rf"nodes remember, from {TIME} to {TIME}, so it is lost\.", found[1])


async def test_what_nobody_knows_is_told_so(cluster):
    assert await explain(cluster.nodes[0], "stranger") == [
        "stranger is offline.", "No node that answered remembers a push to stranger.",
        "The mailbox of stranger is empty."]
    found = await explain(cluster.nodes[0], "stranger", "--push", "node1-x-1")
    assert found[1].startswith("No node that answered remembers push node1-x-1 to stranger")


async def test_a_silent_node_is_told(lab):
    one, two = lab.cluster(size=2).nodes
    two.freeze()
    try:
        found = await explain(one, "456", "--wait", "100ms")
    finally:
        two.thaw()
    assert found[-1] == "1 node did not answer: what they know is missing here."
