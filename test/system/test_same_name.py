"""Two nodes with one name say so: each hears what is meant for the other."""

from clients import get, joined, push, receive, request

CLASH = r' error WB-208 another node is called "twin", too: give each a --node of its own$'


async def clashes(node):
    """Returns how often a node has heard another with its name."""
    return (await get(node, "/stats"))["name_clashes"]


async def test_of_two_nodes_with_one_name_the_later_is_not_ready(lab):
    redis = lab.redis()
    first = lab.node("--node", "twin", redis=redis)
    other = lab.node("--node", "other", redis=redis)
    second = lab.new_node("--node", "twin", redis=redis)
    for node in (first, second):
        node.log.wait_for(CLASH)
        assert await clashes(node) > 0
    answer = await request(second, "GET", "/readyz")
    assert "another node is called" in answer.check_failure(503).json["message"]
    (await push(second, "456", "x")).check_failure(503)
    async with joined(first, "456") as ws:
        assert (await push(other, "456", "x", "?receipt=received")).json["received"] == 1
        assert await receive(ws) == "x"
    assert await clashes(other) == 0
    first.kill()
    second.wait_ready()


async def test_a_node_that_starts_again_with_its_name_says_nothing(lab):
    redis = lab.redis()
    lab.node("--node", "twin", redis=redis).kill()
    node = lab.node("--node", "twin", redis=redis)
    assert await clashes(node) == 0
