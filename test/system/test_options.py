"""Options come from flags, variables and a file, and wrong ones are refused by name."""

import re
import socket
from pathlib import Path

import pytest
import websockets

from clients import assert_reachable, get, joined, request
from harness import WAYBILL, Process, Server, eventually, needs_localhost


def run(*arguments, env=None):
    """Runs `waybill serve` with options that it refuses. Returns its exit code,
    and what it printed on standard error."""
    with Process(WAYBILL, "serve", *arguments, env=env) as process:
        code = process.wait()
        assert process.out.rest() == []
        return code, "\n".join(process.log.rest())


async def greeting_of(node):
    """Returns what a node greets with."""
    async with websockets.connect(node.ws_url("456")) as ws:
        return await ws.recv()


@pytest.mark.parametrize("file, variable, flag, expected", [
    (True, False, False, "file"), (False, True, False, "variable"), (False, False, True, "flag"),
    (True, True, False, "variable"), (True, False, True, "flag"), (False, True, True, "flag"),
    (True, True, True, "flag"),
])
async def test_flags_win_over_variables_and_those_over_the_file(
        lab, tmp_path, file, variable, flag, expected):
    config = tmp_path / "waybill.toml"
    config.write_text('greeting = "file"\n')
    node = lab.node(*(["--config", config] if file else []),
                    *(["--greeting", "flag"] if flag else []),
                    env={"WAYBILL_GREETING": "variable"} if variable else {})
    assert await greeting_of(node) == expected


TOML = """
# Comments are allowed.
node = "tomcat"
greeting = "hello"
threads = 1
upstream = "echo"
same-id = "newest-per-node"
idle-timeout = "2s"
max-message = 100
log-format = "json"
listen = ["127.0.0.1:0"]
"""


async def check_all_of_toml(node):
    """Checks that a node has the options of TOML."""
    assert (await get(node, "/stats"))["node"] == "tomcat"
    async with joined(node, "456", greeting="hello") as ws:
        await ws.send("echo")
        assert await ws.recv() == "echo"
    assert all(line.startswith("{") for line in node.log.all())


async def test_a_file_can_hold_any_option(lab, tmp_path):
    (tmp_path / "waybill.toml").write_text(TOML)
    await check_all_of_toml(lab.node("--config", tmp_path / "waybill.toml"))


async def test_a_variable_can_hold_any_option(lab):
    await check_all_of_toml(lab.node(env={
        "WAYBILL_NODE": "tomcat", "WAYBILL_GREETING": "hello", "WAYBILL_THREADS": "1",
        "WAYBILL_UPSTREAM": "echo", "WAYBILL_SAME_ID": "newest-per-node",
        "WAYBILL_IDLE_TIMEOUT": "2s", "WAYBILL_MAX_MESSAGE": "100",
        "WAYBILL_LOG_FORMAT": "json"}))


async def test_the_file_can_be_named_by_a_variable(lab, tmp_path):
    (tmp_path / "waybill.toml").write_text(TOML)
    await check_all_of_toml(lab.node(env={"WAYBILL_CONFIG": str(tmp_path / "waybill.toml")}))


async def test_switches_can_be_set_by_file_and_variable(lab, tmp_path):
    (tmp_path / "waybill.toml").write_text("compression = true\n")
    for node, allowed in [(lab.node("--config", tmp_path / "waybill.toml"), True),
                          (lab.node(env={"WAYBILL_COMPRESSION": "true"}), True),
                          (lab.node(env={"WAYBILL_COMPRESSION": "false"}), False)]:
        async with joined(node, "456") as ws:
            assert bool(ws.extensions) == allowed


def test_redis_can_be_set_by_a_variable(lab):
    redis = lab.redis()
    node = lab.node(env={"WAYBILL_REDIS": redis.url})
    assert "redis://" in node.out.all()[0]
    assert redis.command("PUBSUB", "NUMSUB", "waybill")[1] == 1


def test_an_unknown_key_in_the_file_is_refused_by_name(tmp_path):
    config = tmp_path / "waybill.toml"
    for text in ["gretting = \"hello\"\n", "[section]\ngreeting = \"hello\"\n"]:
        config.write_text(text)
        code, message = run("--config", config)
        assert code == 2
        assert ("gretting" if "gretting" in text else "section") in message


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    code, message = run("--config", tmp_path / "missing.toml")
    assert code == 2
    assert "missing.toml" in message


