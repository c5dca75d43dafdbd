"""Clients and pushers come in by TLS, and with certificates where that is asked for."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import time
from pathlib import Path

import pytest

from certificates import Certificate
from clients import (Http, assert_reachable, close_of, get, join, joined, push, receive, request,
                     silent, stall)
from harness import TIMEOUT, WAYBILL, Process, Server, TlsServer, UnixServer, eventually
from raw_websocket import TEXT

NAMES = ["DNS:localhost", "IP:127.0.0.1"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of the certificates."""
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def authority(folder):
    """The signer of certificates, of servers and of clients."""
    return Certificate(folder / "authority")


@pytest.fixture(scope="module")
def certificate(folder, authority):
    """A certificate for this machine."""
    return Certificate(folder / "server", *NAMES, issuer=authority)


@pytest.fixture(scope="module")
def admin(folder, authority):
    """The certificate of a client."""
    return Certificate(folder / "admin", issuer=authority)


def trusting(authority, client=None):
    """Returns a context of clients that trust `authority`."""
    context = ssl.create_default_context(cafile=authority.file)
    if client:
        context.load_cert_chain(client.file, client.key)
    return context


def tls_options(certificate, name="tls"):
    """Returns the options for a certificate."""
    return [f"--{name}-cert", certificate.file, f"--{name}-key", certificate.key]


@pytest.fixture(scope="module")
def node(shared_lab, certificate):
    """A node that speaks TLS."""
    return shared_lab.node(*tls_options(certificate), "--upstream", "echo")


@pytest.fixture
def server(node, authority):
    """Its port."""
    return TlsServer(node.port, trusting(authority))


def shake_hands(port, context, **options):
    """Connects with TLS. Returns a socket that blocks."""
    plain = socket.create_connection(("127.0.0.1", port), TIMEOUT)
    try:
        return context.wrap_socket(plain, server_hostname="127.0.0.1", **options)
    except BaseException:
        plain.close()
        raise


def certificate_of(port, authority):
    """Returns the serial number of the certificate that a port shows."""
    with shake_hands(port, trusting(authority)) as tls:
        return tls.getpeercert()["serialNumber"]


def assert_refused(port, context):
    """Checks that a port does not answer who shakes hands with this context. With
    TLS 1.3 a client learns that only after it has sent something."""
    with pytest.raises((ssl.SSLError, ConnectionError)) as info:
        with shake_hands(port, context) as tls:
            tls.sendall(b"GET /livez HTTP/1.1\r\nHost: h\r\n\r\n")
            assert tls.recv(100) == b""
            raise ConnectionError("closed")
    return str(info.value).upper().replace(" ", "_")


async def failures(server):
    """Returns how many handshakes with a node have failed."""
    return (await get(server, "/stats"))["tls_failures"]


# -- what goes through -----------------------------------------------------------


async def test_clients_and_pushers_use_tls(server):
    async with joined(server, "456", "456") as sessions:
        await assert_reachable(server, "456", *sessions)
        # More than one record of TLS holds, in both directions.
        await push(server, "456", "x" * 200_000)
        for ws in sessions:
            assert await receive(ws) == "x" * 200_000
        await sessions[0].send("y" * 60_000)
        assert await receive(sessions[0]) == "y" * 60_000
        detail = await get(server, "/socket/456?detail=1")
        assert all(session["peer"].startswith("127.0.0.1:") for session in detail["sessions"])


async def test_pushes_arrive_in_order(server):
    async with joined(server, "order") as ws, Http(server) as http:
        for i in range(200):
            assert (await http.push("order", str(i) * 100)).status == 200
        assert [await receive(ws) for _ in range(200)] == [str(i) * 100 for i in range(200)]


async def test_many_come_and_go(server):
    for _ in range(3):
        async with joined(server, *(f"many-{i}" for i in range(40))) as sessions:
            answer = await request(server, "POST", "/broadcast?receipt=received", b"all")
            assert answer.json["received"] >= 40
            for ws in sessions:
                assert await receive(ws) == "all"


def test_curl_gets_in(node, authority):
    url = f"https://127.0.0.1:{node.port}/livez"
    result = subprocess.run(["curl", "-sv", "--noproxy", "*", "--cacert", authority.file, url],
                            capture_output=True, text=True, timeout=TIMEOUT, check=True)
    assert result.stdout == '{"status":"live"}\n'
    assert "http/1.1" in result.stderr


def test_the_line_ready_says_where_tls_is_spoken(node):
    assert f"127.0.0.1:{node.port} (TLS)" in node.out.all()[0]


