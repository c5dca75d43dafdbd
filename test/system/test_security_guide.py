"""The security guide says what is enough for a node, its clients and its pushers."""

import re
import ssl
from urllib.parse import urlsplit

import pytest

from certificates import Certificate
from clients import Http, confirm, join, joined, keep, push, receive, receive_many
from harness import ROOT, TlsServer, UnixServer
from tokens import ES256, bearer, make_key, make_pair, run

GUIDE = ROOT / "docs/guide/security.md"


@pytest.mark.parametrize("kind", ["one Redis", "a Redis Cluster"])
async def test_the_user_of_the_guide_can_do_all_that_a_node_does(lab, tmp_path, kind):
    guide = GUIDE.read_text()
    rules = re.search(r"^user waybill on .*$", guide, re.MULTILINE)[0]
    if kind == "a Redis Cluster":
        more = re.search(r"A Redis Cluster needs `([^`]*)`", guide)[1]
        rules = " ".join([rules.replace(" +role", ""), *more.split()])
    users = tmp_path / "users.acl"
    users.write_text(f"user default on nopass ~* &* +@all\n{rules}\n")
    redis = (lab.redis_cluster if kind == "a Redis Cluster" else lab.redis)("--aclfile", users)
    parts = urlsplit(redis.url)
    url = parts._replace(netloc=f"waybill:PASSWORD@{parts.netloc}").geturl()
    options = ["--same-id", "newest", "--upstream", "redis", "--mailbox-limit", "2"]
    one, two = lab.cluster(*options, size=2, redis=url).nodes
    await keep(one, "456", "kept", "kept, too")
    assert (await push(one, "456", "too much", "?ttl=60")).status == 507
    async with joined(two, "456", query="?topics=news") as ws:
        assert await receive_many(ws, 2) == ["kept", "kept, too"]
        await confirm(one, "456", ws)
        for _ in range(2):
            answer = await push(one, "456", "once", "?receipt=received&ttl=60",
                                {"Idempotency-Key": "k"})
            assert answer.counts == (200, {"nodes": 1, "sessions": 1, "written": 1, "received": 1,
                                           "kept": True})
        await ws.send("upstream")
        redis.publish('{"KEY":456,"VALUE":"open"}')
        redis.publish("nonsense")
        assert await receive_many(ws, 2) == ["once", "open"]
        newer = await join(one, "456")
        await ws.wait_closed()
        assert ws.close_code == 4501
        await newer.close()
    # A command that is refused is logged.
    for node in (one, two):
        assert not [line for line in node.log.all() if "refused" in line]


async def test_the_hardened_node_of_the_guide_serves_who_has_all_that_it_asks_for(lab, tmp_path):
    config = re.search(r"^```toml\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL)[1]
    url = re.search(r"rediss://[^\"]*", config)[0]
    for old, new in [(url, lab.redis().url), ("0.0.0.0:9443", "127.0.0.1:0"),
                     ("/etc/waybill/tls/", f"{tmp_path}/"), ("/etc/waybill/", f"{tmp_path}/"),
                     ("/run/waybill/", f"{tmp_path}/")]:
        assert old in config
        config = config.replace(old, new)
    (tmp_path / "waybill.toml").write_text(config)
    authority = Certificate(tmp_path / "backends-ca")
    for name in ("public", "admin"):
        Certificate(tmp_path / name, "IP:127.0.0.1", issuer=authority)
    backend = Certificate(tmp_path / "backend", issuer=authority)
    private, public = make_pair(tmp_path, *ES256)
    public.rename(tmp_path / "jwt-public.pem")
    key = bearer(make_key(tmp_path / "api-keys", "backend", "--scope", "push"))
    node = lab.node("--config", tmp_path / "waybill.toml")
    context = ssl.create_default_context(cafile=authority.file)
    clients = TlsServer(node.ports[0], context)
    token = run("token", "--sub", "456", "--jwt-alg", "ES256", "--jwt-key-file", private,
                "--jwt-audience", "waybill", "--jwt-issuer", "https://login.example.com")
    async with joined(clients, "456", extra_headers=bearer(token),
                      origin="https://app.example.com") as ws:
        context.load_cert_chain(backend.file, backend.key)
        for admin in (TlsServer(node.ports[1], context), UnixServer(tmp_path / "admin.sock")):
            async with Http(admin) as http:
                assert (await http.push("456", "hello", headers=key)).status == 200
                assert await receive(ws) == "hello"
                assert (await http.push("456", "hello")).status == 401
