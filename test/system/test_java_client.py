"""The services of app/java/Waybill.java for backends, and the code of the guide."""

import base64
import contextlib
import time

import aiohttp.web
import pytest

from clients import confirm, joined, receive, receive_many, request, silent, until_offline
from documents import blocks
from harness import ROOT, Server
from java_transcript import classes, compile_java, java
from proxy import Proxy
from tokens import make_key

# Fixtures, which pytest looks for in this module.
__all__ = ["classes", "java"]

GUIDES = [ROOT / "docs/guide/from-spring.md", ROOT / "docs/guide/from-spring.zh.md"]


# -- pushes ------------------------------------------------------------------------


@pytest.mark.parametrize("level, line", [
    ("routed", "200 nodes=1"), ("written", "200 nodes=1 sessions=1 written=1"),
    ("received", "200 nodes=1 sessions=1 written=1 received=1")])
async def test_a_push_reports_as_far_as_it_is_asked(cluster, java, level, line):
    one, two, _ = cluster.nodes
    async with joined(one, level) as ws:
        assert await java([two], "send", level, "héllo 你好", f"receipt={level}") == [line]
        assert await receive(ws) == "héllo 你好"


@pytest.mark.parametrize("name", ["a b+c ü", "100%", "..", "x?y=1&z#w", "%2F", "用户"])
async def test_an_id_may_have_any_characters(node, java, name):
    async with joined(node, name) as ws:
        assert await java([node], "push", name, "x") == ["200 nodes=1"]
        assert await receive(ws) == "x"
        assert await java([node], "presence", name) == ["1"]


async def test_an_id_that_nodes_refuse_is_no_other_path(node, java):
    for arguments in [("push", "a b+c/ü", "x"), ("presence", "a/../b"), ("kick", "a/topics/b")]:
        [line] = await java([node], *arguments)
        assert line.startswith("failure: 400 bad_id: "), line


async def test_a_push_to_nobody_is_told_from_one_that_is_kept(cluster, java):
    one, two, three = cluster.nodes
    assert await java([one], "push", "java-away", "lost") == ["404"]
    assert await java([two], "send", "java-away", "kept", "ttl=PT1M") == ["202 kept"]
    async with joined(three, "java-away") as ws:
        assert await receive(ws) == "kept"
        await confirm(one, "java-away", ws)


async def test_the_port_of_clients_is_told_from_nobody(lab, java):
    node = lab.node("--admin-listen", "127.0.0.1:0")
    clients, pushers = map(Server, node.ports)
    assert await java([pushers], "push", "456", "x") == ["404"]
    for name in ("push", "kick"):
        [line] = await java([clients], name, "456", "x")
        assert line.startswith("failure: 404 admin_port: "), line


async def test_bytes_topics_broadcasts_and_batches_arrive(lab, java):
    node = lab.node()
    async with joined(node, "456", query="?topics=news") as ws:
        assert await java([node], "bytes", "456", base64.b64encode(b"\0\xff").decode()) == [
            "200 nodes=1"]
        assert await java([node], "topic", "news", "topical") == ["200 nodes=1"]
        assert await java([node], "everyone", "all") == ["200 nodes=1"]
        assert await receive_many(ws, 3) == [b"\0\xff", "topical", "all"]
        written = "200 nodes=1 sessions=1 written=1"
        assert await java([node], "batch", "456") == [written, written, "404", "202 kept", written]
        assert await receive_many(ws, 3) == ['to "an" id\n\\\1', "to a topic", "to everyone"]


async def test_further_options_reach_the_node(lab, java):
    node = lab.node()
    assert await java([node], "topic", "news", "latest", "retain=60") == ["202 kept"]
    async with joined(node, "456", query="?topics=news") as ws:
        assert await receive(ws) == "latest"
    await until_offline(node, "456")
    for price in ("1", "2"):
        lines = await java([node], "send", "456", price, "ttl=PT1M", "collapse=price")
        assert lines == ["202 kept"]
    async with joined(node, "456") as ws:
        assert await receive(ws) == "2"
        await confirm(node, "456", ws)
    [line] = await java([node], "send", "456", "x", "receit=written")
    assert line.startswith("failure: 400 bad_parameter: "), line


async def test_a_kick_closes_sessions_for_good(node, java):
    async with joined(node, "kicked") as ws:
        assert await java([node], "kick", "kicked") == ["1"]
        await ws.wait_closed()
        assert ws.close_code == 4500
    await until_offline(node, "kicked")
    assert await java([node], "kick", "kicked") == ["0"]
    assert await java([node], "presence", "kicked") == ["0"]


async def test_a_key_opens_what_it_is_for(lab, java, tmp_path):
    keys = tmp_path / "keys"
    key = make_key(keys, "backend", "--scope", "push")
    node = lab.node("--api-key-file", str(keys))
    assert await java([node], "push", "456", "x", key=key) == ["404"]
    [line] = await java([node], "push", "456", "x")
    assert line.startswith("failure: 401 bad_key: "), line
    [line] = await java([node], "presence", "456", key=key)
    assert line.startswith("failure: 403 forbidden: "), line


