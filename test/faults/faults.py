"""What goes wrong: a function for each fault, which makes it and ends it.

The clock is a part of each: how long a fault lasts is left to chance. What comes
after it, the world waits for.
"""

import asyncio
import signal

from harness import eventually, together
from links import Namespace
from sentinel_group import is_master, order_failover


async def last(world, least, most):
    """Lets a fault last, between so many seconds."""
    await asyncio.sleep(world.chance.uniform(least, most))


async def node_kill(world):
    """A node dies, and is started again."""
    place = world.chance.choice(world.places)
    place.node.kill()
    await last(world, 0, 2)
    place.start()
    await place.wait_ready()


async def node_freeze(world):
    """A node does not run for some time, while its sockets stay open."""
    node = world.chance.choice(world.places).node
    node.signal(signal.SIGSTOP)
    await last(world, 1, 5)
    node.signal(signal.SIGCONT)


async def rolling_restart(world):
    """The nodes are restarted in order, one after the other."""
    for place in world.places:
        await asyncio.to_thread(place.node.stop)
        place.start()
        await place.wait_ready()


async def redis_kill(world):
    """Redis dies, and is started again with what it wrote to its disk."""
    world.redis.kill()
    await last(world, 0, 2)
    world.redis.start()


async def redis_freeze(world):
    """Redis does not run for some time, while its sockets stay open."""
    world.redis.freeze()
    await last(world, 1, 5)
    world.redis.thaw()


def subscribers(world):
    """Returns the connections on which nodes are subscribed, as Sentinels are, too."""
    lines = world.redis.command("CLIENT", "LIST", "TYPE", "pubsub").decode().splitlines()
    return {line.split()[0] for line in lines if " name=sentinel-" not in line}


async def pubsub_kill(world):
    """Redis cuts the connections on which the nodes are subscribed."""
    assert world.redis.command("CLIENT", "KILL", "TYPE", "pubsub")
    await last(world, 0, 1)


async def buffer_limit(world):
    """Redis finds that its subscribers read too slowly, and cuts them off."""
    limit = "client-output-buffer-limit"
    _, usual = world.redis.command("CONFIG", "GET", limit)
    before = subscribers(world)
    world.redis.command("CONFIG", "SET", limit, "pubsub 1 1 1")
    # More than fits into the part of the buffer that does not count.
    world.redis.publish('{"KEY":"nobody","VALUE":"%s"}' % ("x" * 100_000))
    await eventually(lambda: not before & subscribers(world))
    await last(world, 0, 1)
    world.redis.command("CONFIG", "SET", limit, usual)


async def link_cut(world):
    """The link between a node and Redis drops all, and tells neither."""
    world.space.cut(world.redis.port)
    await last(world, 1, 6)
    world.space.mend()


async def link_slow(world):
    """The link between a node and Redis becomes slow."""
    world.slow_link.delay = world.chance.uniform(0.05, 0.6)
    await last(world, 1, 5)
    world.slow_link.delay = 0.0


async def client_stall(world):
    """Some clients read no more, and then go on, or leave with all unread."""
    some = world.chance.sample(world.clients, len(world.clients) // 5 + 1)
    await together(
        client.stall(world.chance.uniform(0.5, 5), world.chance.choice([None, "drop", "reset"]))
        for client in some)


async def client_rush(world):
    """All clients leave at the same time, and so come back."""
    for _ in range(3):
        await together(client.leave(world.chance.choice(["close", "drop", "reset"]))
                       for client in world.clients)
        await last(world, 0, 1)


async def client_death(world):
    """Clients stay away while pushes are kept for them, and die three times
    while they read those."""
    world.is_open.clear()
    for client in world.clients:
        client.lives = [world.chance.randint(1, 5) for _ in range(3)]
    await together(client.leave("drop") for client in world.clients)
    await last(world, 0.5, 2)
    world.is_open.set()


async def failover(world):
    """Sentinels make a replica the master, while the old one is well or dead."""
    old = world.redis
    if world.chance.random() < 0.5:
        await order_failover(world.group)
    else:
        old.kill()
    await eventually(lambda: world.redis is not old)
    await last(world, 0, 1)
    if not old.is_running:
        old.start()
    # Sentinels make it a replica of the new one.
    await eventually(lambda: is_master(world.redis, 2))


FAULTS = {fault.__name__: fault for fault in [
    node_kill, node_freeze, rolling_restart, redis_kill, redis_freeze, pubsub_kill,
    buffer_limit, link_cut, link_slow, client_stall, client_rush,
    client_death, failover]}


def possible_faults():
    """Returns the names of all faults that can be made here in one world. Where
    Sentinels watch, Redis is another one."""
    return [name for name in FAULTS
            if name != "failover" and (name != "link_cut" or not Namespace.why_not())]
