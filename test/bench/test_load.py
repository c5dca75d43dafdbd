"""No push counts but one that was delivered, once."""

import asyncio

import pytest

from harness import Node
from load import Pusher, Pushes, Session, by_http


@pytest.fixture(scope="module")
def node():
    """A node without Redis."""
    with Node() as node:
        yield node.wait_ready()


def push_twice(node, *names, to, sessions):
    """Opens sessions and pushes to a target, each time for so many of them. Returns how
    many pushes have come."""
    async def run():
        pushes = Pushes()
        opened = [await Session.open(node.port, name, pushes) for name in names]
        opened.append(await Pusher.open(node.port, pushes, *by_http(iter([to, to]))))
        try:
            async with asyncio.timeout(2):
                await opened[-1].push(sessions)
                await opened[-1].push(sessions)
            return len(pushes.latencies)
        finally:
            for client in opened:
                client.close()

    return asyncio.run(run())


def test_a_push_counts_that_comes_to_all_of_its_sessions(node):
    assert push_twice(node, "a", "a", "b", to="/broadcast", sessions=3) == 2


@pytest.mark.parametrize("names, sessions, failure", [
    ("", 1, "refused"),
    ("aa", 1, "nobody awaits"),
    ("a", 2, None),
])
def test_any_other_is_a_failure(node, names, sessions, failure):
    with pytest.raises(AssertionError if failure else TimeoutError, match=failure):
        push_twice(node, *names, to="/socket/a", sessions=sessions)
