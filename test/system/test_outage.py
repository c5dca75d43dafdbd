"""Redis goes away, freezes, and comes back: clients stay, and no pusher is lied to."""

import asyncio
import contextlib
import json
import time

import pytest
import websockets

from clients import (Http, assert_reachable, close_of, get, is_ready, is_unready, join, joined, keep,
                     push, receive, request, until_unready)
from harness import eventually, together
from raw_websocket import RawWebSocket


async def kill_redis(cluster):
    """Kills Redis, and waits until all nodes have noticed."""
    cluster.redis.kill()
    await until_unready(*cluster.nodes)


async def timed_push(http, name, text, query=""):
    """Pushes; returns the answer, when the push began, and how long it took."""
    began = time.monotonic()
    answer = await http.push(name, text, query)
    return answer, began, time.monotonic() - began


async def assert_refused(node, name):
    """Checks that a node answers at once that it cannot reach the others."""
    async with Http(node) as http:
        for target in [f"/socket/{name}", "/readyz"]:
            (await http.request("GET", target)).check_failure(503)
        answer, _, took = await timed_push(http, name, "refused")
        assert took < 2
        answer.check_failure(503)
        assert int(answer.headers["retry-after"]) >= 1
    with pytest.raises(websockets.InvalidStatusCode) as refusal:
        await join(node, name)
    assert refusal.value.status_code == 503


