"""What an operator asks: who is there, what is kept, is it healthy, what is going on."""

import os
import re

import pytest

from clients import close_of, join, joined, keep, push, receive
from command_line import in_thread, lines_of, run
from harness import WAYBILL, Process, eventually
from tokens import SECRET, make_key, token


# -- who and kick --------------------------------------------------------------


async def test_who_lists_the_sessions_of_all_nodes(cluster):
    one, two, three = cluster.nodes
    async with joined(one, "present"), joined(two, "present"):
        done = await in_thread(run, "who", "present", node=three)
        [answer] = lines_of(done)
        assert done.returncode == 0
        assert sorted(x["node"] for x in answer["sessions"]) == ["node1", "node2"]
        done = await in_thread(run, "who", "present", "--text", node=three)
        head, columns, *rows = done.stdout.splitlines()
        assert head == "present is online: 2 sessions on 2 nodes"
        assert columns.split() == ["NODE", "PEER", "AGE", "QUEUE", "TRANSPORT", "TOPICS", "USER",
                                   "AGENT"]
        assert {row.split()[0] for row in rows} == {"node1", "node2"}
    done = await in_thread(run, "who", "absent", "--text", node=three)
    assert (done.returncode, done.stdout) == (1, "absent is offline\n")


async def test_who_says_that_a_silent_node_may_know_more(lab):
    one, two = lab.cluster(size=2).nodes
    async with joined(two, "456"):
        two.freeze()
        try:
            done = await in_thread(run, "who", "456", "--wait", "100ms", "--text", node=one)
        finally:
            two.thaw()
    assert done.returncode == 1
    assert done.stdout == "1 node that may have sessions did not answer\n"


async def test_kick_tells_the_client_why(cluster):
    one, two, _ = cluster.nodes
    ws = await join(one, "kicked")
    done = await in_thread(run, "kick", "kicked", "--reason", "account closed", "--text", node=two)
    assert (done.returncode, done.stdout) == (0, "kicked: 1 node told to close its sessions\n")
    assert await close_of(ws) == 4500
    assert ws.close_reason == "account closed"
    done = await in_thread(run, "kick", "456", node=two)
    assert done.returncode == 1 and "404 nobody" in done.stderr
    done = await in_thread(run, "kick", "456", "--reason", "x" * 101, node=two)
    assert done.returncode == 1 and "400 bad_parameter" in done.stderr


# -- mailbox -------------------------------------------------------------------


async def test_a_mailbox_is_counted_and_deleted(cluster):
    one, two, _ = cluster.nodes
    await keep(one, "box", "first", "second")
    done = await in_thread(run, "mailbox", "box", node=two)
    assert done.returncode == 0 and lines_of(done)[0]["entries"] == 2
    done = await in_thread(run, "mailbox", "box", "--text", node=two)
    assert re.fullmatch(r"box: 2 pushes kept, the oldest for \d+ s\n", done.stdout)
    done = await in_thread(run, "mailbox", "box", "--purge", "--text", node=two)
    assert (done.returncode, done.stdout) == (0, "box: 2 pushes deleted\n")
    done = await in_thread(run, "mailbox", "box", "--text", node=two)
    assert (done.returncode, done.stdout) == (0, "box: nothing is kept\n")


# -- status and top ------------------------------------------------------------


async def test_status_tells_that_all_is_well(cluster):
    async with joined(cluster.nodes[0], "456"):
        done = await in_thread(run, "status", node=cluster.nodes[1])
    assert done.returncode == 0
    [found] = lines_of(done)
    assert found["healthy"] and found["ready"] and found["problems"] == []
    assert {node["node"]: node["sessions"] for node in found["nodes"]} == {
        "node1": 1, "node2": 0, "node3": 0}
    assert all(0 < node["max_sessions"] and 0 <= node["uptime_seconds"] for node in found["nodes"])
    done = await in_thread(run, "status", "--text", node=cluster.nodes[1])
    head, columns, row, *_ = done.stdout.splitlines()
    assert re.fullmatch(r"127\.0\.0\.1:\d+ is ready; 3 nodes with \d+ sessions?", head)
    assert columns.split() == ["NODE", "VERSION", "UPTIME", "SESSIONS", "OF", "HEADROOM/S",
                               "QUEUES", "MEMORY", "REDIS"]
    assert re.fullmatch(r"node1 +\d\S+ +\d+ s +\d+ +\d+ +\d+ +0 B +\S+ MiB +ready", row)


async def test_status_tells_what_is_wrong(lab):
    cluster = lab.cluster(size=2)
    one, two = cluster.nodes
    two.freeze()
    try:
        done = await in_thread(run, "status", "--wait", "100ms", node=one)
    finally:
        two.thaw()
    assert done.returncode == 1
    assert lines_of(done)[0]["problems"] == ["1 node did not answer"]
    cluster.redis.kill()

    def is_away():
        done = run("status", "--wait", "100ms", "--text", node=one)
        return done.returncode == 1 and "is not ready" in done.stdout and done

    async def found():
        return await in_thread(is_away)

    done = await eventually(found)
    assert re.search(r"^problem: the node is not ready: 503 bus_away: ", done.stdout, re.MULTILINE)


