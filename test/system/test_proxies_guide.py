"""The configurations of the guide to proxies, run by the proxies themselves."""

import asyncio
import contextlib
import signal
import ssl
from dataclasses import dataclass

import pytest
import websockets

from certificates import Certificate
from clients import (Http, close_of, get, join, joined, push, receive, request,
                     until_offline)
from documents import blocks
from event_source import EventStream, listening
from harness import ROOT, Node, Process, Server, TlsServer, eventually
from raw_websocket import RawWebSocket
from redis_server import Redis, random_port

GUIDE = ROOT / "docs/guide/proxies.md"
PING = 9
TRUST = ["--trusted-proxy", "127.0.0.1"]
# The kernel lets us connect from any address of 127.0.0.0/8.
CLIENT = "127.0.0.2"


def replaced(text, changes):
    """Returns a text with changes, each of which must be one."""
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, str(new))
    return text


class Haproxy:
    """HAProxy, run with the guide's configuration.

    @param folder has the certificate `waybill.pem`, its key `waybill.key`, and both in
                  `both.pem`
    """

    node_options = TRUST
    # Two nodes are enough here, and descriptors may be few.
    changes = {"  server node3 10.0.0.13:8080\n": "", "maxconn 100000": "maxconn 1000"}

    def __init__(self, folder):
        self.folder = folder
        self.file = folder / "proxy.cfg"
        self.command = ["/usr/sbin/haproxy", "-db", "-f", self.file]

    def config(self, port):
        """Returns the guide's configuration, for clients who come to a port."""
        return replaced(blocks(GUIDE, "haproxy")[0].text, {
            **self.changes, "bind :443": f"bind 127.0.0.1:{port}",
            "/etc/haproxy/waybill.pem": self.folder / "both.pem"})


class HaproxyWithProxyProtocol(Haproxy):
    """The same, with what the guide has for the PROXY protocol."""

    node_options = [*TRUST, "--proxy-protocol"]

    def config(self, port):
        """Returns the guide's configuration, for clients who come to a port."""
        return replaced(super().config(port), {
            "  option forwardfor\n": "",
            "  default-server check inter 1s fall 2 rise 1\n": blocks(GUIDE, "haproxy")[1].text})


class Nginx(Haproxy):
    """nginx, run with the guide's configuration."""

    changes = {"    server 10.0.0.13:8080 max_fails=1 fail_timeout=2s;\n": "",
               "worker_rlimit_nofile 100000;\n": "", "connections 50000": "connections 1000"}

    def __init__(self, folder):
        super().__init__(folder)
        # In one process, so that none is left when that is killed.
        self.command = [
            "/usr/sbin/nginx", "-c", self.file, "-e", "stderr", "-g",
            f"daemon off; master_process off; error_log stderr; pid {folder}/proxy.pid;"]

    def config(self, port):
        """Returns the guide's configuration, for clients who come to a port."""
        return replaced(blocks(GUIDE, "nginx")[0].text, {
            **self.changes, "listen 443": f"listen 127.0.0.1:{port}",
            "/etc/nginx": self.folder})


@dataclass
class World:
    """Nodes, and the proxy in front of them.

    @param clients where clients connect to, and `pushers` where pushers do
    """

    nodes: list[Node]
    redis: Redis
    clients: TlsServer
    pushers: Server


@pytest.fixture(params=[Haproxy, HaproxyWithProxyProtocol, Nginx])
def kind(request, tmp_path):
    """Each of the proxies."""
    certificate = Certificate(tmp_path / "waybill", "IP:127.0.0.1")
    (tmp_path / "both.pem").write_text(certificate.file.read_text() + certificate.key.read_text())
    return request.param(tmp_path)