# -- repeats -----------------------------------------------------------------------


class Gateway:
    """A proxy for HTTP that mistreats the first request: `fault` is 503 without passing it on,
    502 or 504 after that, or "cut", which answers nothing then. Notes the keys of requests."""

    def __init__(self, node, fault):
        self._node = node
        self._fault = fault
        self.keys = []
        self.times = []

    async def pass_on(self, incoming):
        """Answers a request."""
        body = await incoming.read()
        self.keys.append(incoming.headers.get("Idempotency-Key"))
        self.times.append(time.monotonic())
        fault, self._fault = self._fault, None
        if fault == 503:
            return aiohttp.web.Response(status=503, text="<html>", headers={"Retry-After": "1"})
        fields = {k: v for k, v in incoming.headers.items()
                  if k in ("Idempotency-Key", "Content-Type")}
        answer = await request(self._node, incoming.method, incoming.raw_path, body, fields)
        if fault == "cut":
            incoming.transport.abort()
        return aiohttp.web.Response(status=fault or answer.status,
                                    body=b"<html>" if fault else answer.body)

    @contextlib.asynccontextmanager
    async def running(self):
        """Runs it for the time of an `async with`, and yields its address."""
        runner = aiohttp.web.ServerRunner(aiohttp.web.Server(self.pass_on))
        await runner.setup()
        site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield Server(runner.addresses[0][1])
        finally:
            await runner.cleanup()


@pytest.mark.parametrize("fault", [503, 502, 504, "cut"])
async def test_a_push_that_fails_for_now_is_repeated_with_its_key_and_sent_once(node, java, fault):
    name, gateway = f"once-{fault}", Gateway(node, fault)
    async with gateway.running() as server, joined(node, name) as ws:
        assert await java([server], "push", name, "x") == ["200 nodes=1"]
        assert len(gateway.keys) == 2 and len(set(gateway.keys)) == 1 and gateway.keys[0]
        assert await java([server], "send", name, "y", "key=mine") == ["200 nodes=1"]
        assert gateway.keys[1] != "mine" == gateway.keys[2]
        assert await receive_many(ws, 2) == ["x", "y"]
        await confirm(node, name, ws)
    if fault == 503:
        assert gateway.times[1] - gateway.times[0] >= 1


async def test_a_repeat_of_the_application_with_its_own_key_is_sent_once(node, java):
    async with joined(node, "own-key") as ws:
        for _ in range(2):
            assert await java([node], "send", "own-key", "x", "key=order-17") == ["200 nodes=1"]
        assert await receive(ws) == "x"
        await confirm(node, "own-key", ws)
        [line] = await java([node], "send", "own-key", "y", "key=order-17")
        assert line.startswith("failure: 422 key_reused: "), line


async def test_a_client_that_confirms_nothing_is_reported_without_repeats(node, java):
    gateway = Gateway(node, None)
    async with gateway.running() as server:
        with silent(node, "silent"):
            [line] = await java([server], "send", "silent", "x", "receipt=received", "wait=PT0.2S")
    assert line.startswith("failure: 504 unanswered: "), line
    assert len(gateway.keys) == 1


@pytest.mark.parametrize("fault, keys", [(503, 2), (502, 1), (504, 1), ("cut", 1)])
async def test_a_batch_is_repeated_only_if_nothing_was_sent(node, java, fault, keys):
    gateway = Gateway(node, fault)
    async with gateway.running() as server:
        lines = await java([server], "batch", f"batch-{fault}")
        assert len(gateway.keys) == keys
        assert lines[0].startswith("404" if fault == 503 else "failure: ")


async def test_another_node_takes_over(node, java):
    with Proxy(node.port) as dead:
        dead.cut()
        async with joined(node, "other") as ws:
            # Each starts with a node by chance.
            for i in range(4):
                assert await java([dead, node], "push", "other", str(i)) == ["200 nodes=1"]
            assert await receive_many(ws, 4) == ["0", "1", "2", "3"]
            await confirm(node, "other", ws)


# -- guides ------------------------------------------------------------------------


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.name)
def test_what_the_guide_does_without_spring_compiles(classes, tmp_path, path):
    snippets = [block.text for block in blocks(path, "java") if "@" not in block.text]
    assert snippets
    methods = "\n".join(f"void snippet{i}(Waybill waybill, List<String> nodes, String secret) {{"
                        f"{text}}}" for i, text in enumerate(snippets))
    source = tmp_path / "Snippets.java"
    source.write_text("import io.waybill.*; import io.waybill.Waybill.*; import java.time.*;"
                      f"import java.util.*; class Snippets {{ {methods} }}")
    compile_java(tmp_path, source, classes=classes)


def test_the_guides_have_the_same_code():
    assert len({tuple(block.text for block in blocks(path) if block.language != "text")
                for path in GUIDES}) == 1