def test_the_way_to_the_authority_is_sent(lab, tmp_path, authority):
    middle = Certificate(tmp_path / "middle", issuer=authority)
    leaf = Certificate(tmp_path / "leaf", *NAMES, issuer=middle)
    chain = tmp_path / "chain.pem"
    chain.write_bytes(leaf.file.read_bytes() + middle.file.read_bytes())
    node = lab.node("--tls-cert", chain, "--tls-key", leaf.key)
    shake_hands(node.port, trusting(authority)).close()


async def test_a_unix_socket_speaks_no_tls(lab, tmp_path, certificate):
    path = tmp_path / "waybill.sock"
    lab.node(*tls_options(certificate), "--listen", f"unix:{path}")
    assert await get(UnixServer(path), "/livez") == {"status": "live"}


# -- what does not -----------------------------------------------------------------


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_later_are_spoken(node, authority, version):
    context = trusting(authority)
    context.minimum_version = context.maximum_version = version
    with shake_hands(node.port, context) as tls:
        assert tls.version().replace(".", "_") == version.name
        assert "GCM" in tls.cipher()[0] or "POLY1305" in tls.cipher()[0]


@pytest.mark.filterwarnings("ignore:.*TLSv1_1 is deprecated")
def test_older_tls_is_refused(node, authority):
    context = trusting(authority)
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    assert "PROTOCOL_VERSION" in assert_refused(node.port, context)


@pytest.mark.parametrize("ciphers", ["ECDHE+AES+SHA", "ECDHE+AES+SHA256:ECDHE+AES+SHA384"])
def test_ciphers_without_authenticated_encryption_are_refused(node, authority, ciphers):
    context = trusting(authority)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ciphers + ":!AESGCM:!AESCCM:!CHACHA20")
    assert "HANDSHAKE_FAILURE" in assert_refused(node.port, context)


@pytest.mark.parametrize("offered, selected", [
    (["h2", "http/1.1"], "http/1.1"), (["http/1.1"], "http/1.1"), (None, None)])
def test_http_1_1_is_agreed_upon(node, authority, offered, selected):
    context = trusting(authority)
    if offered:
        context.set_alpn_protocols(offered)
    with shake_hands(node.port, context) as tls:
        assert tls.selected_alpn_protocol() == selected


def test_who_speaks_no_http_1_1_is_refused(node, authority):
    context = trusting(authority)
    context.set_alpn_protocols(["h2"])
    assert "NO_APPLICATION_PROTOCOL" in assert_refused(node.port, context)


@pytest.mark.parametrize("data", [b"GET /livez HTTP/1.1\r\nHost: h\r\n\r\n", bytes(100),
                                  b"\x16\x03\x01\xff\xff" + bytes(100), os.urandom(5000)])
async def test_what_is_no_tls_ends_its_connection_alone(node, server, data):
    before = await failures(server)
    async with joined(server, "456") as ws, Http(Server(node.port)) as http:
        await http.send(data)
        async with asyncio.timeout(TIMEOUT):
            http._writer.write_eof()
            with contextlib.suppress(ConnectionError):
                assert b"HTTP" not in await http._reader.read()
        await assert_reachable(server, "456", ws)
    assert await failures(server) == before + 1


@pytest.mark.parametrize("data", [b"", b"\x16\x03\x01\x02\x00\x01"])
async def test_a_handshake_has_a_time(lab, authority, certificate, data):
    node = lab.node(*tls_options(certificate), "--head-timeout", "500ms")
    server = TlsServer(node.port, trusting(authority))
    async with Http(Server(node.port)) as http:
        await http.send(data)
        assert await http.is_closed()
    assert await failures(server) == 1
    node.log.wait_for("no TLS with 127.0.0.1:[0-9]+: the handshake took too long")


async def test_a_request_has_a_time_by_tls_too(lab, authority, certificate):
    node = lab.node(*tls_options(certificate), "--head-timeout", "500ms")
    async with Http(TlsServer(node.port, trusting(authority))) as http:
        await http.send(b"GET /li")
        (await http.read()).check_failure(408)
        assert await http.is_closed()


async def test_failures_are_logged_once_a_second(lab, authority, certificate):
    node = lab.node(*tls_options(certificate))
    server = TlsServer(node.port, trusting(authority))
    start = time.monotonic()
    stranger = ssl.create_default_context()
    for _ in range(50):
        assert_refused(node.port, stranger)
    assert await failures(server) == 50
    node.stop()
    lines = [line for line in node.log.rest() if "no TLS with" in line]
    assert 1 <= len(lines) <= 1 + time.monotonic() - start


