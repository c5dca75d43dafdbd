"""Several Redis servers carry a part of the addresses each."""

import pytest
import websockets

from clients import (Http, assert_reachable, get, is_ready, join, joined, keep, push, receive,
                     request, until_ready)
from harness import eventually

NAMES = [f"user{i}" for i in range(20)]


class Shards:
    """Three nodes on two servers, one of which lists them the other way round."""

    def __init__(self, lab, *options):
        self.servers = [lab.redis(), lab.redis()]
        self.nodes = []
        for i in range(3):
            urls = [server.url for server in self.servers]
            if i == 1:
                urls.reverse()
            self.nodes.append(lab.new_node("--node", f"node{i}", *options,
                                           "--redis", urls[0], "--redis", urls[1]))
        for node in self.nodes:
            node.wait_ready()

    def server_of(self, name):
        """Returns the server on which an id is subscribed."""
        held = [server.subscribers(name)[name] for server in self.servers]
        assert sorted(held) == [0, 1]
        return self.servers[held.index(1)]


@pytest.fixture(name="shards")
def new_shards(lab):
    """Nodes and servers for one test, which may break them."""
    return Shards(lab)


async def open_all(shards):
    """Opens a session for each name. Returns them by the server of their id."""
    parts = {server: {} for server in shards.servers}
    for i, name in enumerate(NAMES):
        ws = await join(shards.nodes[i % 3], name)
        parts[shards.server_of(name)][name] = ws
    assert all(parts.values())
    return [parts[server] for server in shards.servers]


async def test_every_id_is_reached_through_the_one_server_that_carries_it(shards):
    for part in await open_all(shards):
        for name, ws in part.items():
            for node in shards.nodes:
                await assert_reachable(node, name, ws)
    assert (await get(shards.nodes[0], "/stats"))["links_lost"] == 0


async def test_a_server_that_is_away_takes_only_its_own_addresses_along(shards):
    here, there = await open_all(shards)
    one, two, _ = shards.nodes
    shards.servers[0].kill()

    async def are_refused():
        answers = [await push(node, name, "lost") for node in shards.nodes for name in here]
        return {answer.status for answer in answers} == {503}

    await eventually(are_refused)
    for name, ws in there.items():
        await assert_reachable(one, name, ws)
        await assert_reachable(two, name, ws)
    assert all([await is_ready(node) for node in shards.nodes])
    # New clients come in on the one, and not on the other.
    name = next(iter(there))
    async with joined(one, name) as ws:
        await assert_reachable(two, name, ws, there[name])
    with pytest.raises(websockets.InvalidStatusCode) as refusal:
        await join(one, next(iter(here)))
    assert refusal.value.status_code == 503

    shards.servers[0].start()
    for name, ws in here.items():
        for node in shards.nodes:
            await until_reachable(node, name)
            while await receive(ws) != "are you there at last?":
                pass


async def test_a_server_that_is_away_is_told_and_named(lab):
    there, lost = lab.redis(password="secret"), lab.redis()
    login = there.url.replace("//", "//:secret@")
    node = lab.node("--node", "n1", "--redis", login, "--redis", lost.url)
    for server in (there, lost):
        node.log.wait_for(rf"Redis is ready after .* \({server.url}/0\)$")
    assert (await get(node, "/stats"))["servers_away"] == 0
    lost.kill()
    node.log.wait_for(rf"Redis is away: .* \({lost.url}/0\)$")
    node.log.wait_for(rf"Redis cannot be reached: Connection refused \({lost.url}/0\)$")
    figures = await get(node, "/stats")
    assert figures["servers_away"] == 1 and await is_ready(node)

    async def gap_grows():
        return (await get(node, "/stats"))["gap_milliseconds"] > figures["gap_milliseconds"]

    await eventually(gap_grows)
    there.kill()
    node.log.wait_for(rf"Redis is away: .* \({there.url}/0\)$")
    assert (await get(node, "/stats"))["servers_away"] == 2
    lost.start()
    await until_ready(node)
    assert (await get(node, "/stats"))["servers_away"] == 1
    assert not any("secret" in line for line in node.log.all())


async def until_reachable(node, name):
    """Pushes until it is answered that a session got it."""
    async with Http(node) as http:
        async def is_reachable():
            answer = await http.push(name, "are you there at last?", "?receipt=received")
            return answer.status == 200

        await eventually(is_reachable)


async def test_what_is_kept_survives_that_another_server_is_away(shards):
    here, there = await open_all(shards)
    name = next(iter(there))
    await there[name].close()
    shards.servers[0].kill()
    await keep(shards.nodes[0], name, "kept")
    async with joined(shards.nodes[1], name) as ws:
        assert await receive(ws) == "kept"


async def test_the_open_channel_of_every_server_reaches_every_id(shards):
    for part in await open_all(shards):
        name, ws = next(iter(part.items()))
        for server in shards.servers:
            assert server.publish(f'{{"KEY":"{name}","VALUE":"open"}}') == 3
            assert await receive(ws) == "open"


async def test_topics_and_broadcasts_reach_everybody_once(shards):
    one, two, three = shards.nodes
    topics = {"query": "?topics=news"}
    async with joined(one, "a", **topics) as a, joined(two, "b", **topics) as b, \
            joined(three, "c", **topics) as c:
        for target in ["/topic/news", "/broadcast"]:
            answer = await request(one, "POST", f"{target}?receipt=received", b"all")
            assert (answer.status, answer.json["received"]) == (200, 3)
            assert [await receive(ws) for ws in [a, b, c]] == ["all"] * 3


async def test_a_node_is_ready_when_it_has_reached_every_server(lab):
    there, absent = lab.redis(), lab.absent_redis()
    node = lab.new_node("--redis", there.url, "--redis", absent.unix_url)
    node.log.wait_for("Redis is ready")
    node.log.wait_for("cannot be reached")
    assert not await is_ready(node)
    absent.start()
    node.wait_ready()
    absent.kill()
    await until_ready(node)
