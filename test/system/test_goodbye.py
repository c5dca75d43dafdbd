"""A session is gone at the good-bye of its client, or of its node, whatever its
TCP connection does after that."""

import contextlib
import socket
import struct
import time

import pytest

from certificates import Certificate
from clients import GREETING, get, joined, push, request, until_offline
from harness import TlsServer, eventually
from raw_websocket import CLOSE, TEXT, RawWebSocket
from test_tls import NAMES, tls_options, trusting
from tokens import SECRET, bearer, token


@pytest.fixture(scope="module", params=["TCP", "TLS"])
def server(request, shared_lab, tmp_path_factory):
    """A port of a node, with TLS and without."""
    if request.param == "TCP":
        return shared_lab.node("--upstream", "echo")
    folder = tmp_path_factory.mktemp("certificates")
    authority = Certificate(folder / "authority")
    node = shared_lab.node(*tls_options(Certificate(folder / "server", *NAMES, issuer=authority)))
    return TlsServer(node.port, trusting(authority))


@contextlib.contextmanager
def greeted(server, name, **options):
    """A raw WebSocket that has read its greeting, and keeps its TCP connection
    whatever the node does."""
    with RawWebSocket(server, name, **options) as ws:
        ws.read_handshake()
        assert ws.read_frame() == (TEXT, GREETING.encode())
        yield ws


async def is_alone(server, name):
    """Tells whether an id has one session."""
    return len((await get(server, f"/socket/{name}?detail=1"))["sessions"]) == 1


async def assert_gone(server, name, within=2):
    """Checks that an id is offline and a push to it finds nobody."""
    begin = time.monotonic()
    await until_offline(server, name)
    assert time.monotonic() - begin < within
    assert (await push(server, name, "too late")).status == 404


async def test_a_client_that_says_good_bye_is_gone_though_its_connection_stays(server):
    with greeted(server, "polite") as ws:
        ws.send_frame(CLOSE, struct.pack("!H", 1001) + b"bye")
        # The node answers: by then the session is gone, or about to.
        assert ws.read_close() == 1001
        await assert_gone(server, "polite")
        assert ws.is_closed()


async def test_a_client_that_says_good_bye_and_reads_nothing_is_cut_off(server):
    with greeted(server, "deaf", receive_buffer=4096) as ws:
        while (await push(server, "deaf", "x" * 200_000, "?receipt=written&wait=1s")).status == 200:
            pass
        ws.send_frame(CLOSE, struct.pack("!H", 1000))
        await assert_gone(server, "deaf")
        # The rest in the socket comes, and then the end.
        while ws.read_frame() != (None, b""):
            pass


async def test_a_client_that_ends_its_side_of_tcp_is_gone(server):
    with greeted(server, "half") as ws:
        # Without a word of TLS, too.
        socket.socket.shutdown(ws.socket, socket.SHUT_WR)
        await assert_gone(server, "half")


async def test_a_client_that_breaks_the_protocol_is_gone(server):
    with greeted(server, "wrong") as ws:
        ws.send_frame(TEXT, b"not masked", masked=False)
        assert ws.read_close() == 1002
        await assert_gone(server, "wrong")


async def test_a_client_that_sends_no_text_as_text_is_gone(server):
    with greeted(server, "binary") as ws:
        ws.send_frame(TEXT, b"\xff")
        assert ws.read_close() == 1007
        await assert_gone(server, "binary")


async def test_who_is_closed_by_the_api_is_gone_before_it_answers(server):
    with greeted(server, "kicked") as ws:
        assert (await request(server, "DELETE", "/socket/kicked")).status == 200
        assert ws.read_close() == 4500
        await assert_gone(server, "kicked")


async def test_whose_token_has_expired_is_gone_before_it_answers(lab, tmp_path):
    (tmp_path / "key").write_text(SECRET)
    node = lab.node("--auth", "jwt", "--jwt-key-file", tmp_path / "key")
    header = bearer(token("456", lifetime=-28))["Authorization"]
    with greeted(node, "456", headers=[f"Authorization: {header}"]) as ws:
        assert ws.read_close() == 4001
        await assert_gone(node, "456")


async def test_whose_token_has_expired_is_gone_though_much_waits(lab, tmp_path):
    (tmp_path / "key").write_text(SECRET)
    node = lab.node("--auth", "jwt", "--jwt-key-file", tmp_path / "key", "--max-queue", "8MiB")
    header = bearer(token("456", lifetime=-24))["Authorization"]
    with greeted(node, "456", receive_buffer=4096, headers=[f"Authorization: {header}"]):
        while (await push(node, "456", "x" * 200_000, "?receipt=written&wait=500ms")).status == 200:
            pass
        assert (await get(node, "/socket/456"))["online"]
        await assert_gone(node, "456", within=9)


async def test_who_sends_too_much_is_gone_before_it_answers(lab):
    node = lab.node("--max-message-rate", "1")
    with greeted(node, "flood") as ws:
        for _ in range(20):
            ws.send_frame(TEXT, b"x")
        assert ws.read_close() == 1008
        await assert_gone(node, "flood", within=0.5)


async def test_who_reads_too_slowly_is_gone_before_it_answers(lab):
    node = lab.node("--max-queue", "256KiB")
    with greeted(node, "slow", receive_buffer=4096):
        while (await push(node, "slow", "x" * 200_000)).status == 200:
            pass
        await assert_gone(node, "slow", within=0.5)


async def test_others_of_the_id_stay(server):
    async with joined(server, "456") as other:
        with greeted(server, "456") as ws:
            ws.send_frame(CLOSE, b"")
            assert ws.read_close() is not None
            # The node answers a moment before the session leaves its registry.
            await eventually(lambda: is_alone(server, "456"))
            answer = await push(server, "456", "hello", "?receipt=received")
            assert answer.counts == (200, {"nodes": 1, "sessions": 1, "written": 1, "received": 1})
            assert await other.recv() == "hello"