@pytest.fixture
def world(kind, lab):
    """Starts two nodes, each with the options given for it, and the proxy."""
    async def start(*options, timeout="2m"):
        redis = lab.redis()
        nodes = [lab.node("--node", f"node{i}", *kind.node_options, *flags, redis=redis)
                 for i, flags in enumerate(options, 1)]
        # A port may be taken since it was found free.
        for _ in range(20):
            clients, pushers = random_port(), random_port()
            if clients == pushers:
                continue
            ports = [pushers, *(node.port for node in nodes)]
            kind.file.write_text(replaced(kind.config(clients), {
                " 2m": f" {timeout}",
                **{f"10.0.0.1{i}:8080": f"127.0.0.1:{port}" for i, port in enumerate(ports)}}))
            context = ssl.create_default_context(cafile=kind.folder / "waybill.pem")
            result = World(nodes, redis, TlsServer(clients, context), Server(pushers))
            proxy = lab.enter_context(Process(*kind.command))
            # Its end is of no account.
            lab.callback(proxy.kill)
            try:
                await eventually(lambda: answers(proxy, result))
            except AssertionError as error:
                raise AssertionError("\n".join(proxy.log.all())) from error
            if not proxy.has_ended:
                return result
        raise AssertionError("\n".join(proxy.log.rest()))

    return start


async def answers(proxy, world):
    """Tells whether a proxy has found a node that is ready, or has ended."""
    with contextlib.suppress(OSError, EOFError):
        if (await request(world.pushers, "GET", "/readyz")).status == 200:
            return True
    return proxy.has_ended


async def detail(world, name="456"):
    """Returns the sessions of an id."""
    return (await get(world.pushers, f"/socket/{name}?detail=1"))["sessions"]


async def test_a_push_reaches_clients_of_all_nodes(world):
    world = await world([], [])
    async with joined(world.clients, "456", "456", "456", "456") as sessions:
        assert {session["node"] for session in await detail(world)} == {"node1", "node2"}
        async with Http(world.pushers) as http:
            for text in ("one", "x" * 200_000):
                answer = await http.push("456", text, "?receipt=received")
                assert answer.counts == (200, {"nodes": 2, "sessions": 4, "written": 4,
                                               "received": 4})
                for ws in sessions:
                    assert await receive(ws) == text


async def test_the_address_of_a_client_is_its_own(world):
    world = await world([], [])
    ws = await join(world.clients, "456", local_addr=(CLIENT, 0),
                    extra_headers={"X-Forwarded-For": "198.51.100.1"})
    session, = await detail(world)
    assert session["peer"].split(":")[0] == CLIENT
    await ws.close()


async def test_clients_reach_websockets_only(world):
    world = await world([], [])
    for path in ("/socket/456", "/stats", "/readyz", "/websocketx/456", "/"):
        answer = await tls_request(world.clients, path)
        assert b" 404 " in answer.split(b"\r\n")[0], answer


async def tls_request(server, path):
    """Returns the answer to a GET by TLS."""
    async with Http(server) as http:
        await http.send(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                        "Connection: close\r\n\r\n".encode())
        return await http.read_to_end()


async def test_an_event_stream_is_not_held_back(world):
    world = await world([], [])
    async with listening(world.clients, "456") as stream:
        for text in ("one", "line\n" * 20_000):
            answer = await push(world.pushers, "456", text, "?ttl=60")
            assert answer.status == 200
            assert (await stream.next()).data == text
    async with listening(world.clients, "456", last_id=stream.last_id):
        pass


async def test_a_client_that_leaves_its_event_stream_is_offline(world):
    world = await world([], [])
    curl = await asyncio.create_subprocess_exec(
        "curl", "-sNk", "--http2", f"https://127.0.0.1:{world.clients.port}/events/456",
        stdout=asyncio.subprocess.PIPE)

    async def is_online():
        return (await get(world.pushers, "/socket/456"))["online"]

    await eventually(is_online)
    assert (await push(world.pushers, "456", "x")).status == 200
    await curl.stdout.readuntil(b"data: x\n\n")
    curl.kill()
    await curl.wait()
    await until_offline(world.pushers, "456")


async def test_event_streams_come_by_http_2(world):
    world = await world([], [])
    urls = [f"https://127.0.0.1:{world.clients.port}/events/{i}" for i in range(8)]
    curl = await asyncio.create_subprocess_exec(
        "curl", "-sSNZk", "--http2", "--max-time", "5",
        "-w", "%{http_version} %{http_code}\\n", *urls, stdout=asyncio.subprocess.PIPE)
    for i in range(8):
        async def is_reached(name=str(i)):
            return (await push(world.pushers, name, "x")).status == 200

        await eventually(is_reached)
    out, _ = await curl.communicate()
    assert out.count(b"data: x\n") == 8 and out.count(b"2 200\n") == 8, out


