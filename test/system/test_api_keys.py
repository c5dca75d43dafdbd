"""With `--api-key-file` only those push who have a key for it."""

import json
import re
import subprocess

import pytest

from clients import joined, receive, request
from harness import WAYBILL
from reference import REFERENCE, table_with, words_of
from tokens import SECRET, bearer, make_key

README = (REFERENCE / "README.md").read_text()

JWT = ["--auth", "jwt", "--jwt-key-file", "{secrets}"]
KEYS = ["--api-key-file", "{keys}"]


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """A file with a key for each scope, and one for orders."""
    path = tmp_path_factory.mktemp("keys") / "keys"
    made = {scope: make_key(path, f"{scope}er", "--scope", scope)
            for scope in ("push", "presence", "kick", "admin")}
    made["orders"] = make_key(path, "orders", "--scope", "push,presence,kick",
                              "--pattern", "order-*")
    return path, made


@pytest.fixture(scope="module")
def files(keys, tmp_path_factory):
    """The files that options name in braces."""
    secrets = tmp_path_factory.mktemp("keys") / "secrets"
    secrets.write_text(SECRET)
    return {"secrets": secrets, "keys": keys[0]}


def fill(options, files):
    """Returns options with the files in place of their names."""
    return [option.format(**files) for option in options]


@pytest.fixture(scope="module")
def guarded(shared_lab, keys):
    """A node that asks its pushers for keys."""
    return shared_lab.node("--api-key-file", keys[0])


# Requests that a key is needed for, and which.
REQUESTS = [("POST", "/socket/456", "push"), ("POST", "/topic/456", "push"),
            ("POST", "/broadcast", "push"), ("POST", "/push", "push"),
            ("GET", "/socket/456", "presence"), ("HEAD", "/socket/456", "presence"),
            ("GET", "/socket/456?detail=1", "presence"), ("DELETE", "/socket/456", "kick"),
            ("GET", "/socket/456/mailbox", "presence"), ("DELETE", "/socket/456/mailbox", "kick"),
            ("PUT", "/socket/456/topics/456", "push"),
            ("DELETE", "/socket/456/topics/456", "push"), ("GET", "/topic/456", "presence"),
            ("GET", "/trace/456", "presence"), ("GET", "/why/456", "presence"), ("GET", "/stats", "admin"),
            ("GET", "/largest", "admin"), ("GET", "/history", "admin"), ("GET", "/metrics", "admin")]


def test_the_reference_says_what_each_key_opens():
    documented = {(request.replace("{id}", "456").replace("{name}", "456"), scope)
                  for name, requests in table_with(README, "scope", "opens")
                  for scope in words_of(name) for request in words_of(requests)}
    assert documented == {(f"{method} {target.partition('?')[0]}", scope)
                          for method, target, scope in REQUESTS if method != "HEAD"}


@pytest.mark.parametrize("method, target, scope", REQUESTS)
async def test_a_key_opens_what_it_was_made_for_and_nothing_else(
        guarded, keys, method, target, scope):
    for name, key in keys[1].items():
        answer = await request(guarded, method, target, headers=bearer(key))
        # A batch without lines is for no address.
        if name == scope or (name, target) == ("orders", "/push"):
            assert answer.status in (200, 404), (name, answer)
        else:
            assert answer.status == 403, (name, answer)


@pytest.mark.parametrize("method, target, scope", REQUESTS)
async def test_without_a_key_that_is_known_all_answers_are_the_same(
        guarded, keys, method, target, scope):
    key = keys[1][scope]
    answers = [await request(guarded, method, target, headers=headers) for headers in
               ({}, bearer(""), bearer("wrong"), bearer(key + "0"), bearer(key[:-1]),
                bearer(key.upper()), {"Authorization": f"Basic {key}"}, {"Authorization": key},
                bearer("x" * 8000))]
    for answer in answers:
        assert answer.status == 401 and answer.headers["www-authenticate"] == "Bearer"
        assert answer.body == answers[0].body


