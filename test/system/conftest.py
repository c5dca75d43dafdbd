"""Fixtures: processes for one test, or for all tests of a module."""

import asyncio
import contextlib
import inspect
import resource
from dataclasses import dataclass

import pytest

pytest.register_assert_rewrite("certificates", "clients", "harness", "raw_http", "redis_cluster",
                               "redis_server")

# Only now may these be imported.
from clients import abandon_all
from harness import Balancer, Node
from proxy import Proxy
from redis_cluster import ON_CLUSTER, RedisCluster
from redis_server import Redis, Replica, Sentinel

# The time a test may take, in seconds.
DEADLINE = 180


def pytest_configure():
    """Allows as many sockets as the system does, for us and what we start."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Runs a test that is a coroutine function."""
    test = pyfuncitem.obj
    if not inspect.iscoroutinefunction(test):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in inspect.signature(test).parameters}
    asyncio.run(run(test(**arguments)))
    return True


async def run(test):
    """Runs a test until it ends, and leaves no client behind if it fails."""
    try:
        async with asyncio.timeout(DEADLINE):
            await test
    finally:
        await abandon_all()


@dataclass
class Cluster:
    """A Redis, or a Redis Cluster, and the nodes that share it."""

    redis: Redis | RedisCluster
    nodes: list[Node]


class Lab(contextlib.ExitStack):
    """Starts processes, and stops them at its end, the last one first."""

    def redis(self, *options, **more):
        """Starts a Redis."""
        return self.absent_redis(*options, **more).start()

    def absent_redis(self, *options, **more):
        """Returns a Redis that runs only when it is started."""
        return self.enter_context(Redis(*options, **more))

    def redis_cluster(self, *options, **more):
        """Starts the servers of a Redis Cluster."""
        return RedisCluster(self.enter_context, *options, **more)

    def replica(self, master):
        """Starts a copy of a Redis."""
        return self.enter_context(Replica(master)).start()

    def sentinel(self, master_port):
        """Starts a Sentinel that watches a Redis."""
        return self.enter_context(Sentinel(master_port)).start()

    def proxy(self, redis):
        """Starts a proxy in front of a Redis."""
        return self.enter_context(Proxy(redis.port))

    def new_node(self, *options, **more):
        """Starts a node, which may never be ready."""
        return self.enter_context(Node(*options, **more))

    def node(self, *options, **more):
        """Starts a node and waits until it is ready."""
        return self.new_node(*options, **more).wait_ready()

    def cluster(self, *options, size=3, redis=None):
        """Starts nodes that share a Redis, named node1 and so on."""
        redis = redis or (self.redis_cluster() if ON_CLUSTER else self.redis())
        nodes = [self.new_node("--node", f"node{i}", *options, redis=redis)
                 for i in range(1, size + 1)]
        return Cluster(redis, [node.wait_ready() for node in nodes])

    def balancer(self, nodes, **more):
        """Starts an HAProxy in front of nodes."""
        return self.enter_context(Balancer(nodes, **more))


@pytest.fixture
def lab():
    """All that a test starts here ends with the test."""
    with Lab() as result:
        yield result


@pytest.fixture(scope="module")
def shared_lab():
    """All that is started here ends with the module."""
    with Lab() as result:
        yield result


@pytest.fixture(scope="module")
def cluster(shared_lab):
    """Three nodes and their Redis. All tests of a module use the same, each
    with ids of its own."""
    return shared_lab.cluster()


@pytest.fixture(scope="module")
def node(shared_lab):
    """A node without Redis, the same for all tests of a module."""
    return shared_lab.node()


@pytest.fixture(scope="module", params=["three nodes", "one node without Redis"])
def nodes(request):
    """Three nodes, or three times the one that is alone."""
    if request.param == "three nodes":
        return request.getfixturevalue("cluster").nodes
    return [request.getfixturevalue("node")] * 3
