"""Three nodes, their Redis, clients and pushers, and what goes wrong for them."""

import asyncio
import contextlib
import itertools
import socket
import time
from dataclasses import dataclass

from clients import Http, get, is_ready
from faults import CLUSTER, CUTS, FAULTS, subscribers
from documents import blocks
from harness import ROOT, WAYBILL, Balancer, Node, Server, eventually, scaled
from checker import Checker, GRACE, LIFETIME
from links import Namespace, SlowLink
from redis_cluster import RedisCluster
from redis_server import Redis, Replica, random_port
from sentinel_group import is_master, start_group
from streams import StreamClient
from traffic import BROKEN, MIXES, Client, Pusher, seeded

now = time.monotonic

CLIENTS = scaled(30)
# Some have two clients.
NAMES = [f"id{i}" for i in range(max(1, CLIENTS * 4 // 5))]
PUSHERS = 6

# The time clients stay on average before they reconnect for no reason, in seconds.
STAY = 8.0

# The rules of the guide with which HAProxy answers event streams that no node does.
STREAM_RULES = "\n    ".join(
    line for line in blocks(ROOT / "docs/guide/proxies.md", "haproxy")[0].text.splitlines()
    if "stream" in line or "is_away" in line)


@dataclass(frozen=True)
class Plan:
    """The plan of a scenario."""

    seed: int
    # The time for which faults are made, in seconds, and which.
    seconds: float
    faults: tuple[str, ...]
    # The mix that is pushed, a name of traffic.MIXES.
    mix: str = "all"
    # The part of the clients that are event streams, in percent.
    streams: int = 33


class NodeSlot(Server):
    """An address at which one node after the other runs."""

    def __init__(self, stack, name, redis_url, replicas, host="127.0.0.1", within=()):
        super().__init__(free_port(), host)
        self._stack = stack
        self._options = ["--node", name, "--drain", "1s", "--log-level", "warn",
                         "--events-lifetime", f"{LIFETIME:.0f}s",
                         *([] if host == "127.0.0.1" else ["--insecure"]),
                         "--redis-replicas", replicas]
        self._where = {"redis": redis_url, "listen": f"{host}:{self.port}", "within": within}

    def start(self, program=WAYBILL):
        """Starts a node, which is not ready yet."""
        self.node = self._stack.enter_context(
            Node(*self._options, **self._where, program=program))

    async def wait_ready(self):
        """Waits until the node is ready."""
        await asyncio.to_thread(self.node.wait_ready)


def free_port():
    """Returns a port that is free now, and that the kernel gives to nobody, so
    that a node which was away gets it again."""
    while True:
        port = random_port()
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


class Scenario:
    """One run of a plan. What it starts is stopped by the stack."""

    def __init__(self, plan, stack):
        self.checker = Checker()
        self.mix = MIXES[plan.mix]
        self.names = NAMES
        self.chance = seeded(plan.seed, "faults")
        # Whether pushers stop, and clients stay.
        self.is_calm = False
        # Whether clients may connect.
        self.is_open = asyncio.Event()
        self.is_open.set()
        # Whether clients leave and come back for no reason.
        self.is_restless = asyncio.Event()
        self.is_restless.set()
        # Redis is one server, several that Sentinels watch, or a Redis Cluster.
        self.group = self._redis = None
        self.is_cluster = bool(CLUSTER & set(plan.faults))
        # The one that pushes with a ttl wait for, where a fault needs it.
        self.replica = None
        self._plan = plan
        self._whim = seeded(plan.seed, "whim")
        self._stack = stack
        self.clients = self._make_clients()
        # The ids that only event streams have.
        self.stream_names = set(NAMES) - {client.name for client in self.clients
                                          if not isinstance(client, StreamClient)}
        self._pushers = [Pusher(self, f"pusher{i}", seeded(plan.seed, f"pusher {i}"))
                         for i in range(PUSHERS)]

    # -- its parts ------------------------------------------------------------

    def _make_clients(self):
        """Returns the clients, of which some are event streams by chance."""
        seed = self._plan.seed
        streams = seeded(seed, "streams").sample(range(CLIENTS),
                                                 CLIENTS * self._plan.streams // 100)
        return [(StreamClient if i in streams else Client)(self, name, seeded(seed, f"client {i}"))
                for i, name in zip(range(CLIENTS), itertools.cycle(NAMES))]

    @property
    def redis(self):
        """The Redis that all nodes should be on."""
        return self.group.master() if self.group else self._redis

    @property
    def _redis_url(self):
        """The URL that --redis takes."""
        return self.group.url if self.group else self._redis.url

    async def _start(self):
        """Starts Redis, the nodes and the balancer. Redis is asked to lose
        nothing that it has answered."""
        enter = self._stack.enter_context
        self.space = enter(Namespace()) if CUTS & set(self._plan.faults) else None
        options = ["--appendonly", "yes", "--appendfsync", "always",
                   "--repl-diskless-sync-delay", "0"]
        if self.space:
            options += ["--bind", "127.0.0.1", self.space.host, "--protected-mode", "no"]
        if "failover" in self._plan.faults:
            self.group = await start_group(enter)
        elif self.is_cluster:
            self._redis = await asyncio.to_thread(
                lambda: RedisCluster(enter, *options, replicas=self._replicas))
            if self._fails_over:
                await eventually(self._redis.has_replicas)
        else:
            self._redis = enter(Redis(*options)).start()
        if "replica_killed" in self._plan.faults:
            self.replica = enter(Replica(self._redis)).start()
            await eventually(lambda: is_master(self._redis, 1))
            # It may be listed some time before it has read what it was sent.
            self._redis.command("SET", "settled", 1)
            await eventually(lambda: self._redis.command("WAIT", 1, 1000) == 1)
        self.slow_link = SlowLink()
        self.slots = [self._slot("node1", self._redis_url), await self._slow_slot(),
                       self._far_slot()]
        for slot in self.slots:
            slot.start()
        for slot in self.slots:
            await slot.wait_ready()
        self.balancer = enter(Balancer(self.slots, STREAM_RULES))

    @property
    def _replicas(self):
        """The number of replicas that are to have what is kept."""
        return 2 if self.group else 1 if self.replica or self._fails_over else 0

    @property
    def _fails_over(self):
        """Whether replicas of a Redis Cluster become masters."""
        return "shard_failover" in self._plan.faults

    def _slot(self, name, redis_url, *more):
        """Returns the slot of a node."""
        return NodeSlot(self._stack, name, redis_url, self._replicas, *more)

    async def _slow_slot(self):
        """Returns the slot of the node whose link may become slow."""
        url = self._redis_url
        if "link_slow" in self._plan.faults:
            door = await self.slow_link.open(Server(self.redis.port))
            url = f"redis://{door.host}:{door.port}"
        return self._slot("node2", url)

    def _far_slot(self):
        """Returns the slot of the node whose link may be cut."""
        if not self.space:
            return self._slot("node3", self._redis_url)
        return self._slot("node3", f"redis://{self.space.host}:{self.redis.port}",
                           self.space.far, self.space.within)

    @contextlib.contextmanager
    def restart(self):
        """A node ends in this time, and its sessions with it."""
        begun = now()
        yield
        self.checker.restart(begun, now())

    def any_door(self, chance):
        """Returns where a client connects to: a node, or the balancer."""
        return chance.choice([self.balancer, chance.choice(self.slots)])

    # -- its life --------------------------------------------------------------

    async def live(self):
        """Lives the plan, and returns the verdict."""
        await self._start()
        failed = False
        async with asyncio.TaskGroup() as group:
            pushers = [group.create_task(pusher.run()) for pusher in self._pushers]
            clients = [group.create_task(client.run()) for client in self.clients]
            wander = group.create_task(self._wander())
            try:
                await self._nemesis()
                await self._calm_down(wander, *pushers)
            except AssertionError as e:
                failed = True
                self.checker.complain("wrong in calm", e)
            for task in [*pushers, *clients, wander]:
                task.cancel()
        return self.checker.verdict(ended_calm=not failed)

    async def _calm_down(self, *tasks):
        """Waits until tasks have ended that do so in calm, and until all that was
        pushed has come to where it goes."""
        self.is_calm = True
        await asyncio.wait(tasks)
        await self._settle()
        await self._check_mailboxes()
        await self._push_the_last()

    async def _nemesis(self):
        """Makes one fault after the other, with some calm before each."""
        await self._settle()
        end = now() + self._plan.seconds
        while (begun := await self._after_calm()) < end:
            name = self.chance.choice(self._plan.faults)
            print(f"{end - begun:6.1f} s left: {name}", flush=True)
            try:
                await FAULTS[name](self)
                await self._settle()
            finally:
                self.checker.fault(begun, now())

    async def _after_calm(self):
        """Lets some time be calm, and returns when it is over."""
        await asyncio.sleep(self.chance.uniform(2.5, 4.0))
        return now()

    async def _wander(self):
        """Has clients leave, now one and now another."""
        async with asyncio.TaskGroup() as group:
            while not self.is_calm:
                await self.is_restless.wait()
                await asyncio.sleep(self._whim.expovariate(len(self.clients) / STAY))
                client = self._whim.choice(self.clients)
                group.create_task(client.leave(self._whim.choice(["close", "drop", "reset"])))

    async def _settle(self):
        """Waits until all nodes are ready, and all clients connected. A node whose
        link was cut is counted twice, until Redis learns of the end of the old."""
        if self._fails_over:
            await eventually(self.redis.has_replicas)
        elif self._replicas:
            await eventually(lambda: is_master(self.redis, self._replicas))
        for slot in self.slots:
            await eventually(lambda: self.is_ready(slot))
        await eventually(lambda: len(subscribers(self)) == len(self.slots))
        await eventually(lambda: all(client.is_in for client in self.clients))

    @staticmethod
    async def is_ready(slot):
        """Tells whether a node is there, and ready for all addresses."""
        with contextlib.suppress(*BROKEN):
            return await is_ready(slot) and not (await get(slot, "/stats"))["servers_away"]

    async def _check_mailboxes(self):
        """Waits until the clients have confirmed all that was kept for them."""
        def are_empty():
            return not any(self.redis.command("XLEN", f"waybill:mail:{{id:{name}}}") for name in NAMES)

        await eventually(are_empty)

    async def _push_the_last(self):
        """Pushes to each id until all its clients have the same: then they have all that was
        before it. An event stream may be away for a moment."""
        async with Http(self.slots[0]) as http:
            for name in NAMES:
                await eventually(lambda: self._reach_all(http, name))

    async def _reach_all(self, http, name):
        """Pushes to an id, and tells whether that came to all its clients."""
        push = self.checker.begin("last", name, now())
        answer = await http.push(name, push.text)
        self.checker.answer(push, now(), answer.status, nodes=answer.json.get("nodes", 0))
        with contextlib.suppress(AssertionError):
            return await eventually(lambda: len(push.arrivals) >= self._count(name), GRACE)
        return False

    def _count(self, name):
        """Returns how many clients have an id."""
        return sum(client.name == name for client in self.clients)


def run(plan):
    """Runs a plan from its beginning to its end, and returns the verdict. That
    a process did not end well is a failure like others."""
    verdict = None
    try:
        with contextlib.ExitStack() as stack:
            verdict = asyncio.run(Scenario(plan, stack).live())
    except AssertionError as e:
        if not verdict:
            raise
        verdict.failures.append(f"at the end: {e}")
    return verdict
