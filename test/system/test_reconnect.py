"""Redis comes back, and with it every session, without its client doing anything."""

import time

from clients import Http, join_all, receive, until_ready, until_unready
from harness import scaled, together

SESSIONS = scaled(10_000)
PUSHERS = 9


async def test_all_sessions_are_reachable_again_after_redis_was_restarted(lab):
    cluster = lab.cluster()
    names = [f"user{i}" for i in range(SESSIONS)]
    sessions = dict(zip(names, await join_all(cluster.nodes, names)))

    async def push_to_share(number):
        """Pushes to a share of all names, each of which must be there."""
        async with Http(cluster.nodes[number % 3]) as http:
            for name in names[number::PUSHERS]:
                answer = await http.push(name, f"to {name}", "?receipt=written")
                assert answer.counts == (200, {"nodes": 1, "sessions": 1, "written": 1}), answer

    cluster.redis.kill()
    await until_unready(*cluster.nodes)
    cluster.redis.start()
    began = time.monotonic()
    await until_ready(*cluster.nodes)
    ready = time.monotonic()
    await together(map(push_to_share, range(PUSHERS)))
    print(f"{SESSIONS} sessions: ready {ready - began:.3f} s after Redis is back, a push to each "
          f"of them then took {time.monotonic() - ready:.1f} s")
    for name, ws in sessions.items():
        # The first thing that they are sent, on the connection that they had.
        assert await receive(ws) == f"to {name}"
        assert ws.open
    await together(ws.close() for ws in sessions.values())