async def test_a_client_without_a_node_gets_a_stream_that_ends(world):
    world = await world([], [])
    world.redis.kill()

    for node in world.nodes:
        await asyncio.to_thread(node.log.wait_for, "Redis is away")

    async def retry():
        async with EventStream(world.clients, "456") as stream:
            return await stream.next() is None and stream.retry

    # That of a node, until the proxy knows that none is ready.
    assert await retry() >= 1000
    for node in world.nodes:
        node.kill()

    async def is_away():
        return await retry() == 2000

    await eventually(is_away)


async def test_a_client_whose_node_dies_before_it_answers_comes_back(world):
    world = await world([], [])
    is_asked = asyncio.Event()

    async def die(reader, writer):
        """Answers probes, as a node does until it dies of another request."""
        first = await reader.readuntil(b"HTTP/1.1\r\n")
        if b"GET /readyz" in first:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        else:
            is_asked.set()
        writer.close()

    for node in world.nodes:
        node.kill()
        await asyncio.start_server(die, node.host, node.port)

    async def is_followed_by_another():
        async with EventStream(world.clients, "456") as stream:
            assert stream.status == 200 and await stream.rest() == []
        return is_asked.is_set()

    await eventually(is_followed_by_another)


async def test_a_confirmation_that_no_node_takes_is_not_answered_200(world):
    world = await world([], [])
    for node in world.nodes:
        node.kill()

    async def is_refused():
        answer = await request(world.clients, "POST", "/events/456/confirm?upto=1", b"")
        return answer.status in (502, 503)

    await eventually(is_refused)


async def test_a_page_of_the_same_host_needs_no_option(world):
    world = await world([], [])
    port = world.clients.port
    async with joined(world.clients, "456", origin=f"https://127.0.0.1:{port}"):
        pass
    with pytest.raises(websockets.InvalidStatusCode) as refused:
        await join(world.clients, "456", origin="https://example.com")
    assert refused.value.status_code == 403


async def test_a_node_that_is_full_sends_clients_to_another(world):
    world = await world(["--max-sessions", "1"], [])
    async with joined(world.clients, *["456"] * 4):
        nodes = sorted(session["node"] for session in await detail(world))
        assert nodes == ["node1", "node2", "node2", "node2"]


async def test_clients_of_a_node_that_stops_are_let_in_by_another_at_once(world):
    world = await world([], [])
    names = ["one", "two", "three", "four"]
    async with joined(world.clients, *names) as sessions:
        nodes = [(await detail(world, name))[0]["node"] for name in names]
        leaving = [(name, ws) for name, ws, node in zip(names, sessions, nodes) if node == "node1"]
        assert 0 < len(leaving) < 4
        world.nodes[0].signal(signal.SIGTERM)
        for name, ws in leaving:
            assert await close_of(ws) == 1001
            async with joined(world.clients, name):
                assert [session["node"] for session in await detail(world, name)] == ["node2"]
        assert world.nodes[0].wait() == 0
        staying = [ws for ws, node in zip(sessions, nodes) if node == "node2"]
        assert all(ws.open for ws in staying)


async def test_a_silent_client_outlives_the_time_out_of_the_proxy(world):
    # As in the guide, the proxy waits four times as long as a node does before it pings.
    world = await world(*[["--idle-timeout", "1s"]] * 2, timeout="2s")
    with RawWebSocket(world.clients, "456") as ws:
        ws.read_handshake()
        pings = 0
        while pings < 6:
            opcode, payload = ws.read_frame()
            assert opcode is not None, f"the end came after {pings} pings"
            if opcode == PING:
                pings += 1
                ws.send_frame(10, payload)


async def test_without_redis_nobody_is_let_in_and_nothing_is_sent(world):
    world = await world([], [])
    async with joined(world.clients, "456") as ws:
        world.redis.kill()
        await eventually(lambda: all_unready(world))
        with pytest.raises(websockets.InvalidStatusCode) as refused:
            await join(world.clients, "456")
        assert refused.value.status_code in (502, 503)
        async with Http(world.pushers) as http:
            assert (await http.push("456", "hello")).status in (502, 503)
        world.redis.start()

        async def is_back():
            async with Http(world.pushers) as http:
                return (await http.push("456", "back")).status == 200

        await eventually(is_back)
        assert await receive(ws) == "back"


async def all_unready(world):
    """Tells whether the proxy answers that no node is ready."""
    return (await request(world.pushers, "GET", "/readyz")).status != 200
