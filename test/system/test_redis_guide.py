"""The file that the guide to Redis has for it."""

from clients import Http, join, joined, keep, receive, receive_many, until_ready
from documents import blocks
from harness import ROOT, together

CONFIG = blocks(ROOT / "docs/guide/redis.md", "conf")[0].text


def configured(lab):
    """Starts a Redis with the guide's file."""
    lines = [line.split() for line in CONFIG.splitlines() if line and not line.startswith("#")]
    return lab.redis(*[word for name, *values in lines for word in (f"--{name}", *values)])


async def keep_until_killed(node, redis, name, number):
    """Pushes on a connection while Redis is killed. Returns what was answered 202."""
    kept = []
    async with Http(node) as http:
        while True:
            text = f"{number}:{len(kept)}:" + "x" * 20_000
            answer = await http.push(name, text, "?ttl=600")
            if answer.status != 202:
                assert answer.status in (503, 504), answer
                return kept
            kept.append(text)
            if number == 0 and len(kept) == 100:
                redis.kill()


async def test_what_is_kept_outlives_a_redis_that_is_killed_at_any_time(lab):
    redis = configured(lab)
    node = lab.node(redis=redis)
    kept = []
    for life in range(6):
        parts = await together(keep_until_killed(node, redis, f"{life}-{number}", number)
                               for number in range(8))
        kept += [(f"{life}-{number}", part) for number, part in enumerate(parts)]
        redis.start()
        await until_ready(node)
    for name, part in kept:
        async with joined(node, name) as ws:
            assert (await receive_many(ws, len(part))) == part


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
