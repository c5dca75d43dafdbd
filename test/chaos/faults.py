"""Faults: a function for each, which makes it and ends it.

The clock is a part of each: how long a fault lasts is left to chance. What comes
after it, the scenario waits for.
"""

import asyncio
import contextlib
import signal
import time

from harness import NEWER, WAYBILL, eventually, together
from links import Namespace
from redis_cluster import slot_of
from redis_server import RedisError
from sentinel_group import is_master, order_failover


now = time.monotonic


async def last(scenario, least, most):
    """Lets a fault last, between so many seconds."""
    await asyncio.sleep(scenario.chance.uniform(least, most))


async def node_kill(scenario):
    """A node dies, and is started again."""
    slot = scenario.chance.choice(scenario.slots)
    with scenario.restart():
        slot.node.kill()
        await last(scenario, 0, 2)
    slot.start()
    await slot.wait_ready()


async def node_freeze(scenario):
    """A node does not run for some time, while its sockets stay open."""
    node = scenario.chance.choice(scenario.slots).node
    node.signal(signal.SIGSTOP)
    await last(scenario, 1, 5)
    node.signal(signal.SIGCONT)


async def rolling_restart(scenario):
    """The nodes are restarted in order, one after the other."""
    for slot in scenario.slots:
        with scenario.restart():
            await asyncio.to_thread(slot.node.stop)
        slot.start()
        await slot.wait_ready()


async def mixed_builds(scenario):
    """The nodes are replaced by those of a newer release, one after the other, and those
    by the nodes that there were."""
    for program in [NEWER, WAYBILL]:
        for slot in scenario.chance.sample(scenario.slots, len(scenario.slots)):
            with scenario.restart():
                await asyncio.to_thread(slot.node.stop)
            slot.start(program)
            await slot.wait_ready()
        await last(scenario, 1, 3)


async def redis_kill(scenario):
    """Redis dies, and is started again with what it wrote to its disk."""
    scenario.redis.kill()
    await last(scenario, 0, 2)
    scenario.redis.start()


async def redis_loading(scenario):
    """Redis is started again with so much data that it answers LOADING for seconds."""
    scenario.redis.send_many(["SET", "filler", i] for i in range(10_000))
    commands = sum(file.read_bytes().count(b"\r\n*")
                   for file in scenario.redis.folder.glob("appendonlydir/*.aof"))
    scenario.redis.kill()
    seconds = scenario.chance.uniform(2, 5)
    # It waits so many microseconds after each command that it reads again; or, where
    # that is less than the shortest sleep takes, after one of so many commands.
    pause = seconds * 1_000_000 / commands
    await asyncio.to_thread(scenario.redis.start, "--key-load-delay",
                            round(pause) if pause > 60 else -round(60 / pause))


async def redis_busy(scenario):
    """A script keeps Redis busy, until somebody ends it."""
    scenario.redis.command("CONFIG", "SET", "busy-reply-threshold", 100)
    script = scenario.redis.connect()
    script.send(["EVAL", "while true do end", 0])
    await last(scenario, 1, 4)
    assert scenario.redis.command("SCRIPT", "KILL") == b"OK"
    with contextlib.suppress(RedisError):
        script.read()


async def redis_full(scenario):
    """Redis has no room for more."""
    scenario.redis.command("CONFIG", "SET", "maxmemory", 1)
    await last(scenario, 1, 4)
    scenario.redis.command("CONFIG", "SET", "maxmemory", 0)


async def redis_rights(scenario):
    """The nodes may not run scripts for some time."""
    scenario.redis.command("ACL", "SETUSER", "default", "-@scripting")
    await last(scenario, 1, 4)
    scenario.redis.command("ACL", "SETUSER", "default", "+@scripting")


async def redis_misconf(scenario):
    """Redis cannot write its snapshot, and so takes no writes."""
    def has_failed():
        return b"rdb_last_bgsave_status:err" in scenario.redis.command("INFO", "persistence")

    obstacle = scenario.redis.folder / "dump.rdb"
    obstacle.mkdir()
    scenario.redis.command("CONFIG", "SET", "save", "3600 1")
    scenario.redis.command("BGSAVE", "SCHEDULE")
    await eventually(has_failed)
    await last(scenario, 1, 4)
    scenario.redis.command("CONFIG", "SET", "save", "")
    obstacle.rmdir()