# -- the end -----------------------------------------------------------------------


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_an_answer_that_is_the_last_is_not_cut_off(node, authority, version):
    context = trusting(authority)
    context.minimum_version = context.maximum_version = version
    with shake_hands(node.port, context, suppress_ragged_eofs=False) as tls:
        tls.sendall(b"GET /livez HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        answer = b""
        # Without close_notify this would raise.
        while data := tls.recv(1000):
            answer += data
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        tls.unwrap()


def test_what_is_still_sent_does_not_cut_off_a_refusal(node, authority):
    with shake_hands(node.port, trusting(authority)) as tls:
        tls.sendall(b"POST /socket/456 HTTP/1.1\r\nHost: h\r\nContent-Length: 9000000\r\n\r\n")
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            for _ in range(9):
                tls.sendall(bytes(100_000))
        assert tls.recv(1000).startswith(b"HTTP/1.1 413")


async def test_a_websocket_is_closed_by_both(server):
    ws = await join(server, "456")
    await ws.close(1000)
    assert ws.close_code == 1000
    ws = await join(server, "456")
    assert (await request(server, "DELETE", "/socket/456")).status == 200
    assert await close_of(ws) == 4500


async def test_a_node_that_stops_says_so(lab, authority, certificate):
    node = lab.node(*tls_options(certificate), "--drain", "1s")
    server = TlsServer(node.port, trusting(authority))
    async with joined(server, "1", "2", "3") as sessions:
        node.signal(signal.SIGTERM)
        assert {await close_of(ws) for ws in sessions} == {1001}
    assert node.wait() == 0


async def is_counted(server):
    """Tells whether a client has been closed because it read too slowly."""
    return (await get(server, "/stats"))["slow_clients"] == 1


async def test_a_client_that_does_not_read_is_closed_alone(lab, authority, certificate):
    node = lab.node(*tls_options(certificate), "--max-queue", "1MiB")
    server = TlsServer(node.port, trusting(authority))
    with silent(server, "slow") as slow:
        async with joined(server, "456") as ws:
            texts = await stall(server, "slow")
            while (await push(server, "slow", "x" * 200_000)).status == 200:
                await assert_reachable(server, "456", ws)
            # Its node waits for it to answer the close frame.
            await eventually(lambda: is_counted(server))
            assert slow.read_frame() == (TEXT, texts[0].encode())


async def test_those_who_vanish_leave_nothing_behind(lab, authority, certificate):
    # A loop that has never had a connection opens descriptors of its own then.
    node = lab.node(*tls_options(certificate), "--head-timeout", "1s", "--threads", "1")
    context = trusting(authority)
    server = TlsServer(node.port, context)
    await get(server, "/livez")

    def descriptors():
        return len(list(Path(f"/proc/{node.pid}/fd").iterdir()))

    def reset(connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    before = descriptors()
    for end in [reset, socket.socket.close]:
        for _ in range(10):
            # Before the handshake, within it, and after it.
            end(socket.create_connection(("127.0.0.1", node.port)))
            half = socket.create_connection(("127.0.0.1", node.port))
            half.sendall(b"\x16\x03\x01\x02\x00\x01\x00")
            end(half)
            end(shake_hands(node.port, context))
            asking = shake_hands(node.port, context)
            asking.sendall(b"POST /socket/456 HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n")
            end(asking)
            with silent(server, "456") as ws:
                end(ws.socket)
    await eventually(lambda: descriptors() <= before)

    async def nobody_is_there():
        return (await get(server, "/stats"))["sessions"] == 0

    await eventually(nobody_is_there)


# -- the port for admins -------------------------------------------------------------


async def test_admins_get_the_same_certificate(lab, authority, certificate):
    node = lab.node(*tls_options(certificate), "--admin-listen", "127.0.0.1:0")
    assert certificate_of(node.ports[0], authority) == certificate_of(node.ports[1], authority)
    clients, admins = (TlsServer(port, trusting(authority)) for port in node.ports)
    async with joined(clients, "456") as ws:
        await assert_reachable(admins, "456", ws)


async def test_admins_may_get_another_certificate(lab, tmp_path, authority, certificate):
    other = Certificate(tmp_path / "other", *NAMES, issuer=authority)
    node = lab.node(*tls_options(certificate), "--admin-listen", "127.0.0.1:0",
                    *tls_options(other, "admin-tls"))
    assert certificate_of(node.ports[0], authority) != certificate_of(node.ports[1], authority)


async def test_admins_alone_may_have_tls(lab, authority, certificate):
    node = lab.node("--admin-listen", "127.0.0.1:0", *tls_options(certificate, "admin-tls"))
    async with joined(node, "456") as ws:
        await assert_reachable(TlsServer(node.ports[1], trusting(authority)), "456", ws)
    assert f"127.0.0.1:{node.port}, for admins on" in node.out.all()[0]


async def test_admins_need_a_certificate_where_that_is_asked_for(
        lab, tmp_path, authority, certificate, admin):
    node = lab.node(*tls_options(certificate), "--admin-listen", "127.0.0.1:0",
                    "--admin-tls-client-ca", authority.file)
    clients = TlsServer(node.ports[0], trusting(authority))
    port = node.ports[1]
    async with joined(clients, "456") as ws:
        await assert_reachable(TlsServer(port, trusting(authority, admin)), "456", ws)
        # A certificate that signs itself, and one that another has signed.
        stranger = Certificate(tmp_path / "stranger")
        for client in [None, stranger, Certificate(tmp_path / "other", issuer=stranger)]:
            assert_refused(port, trusting(authority, client))
    admins = TlsServer(port, trusting(authority, admin))
    assert await failures(admins) == 3
    node.log.wait_for("no TLS with 127.0.0.1:[0-9]+: .*(certificate|peer)")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_of_tls_is_resumed_with_a_certificate_too(
        lab, authority, certificate, admin, version):
    node = lab.node(*tls_options(certificate), "--admin-listen", "127.0.0.1:0",
                    "--admin-tls-client-ca", authority.file)
    context = trusting(authority, admin)
    context.minimum_version = context.maximum_version = version
    session = None
    for resumed in [False, True]:
        with shake_hands(node.ports[1], context, session=session) as tls:
            tls.sendall(b"GET /livez HTTP/1.1\r\nHost: h\r\n\r\n")
            assert tls.recv(1000).startswith(b"HTTP/1.1 200")
            assert tls.session_reused == resumed
            session = tls.session


# -- SIGHUP --------------------------------------------------------------------------


class Files:
    """Copies of a certificate and its key that are replaced while a node runs."""

    def __init__(self, folder):
        self.file, self.key = folder / "live.pem", folder / "live.key"

    def put(self, certificate, key=None):
        """Copies a certificate and the key that is said to be its."""
        shutil.copy(certificate.file, self.file)
        shutil.copy((key or certificate).key, self.key)


@pytest.fixture
def files(tmp_path, certificate):
    """Files of a certificate that may be replaced."""
    result = Files(tmp_path)
    result.put(certificate)
    return result


async def test_certificates_are_read_again_on_sighup(lab, tmp_path, authority, files):
    node = lab.node(*tls_options(files), "--admin-listen", "127.0.0.1:0")
    clients, admins = (TlsServer(port, trusting(authority)) for port in node.ports)
    old = certificate_of(clients.port, authority)
    async with joined(clients, "456") as ws, Http(admins) as http:
        files.put(Certificate(tmp_path / "next", *NAMES, issuer=authority))
        assert certificate_of(clients.port, authority) == old
        node.signal(signal.SIGHUP)
        node.log.wait_for("reloaded options")
        new = certificate_of(clients.port, authority)
        assert new != old
        assert certificate_of(admins.port, authority) == new
        # Those who are there stay, in either role.
        assert (await http.push("456", "still there")).status == 200
        assert await receive(ws) == "still there"


async def test_who_may_be_an_admin_is_read_again_on_sighup(
        lab, tmp_path, authority, certificate, admin):
    trusted = tmp_path / "trusted.pem"
    shutil.copy(authority.file, trusted)
    node = lab.node(*tls_options(certificate), "--admin-listen", "127.0.0.1:0",
                    "--admin-tls-client-ca", trusted)
    port = node.ports[1]
    context = trusting(authority, admin)
    with shake_hands(port, context) as tls:
        tls.sendall(b"GET /livez HTTP/1.1\r\nHost: h\r\n\r\n")
        assert tls.recv(1000).startswith(b"HTTP/1.1 200")
        session = tls.session
    shutil.copy(Certificate(tmp_path / "other").file, trusted)
    node.signal(signal.SIGHUP)
    node.log.wait_for("reloaded options")
    assert_refused(port, context)
    # Nor does it help to have been in before.
    with pytest.raises((ssl.SSLError, ConnectionError)):
        with shake_hands(port, context, session=session) as tls:
            tls.sendall(b"GET /livez HTTP/1.1\r\nHost: h\r\n\r\n")
            assert tls.recv(1000) == b""
            raise ConnectionError("closed")


@pytest.mark.parametrize("damage", [
    lambda files: files.file.unlink(),
    lambda files: files.key.write_text(""),
    lambda files: files.file.write_text("-----BEGIN CERTIFICATE-----\nbad\n"),
    lambda files: Certificate(files.file.parent / "other", *NAMES).key.replace(files.key),
], ids=["no file", "empty", "broken", "another key"])
async def test_what_is_broken_is_logged_and_the_old_stays(
        lab, tmp_path, authority, certificate, files, damage):
    node = lab.node(*tls_options(files))
    old = certificate_of(node.port, authority)
    damage(files)
    node.signal(signal.SIGHUP)
    print(node.log.wait_for("keeping the old options: .*live.(pem|key): .+")[0])
    assert certificate_of(node.port, authority) == old
    files.put(Certificate(tmp_path / "next", *NAMES, issuer=authority))
    node.signal(signal.SIGHUP)
    node.log.wait_for("reloaded options")
    assert certificate_of(node.port, authority) != old


# -- wrong options -------------------------------------------------------------------


def complaint_about(*options):
    """Runs `waybill serve` with options that it refuses. Returns what it says."""
    with Process(WAYBILL, "serve", "--listen", "127.0.0.1:0", *options) as process:
        assert process.wait() == 2
        line, = process.log.rest()
        return line


def test_half_of_what_tls_needs_is_refused(certificate, tmp_path):
    cert, key = certificate.file, certificate.key
    path = f"unix:{tmp_path}/a"
    for options, named in [
            (["--tls-cert", cert], "--tls-key"),
            (["--tls-key", key], "--tls-cert"),
            (["--admin-listen", "127.0.0.1:0", "--admin-tls-cert", cert], "--admin-tls-key"),
            (["--admin-tls-cert", cert, "--admin-tls-key", key], "--admin-listen"),
            (["--tls-cert", cert, "--tls-key", key, "--admin-tls-client-ca", cert],
             "--admin-listen"),
            (["--tls-cert", cert, "--tls-key", key, "--admin-tls-client-ca", cert,
              "--admin-listen", path], "unix socket"),
            (["--admin-listen", "127.0.0.1:0", "--admin-tls-client-ca", cert], "--tls-cert")]:
        assert named in complaint_about(*options)


def test_files_that_cannot_be_used_are_named(certificate, folder, tmp_path):
    other, locked, empty = Certificate(tmp_path / "other"), tmp_path / "locked", tmp_path / "empty"
    subprocess.run(["openssl", "pkey", "-aes128", "-passout", "pass:secret", "-in",
                    certificate.key, "-out", locked], check=True)
    rsa = tmp_path / "rsa"
    subprocess.run(["openssl", "genrsa", "-out", rsa], check=True, capture_output=True)
    empty.write_text("")
    for cert, key, named in [
            (tmp_path / "missing", certificate.key, "missing: No such file"),
            (certificate.file, tmp_path / "missing", "missing: No such file"),
            (empty, certificate.key, "empty: "),
            (certificate.file, other.key, "other.key: key values mismatch"),
            (certificate.file, rsa, "rsa: "),
            (certificate.file, locked, "locked: ")]:
        line = complaint_about("--tls-cert", cert, "--tls-key", key)
        print(line)
        assert "--tls-cert" in line and named in line
    line = complaint_about(*tls_options(certificate), "--admin-listen", "127.0.0.1:0",
                           "--admin-tls-client-ca", empty)
    assert "TLS for admins" in line and "empty: " in line


async def test_an_event_stream_ends_with_close_notify(lab, certificate, authority):
    # As above, a loop has its descriptors once it had a connection.
    node = lab.node(*tls_options(certificate), "--events-lifetime", "500ms", "--threads", "1")
    server = TlsServer(node.port, trusting(authority))
    await get(server, "/livez")
    descriptors = Path(f"/proc/{node.pid}/fd")
    before = len(list(descriptors.iterdir()))
    curl = await asyncio.create_subprocess_exec(
        "curl", "-sSN", "--cacert", authority.file, f"https://127.0.0.1:{node.port}/events/456",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    await curl.stdout.readuntil(b"event: hello\n")
    large = "x" * 200_000
    assert (await push(server, "456", large)).status == 200
    out, errors = await curl.communicate()
    assert (curl.returncode, errors) == (0, b"")
    assert f"data: {large}\n\n".encode() in out and out.endswith(b"\nretry: 100\n\n")
    await eventually(lambda: len(list(descriptors.iterdir())) <= before)
