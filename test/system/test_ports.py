"""The places where a node listens: TCP, unix sockets, and a port of its own for admins."""

import os
import socket
import stat

import pytest

from clients import Http, assert_reachable, get, joined, push, request
from harness import WAYBILL, Process, Server, UnixServer


@pytest.fixture
def path(tmp_path):
    """The path that a unix socket may have. Its name is short, as the kernel demands."""
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
        peers = [session["peer"] for session in detail["sessions"]]
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


# -- a port for admins ---------------------------------------------------------

ADMIN_REQUESTS = [
    ("POST", "/socket/456", b"aaaa"), ("GET", "/socket/456", None), ("DELETE", "/socket/456", None),
    ("GET", "/socket/456?detail=1", None), ("POST", "/topic/news", b"aaaa"),
    ("POST", "/broadcast", b"aaaa"), ("POST", "/push", b""), ("GET", "/stats", None)]


class AdminServer(Server):
    """The last port of a node."""

    def __init__(self, node):
        super().__init__(node.ports[-1])


@pytest.fixture(scope="module")
def divided(shared_lab):
    """A node with a port for admins, and that port."""
    node = shared_lab.node("--admin-listen", "127.0.0.1:0")
    return node, AdminServer(node)


async def test_pushes_come_in_on_the_admin_port_alone(divided):
    node, admin = divided
    async with joined(node, "456") as ws:
        await assert_reachable(admin, "456", ws)
        answer = (await push(node, "456", "aaaa")).check_failure(404)
        assert answer.json["error"] == "admin_port"
        await assert_reachable(admin, "456", ws)


@pytest.mark.parametrize("method, target, body", ADMIN_REQUESTS)
async def test_what_is_for_admins_is_not_there_for_clients(divided, method, target, body):
    node, admin = divided
    async with joined(node, "456"), Http(admin) as there, Http(node) as here:
        assert (await there.request(method, target, body)).status in (200, 404)
        answer = (await here.request(method, target, body)).check_failure(404)
        assert answer.json["error"] == "admin_port"
        assert "--admin-listen" in answer.json["message"]


@pytest.mark.parametrize("target", ["/", "/metrics", "/nonsense", "/socket", "/sockets/456"])
async def test_a_client_is_not_told_which_paths_there_are(divided, target):
    node, _ = divided
    answer = (await request(node, "GET", target)).check_failure(404)
    assert answer.json["error"] == "admin_port"


@pytest.mark.parametrize("target", ["/websocket", "/websocket/456/", "/ws/456"])
async def test_a_client_is_told_where_websockets_are(divided, target):
    node, _ = divided
    answer = (await request(node, "GET", target)).check_failure(404)
    assert answer.json["error"] == "no_such_path" and "/websocket/{id}" in answer.json["message"]


async def test_a_connection_of_a_client_stays_one(divided):
    node, _ = divided
    async with Http(node) as http:
        for _ in range(2):
            assert (await http.request("GET", "/livez")).status == 200
            assert (await http.request("GET", "/stats")).status == 404


async def test_websockets_are_not_there_for_admins(divided):
    _, admin = divided
    for headers in [{}, {"Connection": "Upgrade", "Upgrade": "websocket",
                         "Sec-WebSocket-Version": "13",
                         "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg=="}]:
        answer = await request(admin, "GET", "/websocket/456", headers=headers)
        assert answer.check_failure(404).json["error"] == "client_port"


async def test_probes_are_there_on_both(divided):
    for server in divided:
        for probe in ["/livez", "/readyz"]:
            assert (await request(server, "GET", probe)).status == 200


def test_both_ports_are_named_when_the_node_is_ready(divided):
    node, admin = divided
    text = f"127.0.0.1:{node.port}, for admins on 127.0.0.1:{admin.port}"
    assert text in node.out.all()[0]
    assert any(text in line for line in node.log.all())


async def test_there_may_be_several_of_both(lab, path):
    node = lab.node("--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
                    "--admin-listen", f"unix:{path}")
    assert len(set(node.ports)) == 3
    async with joined(Server(node.ports[1]), "456") as ws:
        await assert_reachable(AdminServer(node), "456", ws)
        await assert_reachable(UnixServer(path), "456", ws)
        for port in node.ports[:2]:
            (await push(Server(port), "456", "aaaa")).check_failure(404)


def test_an_admin_port_for_others_is_refused_unless_insecure(lab):
    options = ["--listen", "127.0.0.1:0", "--admin-listen", "0.0.0.0:0"]
    with Process(WAYBILL, "serve", *options) as process:
        assert process.wait() == 2
        assert "--insecure" in process.log.rest()[0]
    assert len(lab.node(*options[2:], "--insecure").ports) == 2


def test_an_admin_port_that_is_taken_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        message = failure_of("--listen", "127.0.0.1:0", "--admin-listen", address)
    assert address in message and "in use" in message
