"""A master with two replicas, and the three Sentinels that watch them."""

from dataclasses import dataclass

from harness import eventually
from redis_server import Redis, RedisError, Replica, Sentinel


@dataclass
class Group:
    """Redis servers, of which one is the master, and the Sentinels that say which."""

    servers: list[Redis]
    sentinels: list[Sentinel]

    @property
    def url(self):
        """Returns what --redis takes."""
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        return f"redis+sentinel://{hosts}/mymaster"

    def master(self):
        """Returns what the last Sentinel, which no test stops, calls the master."""
        port = self.sentinels[-1].master_port()
        return next(server for server in self.servers if server.port == port)


def is_master(redis, replicas):
    """Tells whether a Redis has so many replicas that are up to date."""
    role, *state = redis.command("ROLE")
    return role == b"master" and len(state[1]) == replicas


async def start_group(enter):
    """Starts a master with two replicas and three Sentinels that know each other.

    @param enter takes a context manager, and returns what that yields.
    """
    master = enter(Redis("--repl-diskless-sync-delay", "0")).start()
    servers = [master, *(enter(Replica(master)).start() for _ in range(2))]
    await eventually(lambda: is_master(master, 2))
    sentinels = [enter(Sentinel(master.port)).start() for _ in range(3)]
    for sentinel in sentinels:
        await eventually(lambda: sentinel.knows("replicas") == 2
                         and sentinel.knows("sentinels") == 2)
    return Group(servers, sentinels)


async def order_failover(group):
    """Has a master replaced that is well, and stays so for a while."""
    def is_begun():
        try:
            return group.sentinels[-1].command("SENTINEL", "FAILOVER", "mymaster") == b"OK"
        except RedisError as error:
            # It may not yet have heard enough of the replicas.
            assert "NOGOODSLAVE" in str(error)

    await eventually(is_begun)