@pytest.mark.parametrize("name, value", [
    ("--threads", "0"), ("--threads", "many"), ("--threads", "257"),
    ("--idle-timeout", "5"), ("--idle-timeout", "0s"), ("--idle-timeout", "-1s"), ("--head-timeout", "soon"),
    ("--drain", "5 s"), ("--max-body", "lots"), ("--max-queue", "-1"), ("--max-message", ""),
    ("--upstream", "nowhere"), ("--same-id", "oldest"), ("--log-level", "loud"),
    ("--log-format", "xml"), ("--otlp", "collector"), ("--otlp", "ftp://collector"),
    ("--otlp", "unix:/collector"), ("--otlp", "http://user:password@collector"),
    ("--otlp", "http://collector/v1/traces?a=b"), ("--listen", "8080"), ("--listen", "127.0.0.1"),
    ("--listen", "127.0.0.1:65536"), ("--redis", "http://127.0.0.1:6379"),
    ("--redis", "127.0.0.1:6379"), ("--redis", "redis://127.0.0.1:6379/x"), ("--redis", "unix://"),
    ("--redis", "rediss://"), ("--redis", "redis+sentinel://127.0.0.1:26379"),
    ("--redis", "redis+cluster://127.0.0.1:7000/0"), ("--redis", "redis+cluster://127.0.0.1:0"),
    ("--redis-prefix", "way{bill}"), ("--node", "a/b"), ("--node", "{a}"), ("--node", ""),
])
def test_a_wrong_value_is_refused_by_the_name_of_its_option(tmp_path, name, value):
    config, key = tmp_path / "waybill.toml", name.removeprefix("--")
    config.write_text(f'{key} = "{value}"\n')
    variable = "WAYBILL_" + key.upper().replace("-", "_")
    listen = [] if name == "--listen" else ["--listen", "127.0.0.1:0"]
    results = [run(*listen, f"{name}={value}"), run(*listen, "--config", config)]
    if value:
        results.append(run(*listen, env={variable: value}))
    for code, message in results:
        assert code == 2
        assert key in message or variable in message


@pytest.mark.parametrize("text, expected", [
    ('greeting = "a # b"', "a # b"), ("greeting = 'C:\\new'", "C:\\new"),
    ('greeting = "line\\nnew \\u4f60"', "line\nnew \u4f60"),
    ('greeting = \"\"\"\nmany\nlines\"\"\"', "many\nlines"),
    ('allow-origin = [\n  "https://a.example",  # one\n  "https://b.example",\n]\n'
     'mailbox-limit = 1_000\ngreeting = "hi"', "hi"),
])
async def test_the_file_is_toml(lab, tmp_path, text, expected):
    config = tmp_path / "waybill.toml"
    config.write_text(text + "\n", "utf-8")
    assert await greeting_of(lab.node("--config", config)) == expected


@pytest.mark.parametrize("text, complaint", [
    ('greeting = "hi', ":2: "), ("this is no toml", ":2: "), ("max-body = 1MiB", ":2: "),
    ("greeting = 1.5", ":2: greeting must be a string"), ("[server]\nlisten = 1", ":2: .*server"),
    ("[{server", ":2: "),
    ('greeting = "a"\ngreeting = "b"', ":3: "),
])
def test_what_is_no_toml_is_refused_with_its_line(tmp_path, text, complaint):
    config = tmp_path / "waybill.toml"
    config.write_text("# waybill\n" + text + "\n")
    code, message = run("--config", config)
    assert code == 2
    assert re.search(complaint + ".*", message)


@pytest.mark.parametrize("options", [["--config"], ["--api-key-file"],
                                     ["--auth", "jwt", "--jwt-key-file"]])
def test_a_directory_is_no_file(tmp_path, options):
    code, message = run(*options, tmp_path)
    assert code == 2
    assert "cannot be read" in message


def test_an_empty_variable_is_as_none():
    code, message = run("--listen", "0.0.0.0:0", env={"WAYBILL_INSECURE": ""})
    assert code == 2
    assert "--insecure" in message


