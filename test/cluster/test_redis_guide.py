"""The file that the guide to Redis has for it."""

from clients import Http, join, joined, keep, receive, receive_many, until_ready, until_unready
from documents import blocks
from harness import ROOT

CONFIG = blocks(ROOT / "docs/guide/redis.md", "conf")[0].text


def configured(lab):
    """Starts a Redis with the guide's file."""
    lines = [line.split() for line in CONFIG.splitlines() if line and not line.startswith("#")]
    return lab.redis(*[word for name, *values in lines for word in (f"--{name}", *values)])


async def test_what_is_kept_outlives_a_redis_that_is_killed(lab):
    redis = configured(lab)
    node = lab.node(redis=redis)
    await keep(node, "456", "one", "two")
    redis.kill()
    await until_unready(node)
    redis.start()
    await until_ready(node)
    async with joined(node, "456") as ws:
        assert await receive_many(ws, 2) == ["one", "two"]


async def test_a_redis_that_is_full_keeps_what_it_has_and_takes_no_more(lab):
    redis = configured(lab)
    node = lab.node(redis=redis)
    await keep(node, "456", "one")
    redis.command("CONFIG", "SET", "maxmemory", "1mb")
    async with Http(node) as http:
        answer = await http.push("456", "too much", "?ttl=60")
        assert "OOM" in answer.check_failure(503).json["message"]
        async with joined(node, "789") as ws:
            assert (await http.push("789", "live")).status == 200
            assert await receive(ws) == "live"
    ws = await join(node, "456")
    assert await receive(ws) == "one"
    await ws.close()
