"""Nodes follow the master that Sentinels name, and their clients notice nothing."""

import contextlib
import socket
import threading
import time

import pytest

from clients import assert_reachable, get, is_ready, join, joined, request
from harness import eventually
from redis_server import Sentinel
from sentinel_group import order_failover, start_group


async def await_move(group, nodes, old):
    """Waits until all nodes are ready on a master that is not `old`."""
    began = time.monotonic()
    await eventually(lambda: group.master() is not old)
    print(f"another master is named after {time.monotonic() - began:.3f} s")
    new = group.master()

    async def all_are_there():
        heard = new.command("PUBSUB", "NUMSUB", "waybill")[1]
        return heard == len(nodes) and all([await is_ready(node) for node in nodes])

    await eventually(all_are_there)
    print(f"all nodes are ready there after {time.monotonic() - began:.3f} s")
    return new


async def kill_master(group):
    """Kills the master."""
    group.master().kill()


@pytest.mark.parametrize("replace", [order_failover, kill_master])
async def test_clients_are_reachable_on_the_next_master(lab, replace):
    group = await start_group(lab.enter_context)
    nodes = lab.cluster(redis=group).nodes
    names = [f"user{i}" for i in range(3)]
    sessions = [await join(node, name) for node, name in zip(nodes, names)]
    old = group.master()
    await replace(group)
    await await_move(group, nodes, old)
    for node in nodes:
        for name, ws in zip(names, sessions):
            answer = await assert_reachable(node, name, ws)
            assert answer.json["nodes"] == 1
        assert (await get(node, "/stats"))["links_lost"] == 1


@pytest.mark.parametrize("hurt", [Sentinel.kill, Sentinel.freeze])
async def test_one_sentinel_of_three_is_missed_neither_at_the_start_nor_later(lab, hurt):
    group = await start_group(lab.enter_context)
    early = lab.node(redis=group)
    hurt(group.sentinels[0])
    began = time.monotonic()
    late = lab.node(redis=group)
    print(f"a node starts in {time.monotonic() - began:.3f} s")
    nodes = [early, late]
    async with joined(early, "456") as ws:
        await assert_reachable(late, "456", ws)
        old = group.master()
        await order_failover(group)
        await await_move(group, nodes, old)
        await assert_reachable(late, "456", ws)


class FakeSentinel:
    """Names as the master whichever Redis a test wants. It has threads of its
    own, since tests wait for the lines of a node."""

    def __init__(self, master):
        self.master = master
        self.silent = False
        self.commands = []
        self.turned_away = 0
        self._connections = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self.be_silent()

    @property
    def url(self):
        """Returns what --redis takes."""
        return f"redis+sentinel://127.0.0.1:{self.port}/mymaster"

    def be_silent(self):
        """Closes all connections, and turns away those to come."""
        self.silent = True
        while self._connections:
            # The other end may have closed it.
            with contextlib.suppress(OSError):
                self._connections.pop().shutdown(socket.SHUT_RDWR)

    def _accept(self):
        with contextlib.suppress(OSError), self._listener:
            while True:
                connection, _ = self._listener.accept()
                if self.silent:
                    self.turned_away += 1
                    connection.close()
                else:
                    self._connections.append(connection)
                    threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError), connection, connection.makefile("rwb") as file:
            while line := file.readline():
                # An array of strings, see redis_server.Connection.
                lines = [file.readline() for _ in range(2 * int(line[1:]))]
                words = [word.decode().strip() for word in lines[1::2]]
                self.commands.append(words)
                reply = ["sentinel"]
                if words != ["ROLE"]:
                    reply = ["127.0.0.1", str(self.master.port)]
                strings = "".join(f"${len(word)}\r\n{word}\r\n" for word in reply)
                file.write(f"*{len(reply)}\r\n{strings}".encode())
                file.flush()


async def test_a_master_that_is_well_is_left_when_another_is_named(lab):
    one, two = lab.redis(), lab.redis()
    with FakeSentinel(one) as sentinel:
        node = lab.node(redis=sentinel)
        async with joined(node, "456") as ws:
            sentinel.master = two
            began = time.monotonic()
            await eventually(lambda: two.subscribers("456") == {"456": 1})
            took = time.monotonic() - began
            print(f"left after {took:.3f} s")
            # It asks every second, and goes within 0.1 s.
            assert took < 2
            node.log.wait_for(f"the master moved to redis://127.0.0.1:{two.port}/0")
            await eventually(lambda: one.subscribers("456") == {"456": 0})
            await eventually(lambda: is_ready(node))
            await assert_reachable(node, "456", ws)


async def test_without_an_answer_a_node_stays_where_it_is(lab):
    one, two = lab.redis(), lab.redis()
    with FakeSentinel(one) as sentinel:
        node = lab.node(redis=sentinel)
        async with joined(node, "456") as ws:
            sentinel.be_silent()
            await eventually(lambda: sentinel.turned_away >= 2)
            await assert_reachable(node, "456", ws)
            assert (await get(node, "/stats"))["links_lost"] == 0
            sentinel.silent = False
            sentinel.master = two
            await eventually(lambda: two.subscribers("456") == {"456": 1})


async def test_only_a_master_is_good_enough(lab):
    master = lab.redis()
    replica = lab.replica(master)
    with FakeSentinel(replica) as sentinel:
        node = lab.new_node(redis=sentinel)
        node.log.wait_for("Redis cannot be reached: this Redis is no master")
        assert not await is_ready(node)
        sentinel.master = master
        node.wait_ready()


async def test_a_sentinel_that_is_behind_is_left_for_another(lab):
    master, gone = lab.redis(), lab.redis()
    gone.kill()
    with FakeSentinel(gone) as behind, FakeSentinel(master) as right:
        node = lab.new_node(
            redis=f"redis+sentinel://127.0.0.1:{behind.port},127.0.0.1:{right.port}/mymaster")
        await eventually(lambda: is_ready(node))


async def test_user_password_and_database_are_for_the_master_alone(lab):
    master = lab.redis(password="s3cret")
    with FakeSentinel(master) as sentinel:
        node = lab.node(redis=f"redis+sentinel://:s3cret@127.0.0.1:{sentinel.port}/other/3")
        assert node.out.all()[0].endswith(f"with redis+sentinel://127.0.0.1:{sentinel.port}/other/3")
        clients = master.command("CLIENT", "LIST").decode()
        assert clients.count(" db=3 ") == 2
        assert sentinel.commands[:2] == [["ROLE"], ["SENTINEL", "get-master-addr-by-name", "other"]]
        assert all(words in sentinel.commands[:2] for words in sentinel.commands)
        node.stop()
        assert "s3cret" not in "\n".join(node.out.rest() + node.log.rest())


async def test_what_is_wrong_with_the_sentinels_is_logged(lab):
    redis, gone = lab.redis(), lab.redis()
    gone.kill()
    sentinel = lab.sentinel(redis.port)
    for place, reason in [(f"{redis.port}/mymaster", "this Redis is no sentinel"),
                          (f"{sentinel.port}/yours", "no master is called yours"),
                          (f"{gone.port}/mymaster", "Connection refused")]:
        node = lab.new_node(redis=f"redis+sentinel://127.0.0.1:{place}")
        port = place.split("/")[0]
        node.log.wait_for("Redis cannot be reached: no Sentinel names the master; "
                          f"127.0.0.1:{port}: {reason}")
        assert (await request(node, "GET", "/livez")).status == 200
        assert node.out.all() == []
