"""Event streams: sessions for clients that speak nothing but HTTP."""

import asyncio
import base64
import signal

import pytest

from clients import (GREETING, assert_reachable, get, joined, keep, push, request, until_offline,
                     until_ready, until_unready)
from event_source import EventStream, listening
from harness import eventually
from tokens import SECRET, token


def kept(redis):
    """Returns the number of entries in all mailboxes."""
    return sum(redis.command("XLEN", key) for key in redis.command("KEYS", "*:mail:*"))


async def test_a_client_gets_pushes_of_every_kind(nodes):
    one, two, three = nodes
    async with listening(one, "every", "?topics=news") as stream:
        for path in ["/socket/every", "/topic/news", "/broadcast"]:
            assert (await request(two, "POST", path, path.encode())).status == 200
            event = await stream.next()
            assert (event.type, event.data, event.id) == ("message", path, "0")
        assert (await push(three, "every", b"\xff\x00")).status == 200
        event = await stream.next()
        assert (event.type, base64.b64decode(event.data)) == ("binary", b"\xff\x00")
        assert (await push(three, "every", "a\r\nb\rc\n\nid: 9\n")).status == 200
        assert (await stream.next()).data == "a\nb\nc\n\nid: 9\n"
        large = "line\n" * 50_000
        assert (await push(three, "every", large)).status == 200
        assert (await stream.next()).data == large


async def test_streams_and_websockets_share_an_id(nodes):
    one, two, three = nodes
    async with joined(one, "shared") as ws, listening(two, "shared") as stream:
        answer = await push(three, "shared", "x", "?receipt=written")
        assert answer.status == 200 and answer.json["written"] == 2
        assert (await stream.next()).data == "x" == await ws.recv()


async def test_a_stream_may_not_be_cached_or_changed(node):
    async with EventStream(node, "456") as stream:
        assert stream.headers["content-type"] == "text/event-stream"
        assert stream.headers["cache-control"] == "no-store, no-transform"
        assert stream.headers["x-accel-buffering"] == "no"
        hello = await stream.next()
        assert (hello.type, hello.data, hello.id) == ("hello", GREETING, "0")
        assert 1000 <= stream.retry <= 3000


async def test_a_client_confirms_by_coming_back_to_any_node(lab):
    redis = lab.redis()
    one, two = lab.cluster(size=2, redis=redis).nodes
    texts = [str(i) for i in range(100)]
    await keep(one, "back", *texts[:50])
    async with listening(one, "back") as stream:
        for text in texts[50:]:
            assert (await push(two, "back", text, "?ttl=600")).status == 200
        assert await stream.take(100) == texts
    await until_offline(one, "back")
    await keep(one, "back", "late")
    async with listening(two, "back", last_id=stream.last_id) as again:
        assert again.last_id == stream.last_id
        assert await again.take(1) == ["late"]
    assert kept(redis) == 1
    async with listening(one, "back", f"?after={again.last_id}"):
        await eventually(lambda: kept(redis) == 0)


async def test_a_client_that_does_not_confirm_gets_it_again(nodes):
    one, _, three = nodes
    await keep(one, "again", "1", "2", "3")
    for server in (one, three):
        async with listening(server, "again") as stream:
            first = await stream.next()
            assert await stream.take(2) == ["2", "3"]
        await until_offline(one, "again")
    async with listening(one, "again", last_id=first.id) as stream:
        assert await stream.take(2) == ["2", "3"]


async def test_a_client_confirms_by_a_request(nodes):
    one, two, three = nodes
    await keep(one, "request", "1", "2")
    async with listening(two, "request") as stream:
        first = await stream.next()
        target = f"/events/request/confirm?upto={first.id}"
        answer = await request(three, "POST", target, b"")
        assert (answer.status, answer.json) == (200, {"confirmed": first.id})
    await until_offline(one, "request")

    async def is_confirmed():
        async with listening(one, "request") as again:
            return await again.take(1) == ["2"]

    await eventually(is_confirmed)


async def test_a_receipt_says_received_once_a_stream_has_confirmed(node):
    async with listening(node, "receipt") as stream:
        pushing = asyncio.create_task(push(node, "receipt", "x", "?ttl=60&receipt=received"))
        event = await stream.next()
        await request(node, "POST", f"/events/receipt/confirm?upto={event.id}", b"")
        assert (await pushing).counts == (200, {
            "nodes": 1, "sessions": 1, "written": 1, "received": 1, "kept": True})
        answer = await push(node, "receipt", "y", "?ttl=60&receipt=received&wait=50ms")
        assert answer.counts[1]["written"] == 1 and answer.counts[1]["received"] == 0


