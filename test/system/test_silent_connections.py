"""Connections that say nothing take neither the place of clients nor that of
probes."""

import asyncio
import contextlib
import resource
import socket
import time

import pytest
import websockets

from clients import Http, assert_reachable, get, join, joined, push, receive, request
from harness import Server

DESCRIPTORS = 256
FEW = ["prlimit", f"--nofile={DESCRIPTORS}"]


@contextlib.contextmanager
def silent_connections(port, count, begin=b"", hosts=("127.0.0.1",)):
    """Opens many connections that say no more than `begin`."""
    with contextlib.ExitStack() as stack:
        for i in range(count):
            client = stack.enter_context(socket.socket())
            client.bind((hosts[i % len(hosts)], 0))
            client.connect(("127.0.0.1", port))
            with contextlib.suppress(ConnectionError):
                client.sendall(begin)
        yield


@pytest.fixture
def node(lab):
    """A node that may open few descriptors, and has a port for admins."""
    return lab.node("--admin-listen", "127.0.0.1:0", "--threads", "2", within=FEW)


async def assert_lives(*ports):
    """Checks that each port answers a probe, and does not wait for silent clients
    to run into their timeout."""
    for port in ports:
        begin = time.monotonic()
        assert (await request(Server(port), "GET", "/livez")).status == 200
        assert time.monotonic() - begin < 5


@pytest.mark.parametrize("begin", [b"", b"GET /li", b"GET /livez HTTP/1.1\r\nHost: h\r\n\r\n",
                                   b"POST /socket/456 HTTP/1.1\r\nHost: h\r\n"
                                   b"Content-Length: 5\r\n\r\nab"],
                         ids=["nothing", "half a head", "one request", "half a body"])
@pytest.mark.parametrize("hosts", [["127.0.0.1"], [f"127.0.1.{i}" for i in range(1, 100)]],
                         ids=["one peer", "many peers"])
async def test_they_harm_nobody(node, begin, hosts):
    clients, admins = (Server(port) for port in node.ports)
    async with joined(clients, "456") as ws:
        with silent_connections(clients.port, 1000, begin, hosts):
            await assert_lives(*node.ports)
            assert (await push(admins, "456", "still there?")).status == 200
            assert await receive(ws) == "still there?"
            begun = time.monotonic()
            async with joined(clients, "new"):
                assert time.monotonic() - begun < 1
            figures = await get(admins, "/stats")
            assert figures["silent_connections"] > 700
            assert figures["refused_connections"] == 0
    node.log.wait_for(r"closed the connection of 127\.0\..*, which is silent")


async def test_those_of_admins_harm_no_client_and_no_probe(node):
    clients, admins = (Server(port) for port in node.ports)
    async with joined(clients, "456") as ws, Http(clients) as idle:
        assert (await idle.request("GET", "/livez")).status == 200
        with silent_connections(admins.port, 500):
            await assert_lives(*node.ports)
            assert (await push(admins, "456", "still there?")).status == 200
            assert await receive(ws) == "still there?"
            assert (await idle.request("GET", "/livez")).status == 200


async def test_a_node_that_is_full_of_sessions_answers_probes(lab):
    node = lab.node("--admin-listen", "127.0.0.1:0", "--max-sessions", "1000000", within=FEW)
    clients, admins = (Server(port) for port in node.ports)
    most = DESCRIPTORS // 10 * 9
    node.log.wait_for(f"takes up to {most} sessions")
    async with joined(clients, *map(str, range(most))) as sessions:
        with pytest.raises(websockets.InvalidStatusCode):
            await join(clients, "more")
        with silent_connections(clients.port, 300):
            await assert_lives(*node.ports)
            answer = await push(admins, "0", "still there?")
            assert answer.status == 200
            assert await receive(sessions[0]) == "still there?"


async def test_who_has_asked_stays_longer_than_who_has_not(node):
    clients, _ = (Server(port) for port in node.ports)
    async with contextlib.AsyncExitStack() as stack:
        idle = [await stack.enter_async_context(Http(clients)) for _ in range(20)]
        for http in idle:
            assert (await http.request("GET", "/livez")).status == 200
        with silent_connections(clients.port, 1000):
            for http in idle:
                assert (await http.request("GET", "/livez")).status == 200


async def test_they_make_room_on_another_loop(lab):
    node = lab.node("--threads", "2")
    # Past the start, so that no loop has a limit of its own below it.
    _, most = resource.prlimit(node.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(node.pid, resource.RLIMIT_NOFILE, (DESCRIPTORS, most))
    async with contextlib.AsyncExitStack() as stack:
        idle = []
        # Loops get connections in turn: all that ask come to the same one.
        for _ in range(130):
            idle.append(await stack.enter_async_context(Http(node)))
            assert (await idle[-1].request("GET", "/livez")).status == 200
            stack.enter_context(silent_connections(node.port, 1))
        for http in idle:
            assert (await http.request("GET", "/livez")).status == 200


async def test_a_storm_of_clients_gets_in(lab):
    node = lab.node(within=["prlimit", "--nofile=2000"])

    async def come(name):
        async with joined(node, name) as ws:
            await assert_reachable(node, name, ws)

    async with asyncio.TaskGroup() as group:
        for i in range(300):
            group.create_task(come(str(i)))
    assert (await get(node, "/stats"))["silent_connections"] == 0
