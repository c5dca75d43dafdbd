"""Each refusal leaves a line in the log that says why, also those that a browser
shows as nothing but 1006."""

import re

import pytest

from clients import Http, get, joined, request
from raw_http import HOST, UPGRADE, exchange, line
from tokens import SECRET, bearer, token


@pytest.fixture(scope="module")
def node(shared_lab, tmp_path_factory):
    """A node that asks clients for tokens."""
    secret = tmp_path_factory.mktemp("keys") / "secret"
    secret.write_text(SECRET)
    return shared_lab.node("--auth", "jwt", "--jwt-key-file", secret, "--max-sessions-per-id", "1",
                           "--log-level", "info")


def handshake(target, *fields):
    """Returns a handshake for a target, with these fields besides."""
    return line(b"GET %b HTTP/1.1" % target.encode(),
                HOST + UPGRADE + "".join(f"{field}\r\n" for field in fields).encode())


AUTHORIZED = f"Authorization: {bearer(token('456'))['Authorization']}"
REFUSALS = {
    "no token": (handshake("/websocket/456"), r'401 bad_token to GET "/websocket/456" of 127\.0'),
    "a wrong token": (handshake("/websocket/456?token=a.b.c"), r"401 bad_token .* \(it is no token"),
    "another's token": (handshake("/websocket/457", AUTHORIZED),
                        r'403 forbidden to GET "/websocket/457" .* for another id'),
    "a page of another origin": (
        handshake("/websocket/456", "Origin: http://app.example:3000"),
        r'403 bad_origin .*--allow-origin \\?"http://app\.example:3000'),
    "another path": (handshake("/ws/456"), r'404 no_such_path to GET "/ws/456".*/websocket/\{id\}'),
    "a bad id": (handshake("/websocket/%0A"), r'400 bad_id to GET "/websocket/%0A"'),
    "no upgrade": (line(b"GET /websocket/456 HTTP/1.1", HOST + AUTHORIZED.encode() + b"\r\n"),
                   "426 upgrade_required"),
    "a bad key": (handshake("/websocket/456", AUTHORIZED).replace(b"AA==", b"=="),
                  "400 bad_handshake"),
    "no HTTP": (b"hello\r\n\r\n", "400 bad_request to 127.0.0.1:"),
}


@pytest.mark.parametrize("case", REFUSALS)
async def test_a_refusal_is_logged(node, case):
    data, expected = REFUSALS[case]
    await exchange(node, data)
    node.log.wait_for(expected)


async def test_a_client_past_a_limit_is_logged(node):
    async with joined(node, "456", extra_headers=bearer(token("456"))):
        await exchange(node, handshake("/websocket/456", AUTHORIZED))
    node.log.wait_for("429 too_many_sessions .*close another session of this id first")


async def test_a_node_that_is_away_says_so(lab):
    node = lab.new_node(redis="redis://127.0.0.1:1")
    assert (await request(node, "GET", "/readyz")).status == 503
    await exchange(node, handshake("/websocket/456"))
    node.log.wait_for("warning WB-213 503 bus_away to GET")
    assert not any("readyz" in line for line in node.log.all())


async def test_each_kind_has_a_line_a_second_and_says_how_many_more(lab):
    node = lab.node()
    async with Http(node) as http:
        while not re.search(r"404 no_such_path .* \(and \d+ more\)", "\n".join(node.log.all())):
            assert (await http.request("GET", "/nothing")).status == 404
        assert (await http.request("PUT", "/livez")).status == 405
    node.log.wait_for("405 method_not_allowed to PUT")
    refused = (await get(node, "/stats"))["refused_requests"]
    lines = [entry for entry in node.log.all() if "no_such_path" in entry]
    counted = sum(1 + sum(map(int, re.findall(r"and (\d+) more", entry))) for entry in lines)
    assert len(lines) < refused and counted <= refused


async def test_what_is_ordinary_leaves_no_line(lab):
    node = lab.node()
    assert (await request(node, "POST", "/socket/456", b"x")).status == 404
    node.stop()
    # A port or a time may have these digits, too.
    assert not any("404 nobody" in entry for entry in node.log.rest())


async def test_no_token_and_no_control_character_is_logged(node):
    await exchange(node, handshake("/websocket/%0d%0a%1b[31m?token=secret.secret.secret"))
    await exchange(node, line(b"GET /" + b"x" * 5000 + b" HTTP/1.1"))
    node.log.wait_for(r'400 bad_id to GET "/websocket/%0d%0a%1b')
    assert not any("secret." in entry or len(entry) > 500 for entry in node.log.all())