async def test_a_receipt_claims_nothing_of_one_stream_of_several(node):
    async with listening(node, "several") as one, listening(node, "several") as two:
        pushing = asyncio.create_task(
            push(node, "several", "x", "?ttl=60&receipt=received&wait=500ms"))
        event = await one.next()
        await two.next()
        await request(node, "POST", f"/events/several/confirm?upto={event.id}", b"")
        assert (await pushing).counts[1]["received"] == 0


async def test_a_kicked_client_must_not_come_back(nodes):
    one, two, three = nodes
    async with listening(one, "kicked") as stream:
        assert (await push(two, "kicked", "before")).status == 200
        assert (await request(three, "DELETE", "/socket/kicked")).status == 200
        assert await stream.rest() == ["before"]
        assert stream.comments == ["closed by an administrator"]
    for server in (one, two):
        async with EventStream(server, "kicked", last_id=stream.last_id) as again:
            assert again.status == 204
    async with listening(two, "kicked"):
        pass


async def test_the_newest_stream_replaces_the_others(lab):
    one, two = lab.cluster("--same-id", "newest", size=2).nodes
    async with listening(one, "456") as stream, listening(two, "456"):
        assert await stream.rest() == []
        async with EventStream(two, "456", last_id=stream.last_id) as again:
            assert again.status == 204
        async with joined(one, "456") as ws:
            await assert_reachable(two, "456", ws)


async def test_a_stream_ends_after_its_lifetime_and_is_followed_by_another(lab):
    node = lab.node("--events-lifetime", "300ms")
    async with listening(node, "456") as stream:
        assert (await push(node, "456", "1", "?ttl=60")).status == 200
        assert await stream.rest() == ["1"]
        assert stream.retry == 100
    async with listening(node, "456", last_id=stream.last_id) as again:
        assert await again.rest() == []
    assert (await get(node, "/stats"))["confirmed_pushes"] == 1


async def test_a_silent_stream_has_a_comment(lab):
    node = lab.node("--idle-timeout", "200ms", "--events-lifetime", "2s")
    async with listening(node, "456") as stream:
        assert await stream.rest() == []
        assert stream.comments.count("") > 5


async def test_a_token_limits_a_stream(lab, tmp_path):
    (tmp_path / "secrets").write_text(SECRET)
    node = lab.node("--auth", "jwt", "--jwt-key-file", tmp_path / "secrets")
    for query in ["", "?token=x"]:
        async with EventStream(node, "456", query) as stream:
            assert stream.status == 401
    for name, topics in [("another", ""), ("456", "&topics=secret")]:
        async with EventStream(node, name, f"?token={token('456')}{topics}") as stream:
            assert stream.status == 403
    async with listening(node, "456", f"?token={token('456', lifetime=-28)}") as stream:
        assert await stream.rest() == []
        assert stream.comments == ["your token has expired"]
    for name, status in [("another", 403), ("456", 200)]:
        target = f"/events/{name}/confirm?upto=1&token={token('456')}"
        assert (await request(node, "POST", target, b"")).status == status


async def test_a_page_of_an_allowed_origin_may_read_a_stream(lab):
    node = lab.node("--allow-origin", "https://app.example.com")
    fields = {"Origin": "https://app.example.com"}
    async with EventStream(node, "456", headers=fields) as stream:
        assert stream.headers["access-control-allow-origin"] == fields["Origin"]
    answer = await request(node, "POST", "/events/456/confirm?upto=1", b"", fields)
    assert answer.headers["access-control-allow-origin"] == fields["Origin"]
    async with EventStream(node, "456", headers={"Origin": "https://example.com"}) as stream:
        assert stream.status == 403


@pytest.mark.parametrize("option", ["sessions", "sessions-per-id", "sessions-per-peer"])
async def test_a_client_without_a_place_is_told_when_to_come_back(lab, option):
    node = lab.node(f"--max-{option}", "1")
    async with listening(node, "456"):
        async with EventStream(node, "456") as refused:
            assert refused.status == 200 and await refused.rest() == []
            assert 1000 <= refused.retry <= 3000 and refused.comments
            assert refused.last_id == ""
    assert (await get(node, "/stats"))[f"over_max_{option.replace('-', '_')}"] == 1

    async def is_let_in():
        async with EventStream(node, "456") as stream:
            return bool(await stream.next())

    await eventually(is_let_in)


