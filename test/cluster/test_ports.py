"""Where a node listens: TCP, unix sockets, and a port of its own for admins."""

import os
import socket
import stat
from pathlib import Path

import pytest

from clients import Http, assert_reachable, get, joined, push, request
from harness import WAYBILL, Process, Server, UnixServer


@pytest.fixture
def path(tmp_path):
    """Where a unix socket may be. Its name is short, as the kernel demands."""
    return tmp_path / "waybill.sock"


def failure_of(*options):
    """Runs `waybill serve` with an address that it cannot have. Returns what it
    printed."""
    with Process(WAYBILL, "serve", *options) as process:
        assert process.wait() == 1
        return "\n".join(process.log.rest())


# -- unix sockets --------------------------------------------------------------


async def test_a_unix_socket_serves_clients_and_pushers(lab, path):
    node = lab.node("--listen", f"unix:{path}")
    assert f"unix:{path}" in node.out.all()[0]
    server = UnixServer(path)
    async with joined(server, "456") as ws, joined(node, "456") as other:
        await assert_reachable(server, "456", ws, other)
        await assert_reachable(node, "456", ws, other)
        detail = await get(server, "/socket/456?detail=1")
        peers = [each["peer"] for each in detail["sessions"]]
        assert sorted(peers)[1] == "unix" and sorted(peers)[0].startswith("127.0.0.1:")


async def test_the_file_of_a_unix_socket_goes_with_its_node(lab, path):
    node = lab.node("--listen", f"unix:{path}")
    assert stat.S_ISSOCK(path.stat().st_mode)
    node.stop()
    assert not path.exists()


def test_the_mode_of_a_unix_socket_is_what_the_umask_leaves(lab, path):
    before = os.umask(0o027)
    try:
        lab.node("--listen", f"unix:{path}")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o750


async def test_a_file_that_a_killed_node_left_is_replaced(lab, path):
    lab.node("--listen", f"unix:{path}").kill()
    assert path.exists()
    lab.node("--listen", f"unix:{path}")
    assert (await get(UnixServer(path), "/livez")) == {"status": "live"}


async def test_a_unix_socket_that_is_in_use_is_left_alone(lab, path):
    lab.node("--listen", f"unix:{path}")
    assert "in use" in failure_of("--listen", f"unix:{path}")
    assert (await get(UnixServer(path), "/livez")) == {"status": "live"}


def test_a_unix_socket_whose_queue_is_full_is_in_use(path):
    with socket.socket(socket.AF_UNIX) as taken, socket.socket(socket.AF_UNIX) as waiting:
        taken.bind(str(path))
        taken.listen(0)
        waiting.connect(str(path))
        assert "in use" in failure_of("--listen", f"unix:{path}")


def test_a_file_that_is_no_socket_is_left_alone(path):
    path.write_text("precious")
    message = failure_of("--listen", f"unix:{path}")
    assert "in use" in message and str(path) in message
    assert path.read_text() == "precious"


async def test_a_file_that_took_the_place_of_a_unix_socket_is_left_alone(lab, path):
    node = lab.node("--listen", f"unix:{path}")
    path.unlink()
    path.write_text("precious")
    node.stop()
    assert path.read_text() == "precious"


def test_a_folder_that_does_not_exist_is_named():
    assert "/nowhere/waybill.sock: No such file" in failure_of(
        "--listen", "unix:/nowhere/waybill.sock")