async def test_a_key_may_be_for_some_addresses(guarded, keys):
    key = bearer(keys[1]["orders"])
    async with joined(guarded, "order-7", "456", query="?topics=order-news,news") as sessions:
        for target, status in [("/socket/order-7", 200), ("/socket/456", 403),
                               ("/topic/order-news", 200), ("/topic/news", 403),
                               ("/broadcast", 403)]:
            assert (await request(guarded, "POST", target, b"x", headers=key)).status == status
        lines = [{"to": "order-7"}, {"to": "456"}, {"topic": "order-news"}, {"topic": "news"},
                 {"all": True}]
        body = "\n".join(json.dumps(line | {"message": "y"}) for line in lines).encode()
        answer = await request(guarded, "POST", "/push", body, headers=key)
        assert [json.loads(line)["status"] for line in answer.body.splitlines()] == [
            200, 403, 200, 403, 403]
        assert [await receive(sessions[0]) for _ in range(4)] == ["x", "x", "y", "y"]
        assert (await request(guarded, "GET", "/socket/456", headers=key)).status == 403
        assert (await request(guarded, "DELETE", "/socket/456", headers=key)).status == 403
        assert (await request(guarded, "DELETE", "/socket/order-7", headers=key)).status == 200


async def test_everyone_is_not_called_all(lab, tmp_path):
    key = bearer(make_key(tmp_path / "keys", "all", "--pattern", "a*"))
    node = lab.node("--api-key-file", tmp_path / "keys")
    async with joined(node, "all"):
        assert (await request(node, "POST", "/broadcast", b"x", headers=key)).status == 403
        assert (await request(node, "POST", "/socket/all", b"x", headers=key)).status == 200


async def test_probes_and_clients_need_no_key(guarded):
    needless = re.search(r"[^.]*\sneed no key", README)[0]
    assert words_of(needless) == {"/livez", "/readyz", "/", "/console"}
    for path in words_of(needless):
        assert (await request(guarded, "GET", path)).status in (200, 307)
    async with joined(guarded, "456"):
        pass


async def test_a_body_is_not_read_before_its_key_is_known(guarded):
    answer = await request(guarded, "POST", "/socket/456", headers={"Content-Length": 100_000,
                                                                    "Expect": "100-continue"})
    assert answer.status == 401


def test_a_file_of_keys_is_for_nobody_else(keys):
    path, made = keys
    assert path.stat().st_mode & 0o777 == 0o600
    assert not any(key in path.read_text() for key in made.values())


@pytest.mark.parametrize("arguments", [
    ["a/b"], ["a:b"], [""], ["x", "--scope", "pull"], ["x", "--scope", ""],
    ["x", "--pattern", "a/b"]])
def test_a_key_that_makes_no_sense_is_not_made(tmp_path, arguments):
    done = subprocess.run([WAYBILL, "key", "create", *arguments, "--file", tmp_path / "keys"],
                          capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.startswith("waybill: "), done
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize("options, missing", [
    (["--listen", "0.0.0.0:0"], "--auth jwt"),
    (["--listen", "0.0.0.0:0", *JWT], "--api-key-file"),
    (["--listen", "0.0.0.0:0", *KEYS], "--auth jwt"),
    (["--listen", "0.0.0.0:0", "--admin-listen", "127.0.0.1:0"], "--auth jwt"),
    (["--admin-listen", "0.0.0.0:0", *JWT], "--api-key-file or --admin-tls-client-ca")])
def test_a_node_that_others_can_reach_does_not_start_unguarded(files, options, missing):
    done = subprocess.run([WAYBILL, "serve", *fill(options, files)], capture_output=True,
                          text=True)
    assert done.returncode == 2 and f"add {missing}, or --insecure" in done.stderr, done.stderr


@pytest.mark.parametrize("options", [
    [*JWT, *KEYS], ["--admin-listen", "127.0.0.1:0", *JWT],
    ["--admin-listen", "0.0.0.0:0", *JWT, *KEYS], ["--insecure"]])
def test_a_node_that_others_can_reach_starts_guarded(lab, files, options):
    lab.node(*fill(options, files), listen="0.0.0.0:0")
