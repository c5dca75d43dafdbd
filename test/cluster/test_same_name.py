"""Two nodes with one name say so: each hears what is meant for the other."""

from clients import get, is_ready
CLASH = r' error another node is called "twin", too: give each a --node of its own$'


async def clashes(node):
    """Returns how often a node has heard another with its name."""
    return (await get(node, "/stats"))["name_clashes"]


async def test_two_nodes_with_one_name_say_so(lab):
    redis = lab.redis()
    first = lab.node("--node", "twin", redis=redis)
    other = lab.node("--node", "other", redis=redis)
    second = lab.node("--node", "twin", redis=redis)
    for node in (first, second):
        node.log.wait_for(CLASH)
        assert await clashes(node) > 0
        assert await is_ready(node)
    assert await clashes(other) == 0


async def test_a_node_that_starts_again_with_its_name_says_nothing(lab):
    redis = lab.redis()
    lab.node("--node", "twin", redis=redis).kill()
    node = lab.node("--node", "twin", redis=redis)
    assert await clashes(node) == 0


async def test_a_node_that_reaches_one_redis_in_two_ways_is_no_other(lab):
    redis = lab.redis()
    node = lab.node("--node", "twin", "--redis", redis.url, "--redis", redis.unix_url)
    spy = redis.connect()
    spy.command("SUBSCRIBE", "waybill:node:twin")
    for _ in range(4):
        spy.read()
    assert await clashes(node) == 0
