"""SIGHUP has the options of a node read again, and changes what can be changed."""

import json
import signal

import pytest
import websockets

from certificates import Certificate
from clients import get, join, joined, push
from harness import Server, eventually
from tokens import SECRET, make_key, token

PAGE = {"Origin": "https://app.example.com"}


@pytest.fixture
def config(tmp_path):
    """A file of options, which a call writes."""
    path = tmp_path / "waybill.toml"

    def write(**options):
        path.write_text("".join(f"{name.replace('_', '-')} = {json.dumps(value)}\n"
                                for name, value in options.items()))
        return path

    return write


async def hang_up(node, outcome="reloaded options"):
    """Sends SIGHUP, and returns what is logged up to one more line with its outcome."""
    def count():
        return sum(outcome in line for line in node.log.all())

    before = count()
    node.signal(signal.SIGHUP)
    await eventually(lambda: count() > before)
    return "\n".join(node.log.all())


async def refusal(node, **how):
    with pytest.raises(websockets.InvalidStatusCode) as refused:
        await join(node, "456", **how)
    return refused.value.status_code


async def test_pages_may_come_as_the_file_says_now(lab, config):
    node = lab.node("--config", config())
    assert await refusal(node, extra_headers=PAGE) == 403
    config(allow_origin=[PAGE["Origin"]])
    await hang_up(node)
    async with joined(node, "456", extra_headers=PAGE):
        config()
        await hang_up(node)
        assert await refusal(node, extra_headers=PAGE) == 403


async def test_clients_need_a_token_from_now_on(lab, config, tmp_path):
    node = lab.node("--config", config())
    keys = tmp_path / "secrets"
    keys.write_text(SECRET)
    async with joined(node, "456"):
        config(auth="jwt", jwt_key_file=[str(keys)])
        await hang_up(node)
        assert await refusal(node) == 401
        async with joined(node, "456", query=f"?token={token('456')}"):
            pass


async def test_what_takes_a_restart_is_said(lab, config, tmp_path):
    make_key(tmp_path / "keys", "backend")
    node = lab.node("--config", config(log_level="warn", max_queue=10_000))
    config(max_queue=20_000, drain="1s", insecure=True, api_key_file=str(tmp_path / "keys"))
    log = await hang_up(node)
    for name in ("max-queue", "drain"):
        assert f"--{name} has changed: restart the node to apply it" in log
    assert log.count("restart the node") == 2


async def test_what_is_wrong_changes_nothing(lab, config):
    node = lab.node("--config", config(allow_origin=[PAGE["Origin"]]))
    config(lgo_level="debug")
    log = await hang_up(node, "keeping the old options: ")
    assert "unknown option lgo-level; did you mean log-level?" in log
    async with joined(node, "456", extra_headers=PAGE):
        pass
    assert await get(node, "/livez") == {"status": "live"}


async def test_a_port_that_is_open_stays_guarded(lab, config, tmp_path):
    make_key(tmp_path / "keys", "backend")
    guarded = {"admin_listen": ["0.0.0.0:0"], "api_key_file": str(tmp_path / "keys")}
    node = lab.node("--config", config(**guarded))
    admins = Server(node.ports[1])
    assert (await push(admins, "456", "x")).status == 401
    # Good for a node that starts, not for this one, which stays where it listens.
    config(admin_listen=["127.0.0.1:0"])
    assert "others can connect to 0.0.0.0" in await hang_up(node, "keeping the old options: ")
    assert (await push(admins, "456", "x")).status == 401


async def test_whether_a_port_speaks_tls_takes_a_restart(lab, config, tmp_path):
    node = lab.node("--config", config())
    certificate = Certificate(tmp_path / "server", "DNS:localhost")
    config(tls_cert=str(certificate.file), tls_key=str(certificate.key),
           allow_origin=[PAGE["Origin"]])
    await hang_up(node, "restart the node to enable or disable TLS")
    assert await refusal(node, extra_headers=PAGE) == 403