async def test_a_variable_may_hold_several_values(lab):
    origins = ["https://a.example", "https://b.example"]
    node = lab.node(env={"WAYBILL_ALLOW_ORIGIN": " ".join(origins)})
    for origin in origins:
        async with joined(node, "456", extra_headers={"Origin": origin}):
            pass


@pytest.mark.parametrize("arguments", [["--gretting", "hello"], ["--gretting=hello"], ["gretting"]])
def test_an_unknown_option_is_refused_by_name(arguments):
    code, message = run(*arguments)
    assert code == 2
    assert "gretting" in message


def test_upstream_redis_without_redis_is_refused():
    code, message = run("--upstream", "redis")
    assert code == 2
    assert "--redis" in message


def test_several_servers_are_a_redis_cluster():
    code, message = run("--redis", "redis://127.0.0.1:7000", "--redis", "redis://127.0.0.1:7001")
    assert code == 2
    assert "redis+cluster://" in message


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"])
def test_listening_for_others_is_refused_unless_insecure(address):
    code, message = run("--listen", address)
    assert code != 0
    assert "--insecure" in message


async def test_insecure_listens_for_others(lab):
    node = lab.node("--listen", "0.0.0.0:0", "--insecure")
    async with joined(Server(node.ports[1]), "456") as ws:
        await assert_reachable(node, "456", ws)


@pytest.mark.parametrize("address", [
    "127.0.0.1:0", "127.9.9.9:0", pytest.param("localhost:0", marks=needs_localhost)])
def test_listening_on_loopback_is_not_for_others(lab, address):
    assert len(lab.node("--listen", address).ports) == 2


async def test_a_node_listens_on_several_addresses(lab):
    node = lab.node("--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0")
    assert len(set(node.ports)) == 3
    async with joined(node, "456") as ws:
        for port in node.ports:
            assert f"127.0.0.1:{port}" in node.out.all()[0]
            await assert_reachable(Server(port), "456", ws)


def test_a_port_that_is_taken_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        code, message = run("--listen", address)
    assert code == 1
    assert address in message
    assert "in use" in message


def test_an_address_that_is_not_ours_is_named():
    code, message = run("--listen", "192.0.2.1:0", "--insecure")
    assert code == 1
    assert "192.0.2.1" in message


def test_a_host_that_does_not_exist_is_named():
    # No name server needs to be asked about this one.
    code, message = run("--listen", "no..where:0", "--insecure")
    assert code == 1
    assert "no..where" in message


async def test_threads_are_as_many_as_asked_for(lab):
    def count(node):
        return len(list(Path(f"/proc/{node.pid}/task").iterdir()))

    many, few = lab.node("--threads", "5"), lab.node("--threads", "1")
    # The first loop may be ready before the last has started.
    await eventually(lambda: count(many) - count(few) == 4)


def test_a_node_has_a_name_of_its_own(lab):
    names = {lab.node().out.all()[0].split()[1] for _ in range(2)}
    assert len(names) == 2
    assert lab.node("--node", "neun").out.all()[0].split()[1] == "neun"


def test_one_line_says_that_the_node_is_ready_and_where(lab):
    node = lab.node()
    node.stop()
    line, = node.out.rest()
    assert f"127.0.0.1:{node.port}" in line


def test_help_names_every_option():
    with Process(WAYBILL, "serve", "--help") as process:
        assert process.wait() == 0
        text = "\n".join(process.out.rest())
    for name in ["config", "listen", "admin-listen", "insecure", "redis", "redis-ca", "redis-channel", "redis-prefix",
                 "node", "threads", "greeting", "upstream", "same-id", "idle-timeout", "head-timeout",
                 "drain", "max-message", "max-body", "max-queue", "compression", "log-level",
                 "log-format", "otlp", "shadow"]:
        assert f"--{name}" in text


async def test_a_limit_of_pushes_is_an_option(lab):
    node = lab.node("--max-body", "1KiB")
    async with joined(node, "456"):
        assert (await request(node, "POST", "/socket/456", b"x" * 1024)).status == 200
        (await request(node, "POST", "/socket/456", b"x" * 1025)).check_failure(413)
    node = lab.node("--max-queue", "1KiB")
    (await request(node, "POST", "/socket/456", b"x" * 1025)).check_failure(413)
