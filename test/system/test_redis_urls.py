"""A node reaches Redis in each way that --redis can be written."""

import pytest

from clients import assert_reachable, joined, push, request
from harness import eventually, needs_localhost


async def assert_routes(lab, url):
    """Checks that two nodes with this URL reach each other."""
    one, two = (lab.node(redis=url) for _ in range(2))
    async with joined(one, "456") as ws:
        await assert_reachable(two, "456", ws)


async def test_a_unix_socket(lab):
    await assert_routes(lab, lab.redis().unix_url)


@needs_localhost
async def test_a_host_name_without_a_database(lab):
    await assert_routes(lab, f"redis://localhost:{lab.redis().port}")


async def test_a_password(lab):
    redis = lab.redis(password="s3cret")
    await assert_routes(lab, f"redis://:s3cret@127.0.0.1:{redis.port}")


async def test_a_user_and_a_password_that_need_encoding(lab):
    redis = lab.redis()
    redis.command("ACL", "SETUSER", "way/bill", "on", ">p@ss:w/rd%", "~*", "&*", "+@all")
    redis.command("ACL", "SETUSER", "default", "off")
    await assert_routes(lab, f"redis://way%2Fbill:p%40ss%3Aw%2Frd%25@127.0.0.1:{redis.port}")


async def test_a_database_which_gets_the_dead_letters(lab):
    redis = lab.redis()
    await assert_routes(lab, f"{redis.url}/3")
    redis.publish("this is not JSON")
    redis.command("SELECT", 3)
    await eventually(lambda: len(redis.dead_letters()) == 1)


@pytest.mark.parametrize("credentials", ["", ":wrong@", "nobody:s3cret@"])
async def test_with_a_wrong_password_a_node_is_live_and_not_ready(lab, credentials):
    redis = lab.redis(password="s3cret")
    node = lab.new_node(redis=f"redis://{credentials}127.0.0.1:{redis.port}")
    node.log.wait_for("NOAUTH|WRONGPASS")
    assert (await request(node, "GET", "/livez")).status == 200
    (await request(node, "GET", "/readyz")).check_failure(503)
    (await push(node, "456", "aaaa")).check_failure(503)
    assert node.out.all() == []


def test_a_password_is_not_printed(lab):
    redis = lab.redis(password="s3cret")
    node = lab.node(redis=f"redis://:s3cret@127.0.0.1:{redis.port}")
    node.stop()
    assert "s3cret" not in "\n".join(node.out.rest() + node.log.rest())