async def replica_killed(scenario):
    """The replica that pushes with a ttl wait for dies, or hangs."""
    begun = now()
    if scenario.chance.random() < 0.5:
        scenario.replica.kill()
        await last(scenario, 1, 4)
        end = now()
        scenario.replica.start()
    else:
        scenario.replica.freeze()
        await last(scenario, 1, 4)
        end = now()
        scenario.replica.thaw()
    scenario.checker.side_fault(begun, end)


async def redis_freeze(scenario):
    """Redis does not run for some time, while its sockets stay open."""
    scenario.redis.freeze()
    await last(scenario, 1, 5)
    scenario.redis.thaw()


def subscribers(scenario):
    """Returns the connections on which nodes are subscribed, as Sentinels are, too."""
    lines = scenario.redis.command("CLIENT", "LIST", "TYPE", "pubsub").decode().splitlines()
    return {line.split()[0] for line in lines if " name=sentinel-" not in line}


async def pubsub_kill(scenario):
    """Redis cuts the connections on which the nodes are subscribed."""
    assert scenario.redis.command("CLIENT", "KILL", "TYPE", "pubsub")
    await last(scenario, 0, 1)


async def buffer_limit(scenario):
    """Redis finds that its subscribers read too slowly, and cuts them off."""
    limit = "client-output-buffer-limit"
    _, usual = scenario.redis.command("CONFIG", "GET", limit)
    before = subscribers(scenario)
    scenario.redis.command("CONFIG", "SET", limit, "pubsub 1 1 1")
    # More than fits into the part of the buffer that does not count.
    scenario.redis.publish('{"KEY":"nobody","VALUE":"%s"}' % ("x" * 100_000))
    await eventually(lambda: not before & subscribers(scenario))
    await last(scenario, 0, 1)
    scenario.redis.command("CONFIG", "SET", limit, usual)


async def link_cut(scenario):
    """The link between a node and Redis drops all, and tells neither."""
    scenario.space.cut(scenario.redis.port)
    await last(scenario, 1, 6)
    scenario.space.mend()


async def cut_off(scenario):
    """A node is cut from Redis for so long that it counts as gone, while its clients
    stay."""
    scenario.is_restless.clear()
    begun = now()
    scenario.space.cut(scenario.redis.port)
    await last(scenario, 14, 17)
    end = now()
    scenario.space.mend()
    await eventually(lambda: scenario.is_ready(scenario.slots[-1]))
    scenario.checker.cut(begun, end, now())
    scenario.is_restless.set()


async def link_slow(scenario):
    """The link between a node and Redis becomes slow."""
    scenario.slow_link.delay = scenario.chance.uniform(0.05, 0.6)
    await last(scenario, 1, 5)
    scenario.slow_link.delay = 0.0