async def test_sessions_outlive_redis_and_the_first_push_after_it_arrives(lab):
    cluster = lab.cluster()
    names = [f"user{i}" for i in range(30)]
    homes = dict(zip(names, cluster.nodes * 10))
    sessions = {name: await join(homes[name], name) for name in names}
    cluster.redis.kill()
    killed = time.monotonic()
    for node in cluster.nodes:
        # A push that is under way when the connection breaks may be unanswered.
        async with Http(node) as http:
            while (answer := await http.push(names[0], "lost")).status != 503:
                answer.check_failure(504)
                assert answer.json["unknown"] == 1
                assert time.monotonic() - killed < 2
        await assert_refused(node, names[1])
        assert (await request(node, "GET", "/livez")).status == 200
    print(f"three nodes refuse pushes {time.monotonic() - killed:.3f} s after Redis died")

    cluster.redis.start()
    started = time.monotonic()
    for node in cluster.nodes:
        await eventually(lambda: is_ready(node))
        print(f"ready {time.monotonic() - started:.3f} s after Redis is back")
        # Its own sessions are reachable by the very first push.
        name = next(name for name in names if homes[name] is node)
        await assert_reachable(node, name, sessions[name])
    for i, (name, ws) in enumerate(sessions.items()):
        await assert_reachable(cluster.nodes[i // 3 % 3], name, ws)
        await ws.close()


async def test_who_leaves_or_comes_around_an_outage_is_counted_right(lab):
    cluster = lab.cluster(size=2)
    one, two = cluster.nodes
    async with joined(one, "stayer") as stayer:
        leaver, raw = await join(one, "leaver"), RawWebSocket(two, "raw")
        raw.read_handshake()
        await kill_redis(cluster)
        await leaver.close()
        raw.reset()
        cluster.redis.start()
        for node in cluster.nodes:
            await eventually(lambda: is_ready(node))
        async with joined(two, "comer") as comer:
            await assert_reachable(one, "comer", comer)
            await assert_reachable(two, "stayer", stayer)
            present = cluster.redis.subscribers("stayer", "comer", "leaver", "raw")
            assert present == {"stayer": 1, "comer": 1, "leaver": 0, "raw": 0}
            (await push(two, "leaver", "aaaa")).check_failure(404)


async def test_redis_may_come_and_go_many_times(lab):
    cluster = lab.cluster(size=2)
    one, two = cluster.nodes
    async with joined(one, "456") as ws:
        for _ in range(5):
            await kill_redis(cluster)
            cluster.redis.start()
            for node in cluster.nodes:
                await eventually(lambda: is_ready(node))
            await assert_reachable(two, "456", ws)


async def test_a_push_under_way_when_redis_dies_is_unanswered(lab):
    cluster = lab.cluster(size=1)
    node, = cluster.nodes
    async with joined(node, "456"), Http(node) as http:
        cluster.redis.freeze()
        began = time.monotonic()
        under_way = asyncio.create_task(http.push("456", "aaaa", "?wait=30s"))

        async def has_taken_it():
            return (await get(node, "/stats"))["pushes"] == 1

        await eventually(has_taken_it)
        await kill_redis(cluster)
        answer = (await under_way).check_failure(504)
        assert answer.json["unknown"] == 1
        assert time.monotonic() - began < 4


async def test_while_redis_is_frozen_no_push_is_called_a_success(lab):
    cluster = lab.cluster(size=2)
    one, two = cluster.nodes
    async with joined(one, "456") as ws, Http(two) as http:
        cluster.redis.freeze()
        frozen = time.monotonic()
        unanswered = []
        while True:
            text = f"push {len(unanswered)}"
            answer, began, took = await timed_push(http, "456", text, "?wait=200ms")
            assert took < 2
            if answer.status == 503:
                break
            # Until the canary proves that Redis is frozen, and not for long.
            answer.check_failure(504)
            assert answer.json["unknown"] == 1
            assert began - frozen < 4
            unanswered.append(text)
        assert unanswered
        for node in cluster.nodes:
            await eventually(lambda: is_unready(node), timeout=4)
            await assert_refused(node, "456")

        cluster.redis.thaw()
        for node in cluster.nodes:
            await eventually(lambda: is_ready(node))
        await push(two, "456", "the last")
        late = []
        while (text := await receive(ws)) != "the last":
            late.append(text)
        # Of what was unanswered some may have arrived, of what was refused none.
        assert [text for text in unanswered if text in late] == late


async def test_a_push_waits_no_longer_than_it_asked_to(lab):
    cluster = lab.cluster(size=1)
    node, = cluster.nodes
    async with joined(node, "456"), Http(node) as http:
        cluster.redis.freeze()
        for wait, seconds in [("100ms", 0.1), ("1s", 1)]:
            answer, _, took = await timed_push(http, "456", "aaaa", f"?wait={wait}")
            answer.check_failure(504)
            assert seconds <= took < seconds + 1
            assert answer.json["unknown"] == 1


async def test_a_short_freeze_is_no_outage(lab):
    cluster = lab.cluster(size=1)
    node, = cluster.nodes
    async with joined(node, "456") as ws, Http(node) as http:
        cluster.redis.freeze()
        (await http.push("456", "first", "?wait=100ms")).check_failure(504)
        cluster.redis.thaw()
        # The same connection to Redis brings what was on its way, and then this.
        assert (await http.push("456", "second")).status == 200
        assert [await receive(ws), await receive(ws)] == ["first", "second"]
        assert (await get(node, "/stats"))["links_lost"] == 0


@pytest.mark.parametrize("kind", ["pubsub", "normal"])
async def test_a_node_recovers_when_redis_cuts_a_connection(lab, kind):
    cluster = lab.cluster()
    async with joined(cluster.nodes[0], "456") as a, joined(cluster.nodes[1], "456") as b, \
            joined(cluster.nodes[2], "456") as c:
        killed = cluster.redis.command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
        assert killed == 3

        async def all_are_back():
            lost = [(await get(node, "/stats"))["links_lost"] for node in cluster.nodes]
            ready = [await is_ready(node) for node in cluster.nodes]
            return lost == [1, 1, 1] and all(ready)

        await eventually(all_are_back)
        for node in cluster.nodes:
            answer = await assert_reachable(node, "456", a, b, c)
            assert answer.json["nodes"] == 3


async def test_a_node_may_start_before_redis(lab):
    redis = lab.absent_redis()
    one, two = (lab.new_node(redis=redis.unix_url) for _ in range(2))
    one.log.wait_for("Redis cannot be reached")
    assert (await request(one, "GET", "/livez")).status == 200
    await assert_refused(one, "456")
    assert one.out.all() == []
    redis.start()
    one.wait_ready()
    two.wait_ready()
    async with joined(one, "456") as ws:
        await assert_reachable(two, "456", ws)


async def assert_every_thread_serves(node):
    """Checks that a node answers on connections that are spread over its threads."""
    async with contextlib.AsyncExitStack() as stack:
        connections = [await stack.enter_async_context(Http(node)) for _ in range(64)]
        answers = await together(http.request("GET", "/socket/456") for http in connections)
        assert {answer.status for answer in answers} == {200}


async def test_a_node_that_says_it_is_ready_is_so_on_every_thread(lab):
    for _ in range(10):
        node = lab.node("--threads", "64")
        await assert_every_thread_serves(node)
        node.stop()


async def test_a_node_that_answers_that_it_is_ready_is_so_on_every_thread(lab):
    cluster = lab.cluster("--threads", "64", size=1)
    node, = cluster.nodes
    for _ in range(5):
        await kill_redis(cluster)
        cluster.redis.start()
        await eventually(lambda: is_ready(node))
        await assert_every_thread_serves(node)


async def test_a_redis_that_becomes_a_replica_is_left_once(lab):
    cluster = lab.cluster(size=1)
    node, = cluster.nodes
    lines = '\n'.join('{"to":"456","message":"x","ttl":60}' for _ in range(12))
    cluster.redis.command("REPLICAOF", "127.0.0.1", "1")
    # All of these leave in one write, and come back in one read.
    answer = await request(node, "POST", "/push", lines.encode())
    began = time.monotonic()
    assert [json.loads(line)["status"] for line in answer.body.splitlines()] == [503] * 12
    await eventually(lambda: is_ready(node))
    took = time.monotonic() - began
    print(f"ready {took:.3f} s after a replica refused 12 pushes")
    assert took < 1
    lost = [line for line in node.log.all() if "Redis is away" in line or "reached" in line]
    assert len(lost) == 1, lost


async def test_a_mailbox_is_read_from_a_master_that_takes_no_writes(lab):
    cluster = lab.cluster(size=1)
    node, = cluster.nodes
    cluster.redis.command("XADD", "waybill:mail:{id:456}", "1-1", "message", "x", "expiry", "1")
    await keep(node, "456", "kept")
    cluster.redis.command("CONFIG", "SET", "min-replicas-to-write", "1")
    async with joined(node, "456") as ws:
        assert await receive(ws) == "kept"
        await assert_reachable(node, "456", ws)
        (await push(node, "456", "never", "?ttl=60")).check_failure(503)
        cluster.redis.command("CONFIG", "SET", "min-replicas-to-write", "0")
        assert (await push(node, "456", "late", "?ttl=60")).status == 200
        assert await receive(ws) == "late"


async def test_a_push_whose_key_cannot_be_kept_is_sent_to_nobody(lab):
    cluster = lab.cluster(size=1)
    node, = cluster.nodes
    key = {"Idempotency-Key": "k"}
    async with joined(node, "456") as ws:
        cluster.redis.command("CONFIG", "SET", "min-replicas-to-write", "1")
        (await push(node, "456", "once", headers=key)).check_failure(503)
        await assert_reachable(node, "456", ws)
        cluster.redis.command("CONFIG", "SET", "min-replicas-to-write", "0")
        for _ in range(2):
            assert (await push(node, "456", "once", headers=key)).counts == (200, {"nodes": 1})
        assert await receive(ws) == "once"
        await assert_reachable(node, "456", ws)


async def test_who_cannot_claim_its_id_waits_or_is_refused_and_is_let_in_later(lab):
    cluster = lab.cluster("--same-id", "newest", size=1)
    node, = cluster.nodes
    cluster.redis.command("CONFIG", "SET", "min-replicas-to-write", "1")
    # The node may not know it yet; then this client waits for its greeting.
    with contextlib.suppress(websockets.InvalidStatusCode):
        await websockets.connect(node.ws_url("456"))
    await until_unready(node)
    with pytest.raises(websockets.InvalidStatusCode) as refusal:
        await join(node, "789")
    assert refusal.value.status_code == 503
    cluster.redis.command("CONFIG", "SET", "min-replicas-to-write", "0")
    await eventually(lambda: is_ready(node))
    async with joined(node, "789") as ws:
        await assert_reachable(node, "789", ws)


async def test_a_client_whose_claim_had_to_wait_is_greeted_later(lab):
    cluster = lab.cluster("--same-id", "newest", size=1)
    node, = cluster.nodes
    async with joined(node, "456") as ws:
        cluster.redis.command("CONFIG", "SET", "min-replicas-to-write", "1")
        await until_unready(node)
        # Whoever stands is not concerned.
        await assert_reachable(node, "456", ws)
        cluster.redis.command("CLIENT", "KILL", "TYPE", "pubsub")
        cluster.redis.command("CONFIG", "SET", "min-replicas-to-write", "0")
        await eventually(lambda: is_ready(node))
        await assert_reachable(node, "456", ws)