async def test_top_prints_a_line_a_second(cluster):
    one, two, _ = cluster.nodes
    async with joined(one, "busy") as ws:
        with Process(WAYBILL, "top", "--count", "3",
                     "--url", f"http://127.0.0.1:{two.port}") as top:
            top.out.wait_for("node1")
            for i in range(20):
                await push(two, "busy", str(i), "?receipt=received")
                assert await receive(ws) == str(i)
            assert await in_thread(top.wait) == 0
        done = await in_thread(run, "top", "--count", "1", "--text", node=two)
    assert len(top.out.all()) == 3
    head, *rows = done.stdout.splitlines()
    assert head.split() == ["NODE", "VERSION", "SESSIONS", "HEADROOM/S", "PUSHES/S",
                            "DELIVERIES/S", "P50", "MS", "P99", "MS", "QUEUES"]
    assert [row.split()[0] for row in rows] == ["node1", "node2", "node3"]


# -- tokens and keys -----------------------------------------------------------


@pytest.fixture
def secret(tmp_path):
    """A file with the secret of tokens."""
    (tmp_path / "secret").write_text(SECRET)
    return tmp_path / "secret"


def test_a_token_is_told_with_what_it_allows(secret):
    made = run("token", "--sub", "456", "--jwt-key-file", secret, "--topic", "news", "--json")
    [made] = lines_of(made)
    done = run("token", "check", made["token"], "--jwt-key-file", secret)
    assert done.returncode == 0
    assert lines_of(done) == [{"valid": True, "sub": "456", "expires": made["expires"],
                               "topics": ["news"]}]
    done = run("token", "check", "-", "--jwt-key-file", secret, "--text",
               input=made["token"] + "\n")
    assert done.stdout == (f"valid: admits 456 until {made['expires']} (for 60 min), to the topics "
                           "news\n")


@pytest.mark.parametrize("text, reason", [
    (token("456", lifetime=-60), "expired"), (token("456", secret="x" * 32), "signed"),
    ("x", ""), (token("456", aud="shop"), "aud")])
def test_a_token_is_refused_with_the_reason(secret, text, reason):
    done = run("token", "check", text, "--jwt-key-file", secret)
    assert done.returncode == 1
    [found] = lines_of(done)
    assert not found["valid"] and reason in found["reason"]
    assert done.stderr == f"waybill: a node refuses this token: {found['reason']}\n"


def test_a_token_is_checked_by_the_options_of_the_node(secret, tmp_path):
    config = tmp_path / "waybill.toml"
    config.write_text(f'auth = "jwt"\njwt-key-file = "{secret}"\njwt-issuer = "shop"\n')
    good, bad = token("456", iss="shop"), token("456", iss="other")
    assert run("token", "check", good, "--config", config).returncode == 0
    assert run("token", "check", bad, "--config", config).returncode == 1
    env = {"WAYBILL_CONFIG": str(config)}
    assert run("token", "check", good, env=env).returncode == 0
    done = run("token", "check", good)
    assert done.returncode == 2 and "--jwt-key-file" in done.stderr
    done = run("token", "check", good, "--jwt-issuer", "shop")
    assert done.returncode == 2 and "--jwt-key-file" in done.stderr


def test_keys_are_listed_and_revoked(tmp_path):
    keys = tmp_path / "keys"
    make_key(keys, "shop", "--scope", "push,presence", "--pattern", "order-*")
    keys.write_text("# ours\n" + keys.read_text())
    keys.chmod(0o640)
    make_key(keys, "backend")
    assert lines_of(run("key", "list", "--file", keys)) == [
        {"name": "shop", "scopes": "push,presence", "pattern": "order-*"},
        {"name": "backend", "scopes": "push", "pattern": "*"}]
    done = run("key", "list", "--file", keys, "--text")
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["NAME", "SCOPES", "PATTERN"], ["shop", "push,presence", "order-*"],
        ["backend", "push", "*"]]
    done = run("key", "revoke", "shop", "--file", keys)
    assert lines_of(done) == [{"name": "shop", "revoked": 1}]
    assert [line.split(":")[0] for line in keys.read_text().splitlines()] == ["# ours", "backend"]
    assert keys.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["keys"]
    done = run("key", "revoke", "shop", "--file", keys)
    assert (done.returncode, done.stderr) == (1, f"waybill: {keys} has no key of shop\n")


async def test_a_revoked_key_is_refused_after_a_reload(lab, tmp_path):
    keys = tmp_path / "keys"
    key = make_key(keys, "backend")
    make_key(keys, "other")
    node = lab.node("--api-key-file", keys)

    def pushes():
        return run("push", "456", "x", "--ttl", "60", "--api-key", key, node=node).returncode == 0

    assert await in_thread(pushes)
    assert run("key", "revoke", "backend", "--file", keys).returncode == 0
    node.signal(1)

    async def is_refused():
        return not await in_thread(pushes)

    await eventually(is_refused)