async def client_stall(scenario):
    """Some clients read no more, and then go on, or leave with all unread."""
    some = scenario.chance.sample(scenario.clients, len(scenario.clients) // 5 + 1)
    await together(
        client.stall(scenario.chance.uniform(0.5, 5), scenario.chance.choice([None, "drop", "reset"]))
        for client in some)


async def client_rush(scenario):
    """All clients leave at the same time, and so come back."""
    for _ in range(3):
        await together(client.leave(scenario.chance.choice(["close", "drop", "reset"]))
                       for client in scenario.clients)
        await last(scenario, 0, 1)


async def client_death(scenario):
    """Clients stay away while pushes are kept for them, and die three times
    while they read those."""
    scenario.is_open.clear()
    for client in scenario.clients:
        client.lives = [scenario.chance.randint(1, 5) for _ in range(3)]
    await together(client.leave("drop") for client in scenario.clients)
    await last(scenario, 0.5, 2)
    scenario.is_open.set()


# Entries that no node has written: without a member, with an unknown one, with bytes that are no
# push, with a time that is none, and with half a push.
POISON = [["hello", "world"], ["expiry", "9999999999999"], ["message", b"\xc1\xff\x00"],
          ["message", b"\x93", "expiry", "9999999999999"],
          ["message", b"", "expiry", "9999999999999"],
          ["message", b"\xc1\xff", "expiry", "soon"],
          ["message", b"\xd9\xff\x00half", "expiry", "9999999999999", "more", "1"]]


async def poison(scenario):
    """Entries nobody can read come into mailboxes, whose clients are away, and on channels."""
    scenario.is_open.clear()
    await together(client.leave("drop") for client in scenario.clients)
    for _ in range(3):
        await last(scenario, 0.1, 0.5)
        for name in scenario.names:
            fields = scenario.chance.choice(POISON)
            scenario.redis.command("XADD", f"waybill:mail:{{id:{name}}}", "*", *fields)
            scenario.redis.publish(scenario.chance.randbytes(20), f"waybill:{{id:{name}}}")
    for number in range(1, len(scenario.slots) + 1):
        scenario.redis.publish(scenario.chance.randbytes(20), f"waybill:{{node:node{number}}}")
    scenario.is_open.set()


async def failover(scenario):
    """Sentinels make a replica the master, while the old one is well or dead."""
    old = scenario.redis
    if scenario.chance.random() < 0.5:
        await order_failover(scenario.group)
    else:
        old.kill()
    await eventually(lambda: scenario.redis is not old)
    await last(scenario, 0, 1)
    if not old.is_running:
        old.start()
    # Sentinels make it a replica of the new one.
    await eventually(lambda: is_master(scenario.redis, 2))


# The time after a move in which nobody is sure that nobody is there, in seconds.
MOVING = 2


def master_by_chance(scenario):
    """Returns a master of the Redis Cluster."""
    return scenario.chance.choice(list(scenario.redis.masters_now()))


async def slot_moved(scenario):
    """The slots of some ids move to other masters, and rest on the way for a while."""
    for name in scenario.chance.sample(scenario.names, len(scenario.names) // 3 + 1):
        slot, target = slot_of(f"{{id:{name}}}"), master_by_chance(scenario)
        if target is scenario.redis.owner_of(slot):
            continue
        await asyncio.to_thread(scenario.redis.migrate, slot, target)
        await last(scenario, 0, 0.2)
        await asyncio.to_thread(scenario.redis.move, slot, target)
    await asyncio.sleep(MOVING)


async def shard_killed(scenario):
    """A master dies, and is started again with what it wrote to its disk."""
    master = master_by_chance(scenario)
    master.kill()
    await last(scenario, 0, 4)
    master.start()


async def shard_failover(scenario):
    """A master dies, and its replica takes its place."""
    old = master_by_chance(scenario)
    old.kill()
    await eventually(lambda: old not in scenario.redis.masters_now())
    await last(scenario, 0, 1)
    if not old.is_running:
        old.start()
    await eventually(scenario.redis.has_replicas)
    await asyncio.sleep(MOVING)


FAULTS = {fault.__name__: fault for fault in [
    node_kill, node_freeze, rolling_restart, mixed_builds, redis_kill, redis_loading, redis_busy,
    redis_full, redis_rights, redis_misconf, replica_killed, redis_freeze, pubsub_kill,
    buffer_limit, link_cut, cut_off, link_slow, client_stall, client_rush, client_death,
    poison, failover, slot_moved, shard_killed, shard_failover]}

# Those that take a network name space.
CUTS = {"link_cut", "cut_off"}


# Those of a Redis Cluster, which may come together with some of the others.
CLUSTER = {"slot_moved", "shard_killed", "shard_failover"}
CLUSTER_TOO = ("node_kill", "node_freeze", "rolling_restart", "redis_kill", "redis_freeze",
               "pubsub_kill", "client_stall", "client_rush", "client_death")


def possible_faults():
    """Returns the names of all faults that can be made here in one scenario. Where
    Sentinels watch, Redis is another one, and only a build with tests has a newer release."""
    excluded = {"failover"} | CLUSTER | (CUTS if Namespace.why_not() else set())
    if not NEWER.exists():
        excluded.add("mixed_builds")
    return [name for name in FAULTS if name not in excluded]
