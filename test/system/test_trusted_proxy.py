"""The address of a client behind proxies: the word of those is taken that are trusted."""

import asyncio
import contextlib
import ssl
import struct
import time

import pytest

from certificates import Certificate
from clients import GREETING, Http, assert_reachable, get, join
from harness import TIMEOUT, WAYBILL, Balancer, Process, TlsServer, UnixServer
from raw_websocket import TEXT, RawWebSocket

# The kernel lets us connect from any address of 127.0.0.0/8. Proxies connect from
# 127.0.0.1.
CLIENT = "127.0.0.2"
TRUST = ["--trusted-proxy", "127.0.0.1"]
LINE = b"PROXY TCP4 192.0.2.1 10.0.0.1 5000 80\r\n"
REQUEST = b"GET /livez HTTP/1.1\r\nHost: h\r\n\r\n"


def binary(command=0x21, family=0x11, rest=bytes([192, 0, 2, 1, 10, 0, 0, 1, 19, 136, 0, 80])):
    """Returns a header of version 2."""
    return b"\r\n\r\n\0\r\nQUIT\n" + struct.pack("!BBH", command, family, len(rest)) + rest


def balancer(lab, node, *changes):
    """Starts an HAProxy in front of a node.

    @param changes pairs of what is replaced in its configuration
    """
    config = Balancer.CONFIG
    for old, new in changes:
        assert old in config
        config = config.replace(old, new)
    changed = type("ChangedBalancer", (Balancer,), {"CONFIG": config})
    return lab.enter_context(changed([node]))


def speaking(how):
    """Returns the change that has an HAProxy speak the PROXY protocol."""
    return "default-server", f"default-server {how}"


@pytest.fixture
def door(tmp_path):
    """A way to a node round its proxies: a unix socket."""
    return UnixServer(tmp_path / "waybill.sock")


@pytest.fixture
def node_of(lab, door):
    """Starts a node that has such a way to it."""
    return lambda *options: lab.node("--listen", f"unix:{door.path}", *options)


async def peer_of(server, name="456"):
    """Returns the address of the only client of an id."""
    session, = (await get(server, f"/socket/{name}?detail=1"))["sessions"]
    return session["peer"]


@contextlib.contextmanager
def raw(server, preface=b"", headers=()):
    """A client that sends something of its own before its request."""
    with RawWebSocket(server, "456", headers=headers, preface=preface) as ws:
        assert "101" in ws.read_handshake()[0].decode()
        assert ws.read_frame() == (TEXT, GREETING.encode())
        yield ws


async def reply_to(server, *parts):
    """Sends bytes, part by part, and returns all that comes back."""
    async with Http(server) as http:
        for part in parts:
            await http.send(part)
        async with asyncio.timeout(TIMEOUT):
            with contextlib.suppress(ConnectionResetError):
                return await http._reader.read()
            return b""


async def failures(server):
    """Returns how many connections did not begin as they should."""
    return (await get(server, "/stats"))["proxy_failures"]


# -- through HAProxy ---------------------------------------------------------------


@pytest.mark.parametrize("how", ["send-proxy", "send-proxy-v2",
                                 "send-proxy-v2 proxy-v2-options crc32c,unique-id"])
async def test_haproxy_names_the_client_by_the_proxy_protocol(lab, node_of, door, how):
    node = node_of(*TRUST, "--proxy-protocol")
    proxy = balancer(lab, node, speaking(how))
    ws = await join(proxy, "456", local_addr=(CLIENT, 0))
    assert await peer_of(door) == "{}:{}".format(*ws.local_address)
    await assert_reachable(proxy, "456", ws)
    # Its probes, which are for no client, got in as well.
    assert await failures(door) == 0
    await ws.close()


async def test_haproxy_names_the_client_before_tls(lab, node_of, door, tmp_path):
    authority = Certificate(tmp_path / "authority")
    certificate = Certificate(tmp_path / "server", "IP:127.0.0.1", issuer=authority)
    node = node_of(*TRUST, "--proxy-protocol", "--tls-cert", certificate.file,
                   "--tls-key", certificate.key)
    proxy = balancer(lab, node, speaking(f"send-proxy-v2 ssl ca-file {authority.file}"))
    ws = await join(proxy, "456", local_addr=(CLIENT, 0))
    assert await peer_of(door) == "{}:{}".format(*ws.local_address)
    await ws.close()


async def test_haproxy_names_the_client_by_a_header_field(lab, node_of, door):
    node = node_of(*TRUST)
    proxy = balancer(lab, node, ("option redispatch", "option forwardfor"))
    # The client's word on itself is not believed.
    ws = await join(proxy, "456", local_addr=(CLIENT, 0),
                    extra_headers={"X-Forwarded-For": "198.51.100.1"})
    assert await peer_of(door) == CLIENT
    await ws.close()


