"""A Redis Cluster: masters that share the slots, and a replica of each where one is wanted."""

import binascii
import contextlib
import itertools
import os
import re

import pytest

from harness import wait_until
from redis_server import Redis, RedisError

SLOTS = 16384

# Whether nodes share a Redis Cluster in tests that do not care which Redis they have.
ON_CLUSTER = os.environ.get("WAYBILL_TEST_REDIS") == "cluster"

needs_one_redis = pytest.mark.skipif(ON_CLUSTER, reason="asks the one Redis that has all keys")


def slot_of(name):
    """Returns the slot of a key or channel, of whose hash tag alone it depends."""
    data = name if isinstance(name, bytes) else str(name).encode()
    tag = re.search(rb"^[^{]*\{([^}]+)\}", data)
    return binascii.crc_hqx(tag[1] if tag else data, 0) % SLOTS


class Member(Redis):
    """A server of a Redis Cluster, which remembers the others when it starts again."""

    def __init__(self, *options):
        super().__init__("--cluster-enabled", "yes", "--cluster-node-timeout", "1000",
                         "--cluster-require-full-coverage", "no", "--repl-diskless-sync-delay",
                         "0", *options)

    def _arguments(self, port):
        return [*super()._arguments(port), "--cluster-port", port + 1]

    @property
    def name(self):
        """The name by which the others know it."""
        return self.command("CLUSTER", "MYID").decode()

    def epoch_of(self, name):
        """Returns the configuration epoch of a server, as this one knows it."""
        nodes = self.command("CLUSTER", "NODES").decode().splitlines()
        return next(int(node.split()[6]) for node in nodes if node.startswith(name))

    def meet(self, other):
        """Introduces another server."""
        self.command("CLUSTER", "MEET", "127.0.0.1", other.port, other.port + 1)

    def knows(self, size):
        """Tells whether it is in touch with a cluster of so many servers, all slots of which
        are served."""
        state = dict(line.split(":") for line in
                     self.command("CLUSTER", "INFO").decode().split())
        nodes = self.command("CLUSTER", "NODES").decode().splitlines()
        return (state["cluster_state"] == "ok" and state["cluster_slots_ok"] == f"{SLOTS}"
                and len(nodes) == size
                and not any(re.search(r"handshake|fail|noaddr", node) for node in nodes))


class RedisCluster:
    """Masters, three by default, used as if they were one Redis.

    @param enter takes a context manager, and returns what that yields
    @param options what each server is started with, besides
    @param replicas how many each master has
    """

    # Commands of no key, which all masters are asked.
    EVERYWHERE = {"CLIENT", "CONFIG"}

    def __init__(self, enter, *options, size=3, replicas=0):
        self.masters = [enter(Member(*options)).start() for _ in range(size)]
        self.replicas = [enter(Member(*options)).start() for _ in range(size * replicas)]
        self.servers = self.masters + self.replicas
        self._join()
        for i, replica in enumerate(self.replicas):
            replica.command("CLUSTER", "REPLICATE", self.masters[i % size].name)
        for replica in self.replicas:
            wait_until(lambda: replica.command("ROLE")[3] == b"connected")

    def _join(self):
        """Shares out the slots, and waits until all servers know each other."""
        first, size = self.masters[0], len(self.masters)
        for i, master in enumerate(self.masters):
            master.command("CLUSTER", "SET-CONFIG-EPOCH", i + 1)
            master.command("CLUSTER", "ADDSLOTSRANGE", i * SLOTS // size,
                           (i + 1) * SLOTS // size - 1)
        for server in self.servers[1:]:
            first.meet(server)
        self._wait()

    def _wait(self):
        """Waits until all servers are in touch."""
        for server in self.servers:
            wait_until(lambda: server.knows(len(self.servers)))

    @property
    def url(self):
        """Returns what --redis takes."""
        return "redis+cluster://" + ",".join(f"127.0.0.1:{server.port}" for server in self.masters)

    def kill(self):
        """Ends all servers as a crash of their machines would."""
        for server in self.servers:
            server.kill()

    def start(self):
        """Starts them again, and waits until they are a cluster."""
        for server in self.servers:
            server.start()
        self._wait()

    def freeze(self):
        """Stops all servers from running, while their sockets stay open."""
        for server in self.servers:
            server.freeze()

    def thaw(self):
        """Ends what `freeze` began."""
        for server in self.servers:
            server.thaw()

    def masters_now(self):
        """Returns the servers that are masters, and their ranges of slots."""
        ranges = {}
        for begin, end, (_, port, *_), *_ in self._any().command("CLUSTER", "SLOTS"):
            ranges.setdefault(port, []).append((begin, end))
        return {server: ranges[server.port] for server in self.servers if server.port in ranges}

    def _any(self):
        """Returns a server that runs."""
        return next(server for server in self.servers if server.is_running)

    def migrate(self, slot, target):
        """Begins to move a slot: its keys go, one after the other, but both masters have it."""
        source = self.owner_of(slot)
        # A target that does not know of a newer epoch would not win the slot for good.
        wait_until(lambda: target.epoch_of(source.name) == source.epoch_of(source.name))
        target.command("CLUSTER", "SETSLOT", slot, "IMPORTING", source.name)
        source.command("CLUSTER", "SETSLOT", slot, "MIGRATING", target.name)
        while keys := source.command("CLUSTER", "GETKEYSINSLOT", slot, 10):
            source.command("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *keys)

    def move(self, slot, target):
        """Ends what `migrate` began: the slot has one master again, the target."""
        for server in [target, *self.masters_now()]:
            server.command("CLUSTER", "SETSLOT", slot, "NODE", target.name)

    def owner_of(self, slot):
        """Returns the master of a slot."""
        return next(server for server, ranges in self.masters_now().items()
                    if any(begin <= slot <= end for begin, end in ranges))

    def has_replicas(self):
        """Tells whether each master has a replica that has all that was written."""
        return all(self._is_replicated(server, ranges)
                   for server, ranges in self.masters_now().items())

    @staticmethod
    def _is_replicated(master, ranges):
        """Tells whether a replica confirms what is written to a master now."""
        key = next(key for key in map(str, itertools.count())
                   if any(begin <= slot_of(key) <= end for begin, end in ranges))
        # A server that has just started may not know of its successor yet.
        with contextlib.suppress(RedisError), contextlib.closing(master.connect()) as connection:
            connection.command("SET", key, "")
            return connection.command("WAIT", 1, 200) == 1
        return False

    def master_of(self, name):
        """Returns the master that serves the slot of a key or channel now."""
        for server in self.servers:
            if not server.is_running:
                continue
            for begin, end, (_, port, *_), *_ in server.command("CLUSTER", "SLOTS"):
                if begin <= slot_of(name) <= end:
                    return next(server for server in self.servers if server.port == port)
        raise AssertionError(f"no server has the slot of {name}")

    def command(self, *words):
        """Sends a command to the master of its key, or to all if it has none."""
        if words[0] in self.EVERYWHERE:
            return [master.command(*words) for master in self.masters_now()][-1]
        return self.master_of(words[1]).command(*words)

    def publish(self, message, channel="waybill"):
        """Publishes on the open channel by one of the servers, and returns how many nodes
        listen to that one."""
        return self.masters[-1].publish(message, channel)

    def holders(self, address):
        """Returns how many nodes are subscribed to the channel of an address."""
        channel = f"waybill:{{{address}}}"
        return self.master_of(channel).command("PUBSUB", "SHARDNUMSUB", channel)[1]

    subscribers = Redis.subscribers
    dead_letters = Redis.dead_letters
