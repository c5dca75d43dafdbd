"""Nodes share a Redis Cluster, whose slots and masters come and go."""

import pytest

from clients import (Http, assert_reachable, get, is_ready, joined, push, receive, request,
                     until_ready)
from harness import eventually
from redis_cluster import slot_of

# Ids that could break a hash tag.
ODD = ["}x", "{a}b", "a}b{c", "{}", "}{"]


def links(master):
    """Returns how many connections nodes have to a server."""
    return sum("flags=N" in line or "flags=P" in line
               for line in master.command("CLIENT", "LIST").decode().splitlines()
               if " cmd=client|list" not in line)


@pytest.mark.parametrize("name", ODD)
async def test_an_id_with_braces_has_all_in_one_slot(lab, name):
    one, two = lab.cluster(size=2, redis=lab.redis_cluster()).nodes
    assert (await push(one, name, "kept", "?ttl=60")).status == 202
    async with joined(two, name) as ws:
        assert await receive(ws) == "kept"
        await assert_reachable(one, name, ws)


async def test_a_node_has_two_connections_to_each_master(lab):
    redis = lab.redis_cluster(replicas=1)
    lab.cluster(size=2, redis=redis)
    await eventually(lambda: all(links(master) == 4 for master in redis.masters))


async def test_a_slot_moves_under_a_session(lab):
    redis = lab.redis_cluster()
    one, two = lab.cluster(size=2, redis=redis).nodes
    slot = slot_of("{id:456}")
    async with joined(one, "456") as ws:
        for target in redis.masters * 2:
            if target is redis.owner_of(slot):
                continue
            redis.migrate(slot, target)
            await assert_reachable(two, "456", ws)
            redis.move(slot, target)
            # Kept where the slot is now, and read there.
            answer = await push(two, "456", f"to {target.port}", "?ttl=60&wait=5s")
            assert answer.status in (200, 202), answer
            assert await receive(ws) == f"to {target.port}"
            await eventually(lambda: is_reached(two, ws))
    await eventually(lambda: is_nobody(two))
    assert (await get(one, "/stats"))["slots_moved"] >= 4


async def is_nobody(node):
    """Tells whether a push is answered that nobody is there."""
    return (await push(node, "456", "x")).status == 404


async def is_reached(node, ws):
    """Tells whether a session gets a live push."""
    if (await push(node, "456", "live")).status != 200:
        return False
    return await receive(ws) == "live"


async def test_nobody_is_not_said_right_after_a_move(lab):
    redis = lab.redis_cluster()
    one = lab.cluster(size=1, redis=redis).nodes[0]
    slot = slot_of("{id:456}")
    assert (await push(one, "456", "x")).status == 404
    target = next(x for x in redis.masters if x is not redis.owner_of(slot))
    redis.migrate(slot, target)
    redis.move(slot, target)
    (await push(one, "456", "x")).check_failure(503)
    await eventually(lambda: is_nobody(one))


def elsewhere(redis, master):
    """Returns an id that another master has."""
    return next(str(i) for i in range(100)
                if redis.owner_of(slot_of(f"{{id:{i}}}")) is not master)


async def test_the_ids_of_a_dead_master_are_back_when_its_replica_is_promoted(lab):
    redis = lab.redis_cluster(replicas=1)
    one, two = lab.cluster(size=2, redis=redis).nodes
    master = redis.owner_of(slot_of("{id:456}"))
    name = elsewhere(redis, master)
    async with joined(one, "456") as ws, joined(one, name) as other:
        master.kill()
        await assert_reachable(two, name, other)
        await eventually(lambda: is_reached(two, ws))
        await assert_reachable(two, name, other)


def listeners(redis):
    """Returns the masters at which nodes subscribe to the open channel."""
    return [x for x in redis.masters
            if x.is_running and x.command("PUBSUB", "NUMSUB", "waybill")[1]]


async def test_the_open_channel_survives_its_server(lab):
    redis = lab.redis_cluster(replicas=1)
    node = lab.cluster(size=1, redis=redis).nodes[0]
    await eventually(lambda: listeners(redis))
    listened = listeners(redis)[0]
    async with joined(node, name := elsewhere(redis, listened)) as ws:
        listened.kill()
        await eventually(lambda: listeners(redis))
        publisher = next(x for x in redis.masters if x.is_running)
        publisher.publish('{"KEY":"%s","VALUE":"open"}' % name)
        assert await receive(ws) == "open"


async def test_a_single_redis_is_no_cluster(lab):
    redis = lab.redis()
    node = lab.new_node(redis=f"redis+cluster://127.0.0.1:{redis.port}")

    async def says_so():
        return "cluster support disabled" in (await get(node, "/stats")).get("impaired", "")

    await eventually(says_so)
    assert not await is_ready(node)
    assert (await request(node, "GET", "/livez")).status == 200


async def test_a_cluster_is_no_single_redis(lab):
    redis = lab.redis_cluster()
    node = lab.new_node(redis=f"redis://127.0.0.1:{redis.masters[0].port}")
    node.log.wait_for(r"is part of a Redis Cluster: use redis\+cluster://")
    assert node.wait() != 0


async def test_a_node_starts_while_a_master_is_away(lab):
    redis = lab.redis_cluster()
    master = redis.owner_of(slot_of("{id:456}"))
    name = elsewhere(redis, master)
    master.kill()
    node = lab.new_node("--node", "node1", redis=redis)
    await until_ready(node)
    async with joined(node, name) as ws, Http(node) as http:
        await assert_reachable(node, name, ws)
        (await http.push("456", "x")).check_failure(503)