async def test_two_proxies_in_a_row_are_seen_through(lab, node_of, door):
    node = node_of(*TRUST)
    change = ("option redispatch", "option forwardfor")
    first = balancer(lab, balancer(lab, node, change), change)
    ws = await join(first, "456", local_addr=(CLIENT, 0))
    assert await peer_of(door) == CLIENT
    await ws.close()


async def test_a_proxy_that_is_not_trusted_is_not_believed(lab, node_of, door):
    node = node_of("--trusted-proxy", "127.0.0.3")
    proxy = balancer(lab, node, ("option redispatch", "option forwardfor"))
    ws = await join(proxy, "456", local_addr=(CLIENT, 0))
    assert (await peer_of(door)).startswith("127.0.0.1:")
    await ws.close()


# -- X-Forwarded-For -----------------------------------------------------------------


@pytest.mark.parametrize("fields, peer", [
    (["X-Forwarded-For: 192.0.2.1"], "192.0.2.1"),
    (["x-forwarded-for: 192.0.2.1:5000"], "192.0.2.1:5000"),
    (["X-Forwarded-For: 2001:db8::1"], "2001:db8::1"),
    (["X-Forwarded-For: 198.51.100.1, 192.0.2.1, 127.0.0.1"], "192.0.2.1"),
    (["X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 127.0.0.1"], "192.0.2.1"),
    (["X-Forwarded-For: unknown"], "127.0.0.1:"),
    (["X-Forwarded-For: " + "192.0.2.1, " * 1000], "127.0.0.1:"),
    (["Forwarded: for=192.0.2.1", "X-Real-IP: 192.0.2.1"], "127.0.0.1:")])
async def test_the_last_address_that_is_not_trusted_is_the_client(node_of, door, fields, peer):
    node = node_of(*TRUST)
    with raw(node, headers=fields):
        found = await peer_of(door)
    assert found.startswith(peer) and (peer.endswith(":") or found == peer)


async def test_a_network_may_be_trusted(node_of, door):
    node = node_of("--trusted-proxy", "10.0.0.0/8", "--trusted-proxy", "127.0.0.0/8")
    with raw(node, headers=["X-Forwarded-For: 192.0.2.1, 10.1.2.3"]):
        assert await peer_of(door) == "192.0.2.1"


async def test_whoever_comes_by_a_unix_socket_may_be_trusted(lab, door):
    lab.node("--listen", f"unix:{door.path}", "--trusted-proxy", "unix")
    ws = await join(door, "456", extra_headers={"X-Forwarded-For": "192.0.2.1"})
    assert await peer_of(door) == "192.0.2.1"
    await ws.close()


async def test_nobody_is_trusted_by_default(node_of, door):
    node = node_of()
    with raw(node, headers=["X-Forwarded-For: 192.0.2.1"]):
        assert (await peer_of(door)).startswith("127.0.0.1:")


# -- the PROXY protocol --------------------------------------------------------------


@pytest.mark.parametrize("preface, peer", [
    (LINE, "192.0.2.1:5000"), (binary(), "192.0.2.1:5000"),
    (b"PROXY TCP6 2001:db8::1 ::1 5000 80\r\n", "[2001:db8::1]:5000"),
    (binary(rest=binary()[16:] + bytes(4000)), "192.0.2.1:5000"),
    (b"PROXY UNKNOWN\r\n", "127.0.0.1:"), (binary(0x20, 0, b""), "127.0.0.1:")])
async def test_a_header_names_the_client(node_of, door, preface, peer):
    node = node_of(*TRUST, "--proxy-protocol")
    # Header and request come in one piece.
    with raw(node, preface):
        assert (await peer_of(door)).startswith(peer)


@pytest.mark.parametrize("header", [LINE, binary()])
async def test_a_header_may_come_byte_by_byte(node_of, header):
    node = node_of(*TRUST, "--proxy-protocol")
    async with Http(node) as http:
        for i in range(len(header)):
            await http.send(header[i:i + 1])
            await asyncio.sleep(0)
        for _ in range(2):
            await http.send(REQUEST)
            assert (await http.read()).status == 200