async def test_a_client_waits_for_redis(lab):
    redis = lab.redis()
    node = lab.node(redis=redis)
    async with listening(node, "456") as stream:
        await keep(node, "other", "x")
        redis.kill()
        await until_unready(node)
        async with EventStream(node, "other") as refused:
            assert refused.status == 200 and await refused.rest() == []
            assert 1000 <= refused.retry <= 3000
        answer = await request(node, "POST", "/events/other/confirm?upto=1-0", b"")
        answer.check_failure(503)
        redis.start()
        await until_ready(node)
        # The stream has outlived that.
        assert (await push(node, "456", "x")).status == 200
        assert (await stream.next()).data == "x"


async def test_a_node_that_stops_ends_streams_in_order(lab):
    one, two = lab.cluster("--drain", "1s", size=2).nodes
    async with listening(one, "456") as stream:
        # Until its mailbox is read, a session that ends leaves kept pushes to the next.
        assert (await push(two, "456", "first")).status == 200
        assert await stream.take(1) == ["first"]
        assert (await push(two, "456", "last", "?ttl=600")).status == 200
        one.signal(signal.SIGTERM)
        # A stream that is still reading its mailbox leaves the push there.
        got = await stream.rest()
        assert 100 <= stream.retry <= 1100
        stream.close()
        assert one.wait() == 0
    async with listening(two, "456", last_id=stream.last_id) as again:
        assert (await push(two, "456", "next")).status == 200
        while got[-1:] != ["next"]:
            got.append((await again.next()).data)
        assert got == ["last", "next"]


async def test_a_node_that_dies_costs_no_kept_push(lab):
    one, two = lab.cluster(size=2).nodes
    async with listening(one, "456") as stream:
        assert (await push(two, "456", "1", "?ttl=600")).status == 200
        assert await stream.take(1) == ["1"]
        one.kill()
        assert await stream.rest() == []
    await until_offline(two, "456")
    await keep(two, "456", "2")
    async with listening(two, "456", last_id=stream.last_id) as again:
        assert await again.take(1) == ["2"]


async def test_a_stream_that_is_not_read_costs_only_itself(lab):
    node = lab.node("--max-queue", "256KiB")
    async with listening(node, "slow") as slow, listening(node, "other") as other:
        slow.stop_reading()

        async def is_closed():
            await push(node, "slow", "x" * 100_000)
            return (await get(node, "/stats"))["slow_clients"] == 1

        await eventually(is_closed)
        assert (await push(node, "other", "x", "?receipt=written")).status == 200
        assert (await other.next()).data == "x"


async def test_a_client_that_sends_more_is_disconnected(node):
    async with listening(node, "talks") as stream:
        stream.send(b"GET / HTTP/1.1\r\n")
        assert await stream.rest() == []
    await until_offline(node, "talks")


async def test_figures_and_traces_tell_streams_from_websockets(lab):
    node = lab.node()
    async with listening(node, "456"), joined(node, "456"):
        stats = await get(node, "/stats")
        assert [stats[name] for name in ("sessions", "event_sessions", "joins", "event_joins")] \
            == [2, 1, 2, 1]
        hops = (await get(node, "/trace/456"))["sessions"]
        assert [hop.get("transport") for hop in hops] == ["events", None]
        assert len((await get(node, "/socket/456?detail=1"))["sessions"]) == 2
    await until_offline(node, "456")
    assert (await get(node, "/stats"))["event_sessions"] == 0


async def test_curl_reads_a_stream(lab):
    node = lab.node("--events-lifetime", "1s")
    url = f"http://{node.host}:{node.port}/events/456"
    curl = await asyncio.create_subprocess_exec(
        "curl", "-sSN", url, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    await curl.stdout.readuntil(b"event: hello\nid: 0\ndata: " + GREETING.encode() + b"\n\n")
    assert (await push(node, "456", "hi")).status == 200
    await curl.stdout.readuntil(b"data: hi\n\n")
    rest, errors = await curl.communicate()
    assert (curl.returncode, errors) == (0, b"")
    assert rest.endswith(b"\nretry: 100\n\n")
