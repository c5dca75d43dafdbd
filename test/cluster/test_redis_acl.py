"""A Redis user that may do what the security guide says, and no more, is enough."""

import re
from urllib.parse import urlsplit

from clients import confirm, join, joined, keep, push, receive_many
from harness import ROOT

GUIDE = ROOT / "docs/guide/security.md"


async def test_the_user_of_the_guide_can_do_all_that_a_node_does(lab, tmp_path):
    rules = re.search(r"^user waybill on .*$", GUIDE.read_text(), re.MULTILINE)[0]
    users = tmp_path / "users.acl"
    users.write_text(f"user default on nopass ~* &* +@all\n{rules}\n")
    redis = lab.redis("--aclfile", users)
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
            assert answer.counts == (200, {"nodes": 1, "sessions": 1, "written": 1, "received": 1})
        await ws.send("upstream")
        redis.publish('{"KEY":456,"VALUE":"open"}')
        redis.publish("nonsense")
        assert await receive_many(ws, 2) == ["once", "open"]
        newer = await join(one, "456")
        await ws.wait_closed()
        assert ws.close_code == 4501
        await newer.close()
    # What is refused is logged.
    for node in (one, two):
        assert not [line for line in node.log.all() if "refused" in line]