async def test_both_ways_may_be_used_together(node_of, door):
    node = node_of(*TRUST, "--trusted-proxy", "10.0.0.0/8", "--proxy-protocol")
    forwarded = ["X-Forwarded-For: 192.0.2.1"]
    with raw(node, b"PROXY TCP4 10.0.0.1 10.0.0.2 5000 80\r\n", forwarded):
        assert await peer_of(door) == "192.0.2.1"
    # A client behind the proxy is not trusted for that alone.
    with raw(node, b"PROXY TCP4 192.0.2.9 10.0.0.2 5000 80\r\n", forwarded):
        assert "192.0.2.9:5000" in [session["peer"] for session in (
            await get(door, "/socket/456?detail=1"))["sessions"]]


@pytest.mark.parametrize("data", [
    REQUEST, b"\r\n\r\nGET", b"PROXY TCP4 192.0.2.1\r\n" + REQUEST, LINE.replace(b"\r", b"") + REQUEST,
    b"PROXY " + b"x" * 200, binary(0x31) + REQUEST, binary(rest=b"short") + REQUEST,
    binary(rest=bytes(4081)), b"\x16\x03\x01\x02\x00\x01"], ids=range(9))
async def test_a_proxy_that_says_nothing_of_use_is_cut_off(node_of, door, data):
    node = node_of(*TRUST, "--proxy-protocol")
    assert await reply_to(node, data) == b""
    assert await failures(door) == 1
    node.log.wait_for("no PROXY protocol with 127.0.0.1:[0-9]+: it does not begin with a header")
    async with Http(node) as http:
        await http.send(LINE + REQUEST)
        assert (await http.read()).status == 200


@pytest.mark.parametrize("data", [b"", LINE[:20], binary()[:20]])
async def test_a_header_has_a_time(node_of, door, data):
    node = node_of(*TRUST, "--proxy-protocol", "--head-timeout", "500ms")
    assert await reply_to(node, data) == b""
    assert await failures(door) == 1
    node.log.wait_for("the header took too long")


async def test_a_proxy_that_ends_within_its_header_is_forgotten(node_of, door):
    node = node_of(*TRUST, "--proxy-protocol")
    async with Http(node) as http:
        await http.send(LINE[:20])
        http._writer.write_eof()
        assert await http.is_closed()
    assert await failures(door) == 1


@pytest.mark.parametrize("header", [LINE, binary()])
@pytest.mark.parametrize("options", [["--trusted-proxy", "127.0.0.3", "--proxy-protocol"], TRUST])
async def test_a_header_that_nobody_asked_for_is_a_bad_request(node_of, options, header):
    node = node_of(*options)
    answer = await reply_to(node, header + REQUEST)
    assert answer.startswith(b"HTTP/1.1 400 ") and answer.count(b"Server:") == 1


async def test_bad_headers_are_logged_once_a_second(node_of, door):
    node = node_of(*TRUST, "--proxy-protocol")
    start = time.monotonic()
    for _ in range(50):
        assert await reply_to(node, REQUEST) == b""
    assert await failures(door) == 50
    node.stop()
    lines = [line for line in node.log.rest() if "no PROXY protocol" in line]
    assert 1 <= len(lines) <= 1 + time.monotonic() - start


async def test_a_header_may_come_in_one_piece_with_tls(node_of, door, tmp_path):
    authority = Certificate(tmp_path / "authority")
    certificate = Certificate(tmp_path / "server", "IP:127.0.0.1", issuer=authority)
    node = node_of(*TRUST, "--proxy-protocol", "--tls-cert", certificate.file,
                   "--tls-key", certificate.key)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = ssl.create_default_context(cafile=authority.file).wrap_bio(
        back, there, server_hostname="127.0.0.1")
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    async with Http(node) as http, asyncio.timeout(TIMEOUT):
        await http.send(LINE + there.read())
        while True:
            back.write(await http._reader.read(10_000))
            with contextlib.suppress(ssl.SSLWantReadError):
                tls.do_handshake()
                break
        tls.write(REQUEST)
        await http.send(there.read())
        answer = b""
        while b"live" not in answer:
            back.write(await http._reader.read(10_000))
            with contextlib.suppress(ssl.SSLWantReadError):
                answer += tls.read(1000)
        assert answer.startswith(b"HTTP/1.1 200")


# -- wrong options -------------------------------------------------------------------


@pytest.mark.parametrize("options, named", [
    (["--proxy-protocol"], "--trusted-proxy"),
    (["--trusted-proxy", "localhost"], "--trusted-proxy"),
    (["--trusted-proxy", "10.0.0.0/33"], "--trusted-proxy"),
    (["--trusted-proxy", ""], "--trusted-proxy")])
def test_wrong_options_are_refused_by_name(options, named):
    with Process(WAYBILL, "serve", "--listen", "127.0.0.1:0", *options) as process:
        assert process.wait() == 2
        assert named in "\n".join(process.log.rest())
