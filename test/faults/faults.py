"""What goes wrong: a function for each fault, which makes it and ends it.

The clock is a part of each: how long a fault lasts is left to chance. What comes
after it, the world waits for.
"""

import asyncio
import contextlib
import signal
import time

from harness import NEWER, WAYBILL, eventually, together
from links import Namespace
from redis_server import RedisError
from sentinel_group import is_master, order_failover


now = time.monotonic


async def last(world, least, most):
    """Lets a fault last, between so many seconds."""
    await asyncio.sleep(world.chance.uniform(least, most))


async def node_kill(world):
    """A node dies, and is started again."""
    place = world.chance.choice(world.places)
    with world.restart():
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
        with world.restart():
            await asyncio.to_thread(place.node.stop)
        place.start()
        await place.wait_ready()


async def mixed_builds(world):
    """The nodes are replaced by those of a newer release, one after the other, and those
    by the nodes that there were."""
    for program in [NEWER, WAYBILL]:
        for place in world.chance.sample(world.places, len(world.places)):
            with world.restart():
                await asyncio.to_thread(place.node.stop)
            place.start(program)
            await place.wait_ready()
        await last(world, 1, 3)


async def redis_kill(world):
    """Redis dies, and is started again with what it wrote to its disk."""
    world.redis.kill()
    await last(world, 0, 2)
    world.redis.start()


async def redis_loading(world):
    """Redis is started again with so much data that it answers LOADING for seconds."""
    world.redis.send_many(["SET", "filler", i] for i in range(10_000))
    commands = sum(file.read_bytes().count(b"\r\n*")
                   for file in world.redis.folder.glob("appendonlydir/*.aof"))
    world.redis.kill()
    seconds = world.chance.uniform(2, 5)
    # It waits so many microseconds after each command that it reads again; or, where
    # that is less than the shortest sleep takes, after one of so many commands.
    pause = seconds * 1_000_000 / commands
    await asyncio.to_thread(world.redis.start, "--key-load-delay",
                            round(pause) if pause > 60 else -round(60 / pause))


async def redis_busy(world):
    """A script keeps Redis busy, until somebody ends it."""
    world.redis.command("CONFIG", "SET", "busy-reply-threshold", 100)
    script = world.redis.connect()
    script.send(["EVAL", "while true do end", 0])
    await last(world, 1, 4)
    assert world.redis.command("SCRIPT", "KILL") == b"OK"
    with contextlib.suppress(RedisError):
        script.read()


async def redis_full(world):
    """Redis has no room for more."""
    world.redis.command("CONFIG", "SET", "maxmemory", 1)
    await last(world, 1, 4)
    world.redis.command("CONFIG", "SET", "maxmemory", 0)


async def redis_rights(world):
    """The nodes may not run scripts for some time."""
    world.redis.command("ACL", "SETUSER", "default", "-@scripting")
    await last(world, 1, 4)
    world.redis.command("ACL", "SETUSER", "default", "+@scripting")


async def redis_misconf(world):
    """Redis cannot write its snapshot, and so takes no writes."""
    def has_failed():
        return b"rdb_last_bgsave_status:err" in world.redis.command("INFO", "persistence")

    obstacle = world.redis.folder / "dump.rdb"
    obstacle.mkdir()
    world.redis.command("CONFIG", "SET", "save", "3600 1")
    world.redis.command("BGSAVE", "SCHEDULE")
    await eventually(has_failed)
    await last(world, 1, 4)
    world.redis.command("CONFIG", "SET", "save", "")
    obstacle.rmdir()


async def replica_killed(world):
    """The replica that pushes with a ttl wait for dies, or hangs."""
    begun = now()
    if world.chance.random() < 0.5:
        world.replica.kill()
        await last(world, 1, 4)
        end = now()
        world.replica.start()
    else:
        world.replica.freeze()
        await last(world, 1, 4)
        end = now()
        world.replica.thaw()
    world.ledger.side_fault(begun, end)


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


async def cut_off(world):
    """A node is cut from Redis for so long that it counts as gone, while its clients
    stay."""
    world.is_restless.clear()
    begun = now()
    world.space.cut(world.redis.port)
    await last(world, 14, 17)
    end = now()
    world.space.mend()
    await eventually(lambda: world.is_ready(world.places[-1]))
    world.ledger.cut(begun, end, now())
    world.is_restless.set()


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


# What no node has written: without a member, with an unknown one, with bytes that are no
# push, with a time that is none, and with half a push.
POISON = [["hello", "world"], ["expiry", "9999999999999"], ["message", b"\xc1\xff\x00"],
          ["message", b"\x93", "expiry", "9999999999999"],
          ["message", b"", "expiry", "9999999999999"],
          ["message", b"\xc1\xff", "expiry", "soon"],
          ["message", b"\xd9\xff\x00half", "expiry", "9999999999999", "more", "1"]]


async def poison(world):
    """What nobody can read comes into mailboxes, whose clients are away, and on channels."""
    world.is_open.clear()
    await together(client.leave("drop") for client in world.clients)
    for _ in range(3):
        await last(world, 0.1, 0.5)
        for name in world.names:
            fields = world.chance.choice(POISON)
            world.redis.command("XADD", f"waybill:mail:{name}", "*", *fields)
            world.redis.publish(world.chance.randbytes(20), f"waybill:id:{name}")
    for number in range(1, len(world.places) + 1):
        world.redis.publish(world.chance.randbytes(20), f"waybill:node:node{number}")
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
    node_kill, node_freeze, rolling_restart, mixed_builds, redis_kill, redis_loading, redis_busy,
    redis_full, redis_rights, redis_misconf, replica_killed, redis_freeze, pubsub_kill,
    buffer_limit, link_cut, cut_off, link_slow, client_stall, client_rush, client_death,
    poison, failover]}

# Those that take a network name space.
CUTS = {"link_cut", "cut_off"}


def possible_faults():
    """Returns the names of all faults that can be made here in one world. Where
    Sentinels watch, Redis is another one, and only a build with tests has a newer release."""
    excluded = {"failover"} | (CUTS if Namespace.why_not() else set())
    if not NEWER.exists():
        excluded.add("mixed_builds")
    return [name for name in FAULTS if name not in excluded]
