"""The router from a shell: push, listen, bench, and what explains the options of serve."""

import asyncio
import base64
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import pytest

from certificates import Certificate
from clients import GREETING, get, joined, keep, receive, request
from command_line import run_on_terminal
from harness import WAYBILL, Process, TlsServer, eventually, wait_until
from tokens import SECRET, make_key, token


def run(*arguments, **options):
    """Runs a command of Waybill to its end."""
    return subprocess.run([WAYBILL, *arguments], capture_output=True, check=False, timeout=60,
                          **options)


def url_of(node):
    """Returns what --url takes."""
    return f"http://{node.host}:{node.port}"


@pytest.fixture(scope="module")
def node(shared_lab):
    """A node that is alone."""
    return shared_lab.node()


async def in_thread(function, *arguments, **options):
    """Runs what blocks, while sessions go on."""
    return await asyncio.to_thread(function, *arguments, **options)


# -- push ----------------------------------------------------------------------


async def test_a_text_is_pushed_and_its_answer_printed(node):
    async with joined(node, "456") as ws:
        done = await in_thread(run, "push", "456", "héllo", "--receipt", "received",
                               "--url", url_of(node))
        assert await receive(ws) == "héllo"
    assert done.returncode == 0
    assert json.loads(done.stdout)["received"] == 1


async def test_the_standard_input_and_files_are_pushed_in_order(node, tmp_path):
    (tmp_path / "a").write_text("first")
    (tmp_path / "b").write_bytes(b"second")
    async with joined(node, "456") as ws:
        done = await in_thread(run, "push", "456", "--url", url_of(node), input=b"from stdin\n")
        assert done.returncode == 0 and await receive(ws) == "from stdin\n"
        done = await in_thread(run, "push", "456", "--binary", "--url", url_of(node),
                               "--file", tmp_path / "a", "--file", tmp_path / "b",
                               "--file", "-", input=b"\xff\0")
        assert [await receive(ws) for _ in range(3)] == [b"first", b"second", b"\xff\0"]
        assert len(done.stdout.splitlines()) == 3


async def test_topics_and_everyone_are_pushed_to(node):
    async with joined(node, "a?b", query="?topics=news") as ws:
        for target in (["--topic", "news"], ["--all"], ["a?b"]):
            done = await in_thread(run, "push", *target, "x", "--url", url_of(node))
            assert done.returncode == 0 and await receive(ws) == "x"


async def test_what_does_not_arrive_is_said_so(node):
    done = await in_thread(run, "push", "nobody", "x", "--url", url_of(node))
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"] == "nobody"
    assert re.fullmatch(r"waybill: 404 nobody: .*\n", done.stderr.decode())
    done = await in_thread(run, "push", "nobody", "x", "--ttl", "60", "--url", url_of(node))
    assert done.returncode == 0
    assert json.loads(done.stdout)["nodes"] == 0


@pytest.fixture
def nowhere():
    """An address that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    return f"127.0.0.1:{port}"


@pytest.mark.parametrize("command", [["push", "456", "x"], ["trace", "456"],
                                     ["topics", "456", "add", "news"],
                                     ["bench", "--time", "1ms", "--sessions", "3"]])
def test_a_node_that_is_not_there_is_named(command, nowhere):
    done = run(*command, "--url", f"http://{nowhere}")
    assert done.returncode == 1
    assert done.stderr.decode() == f"waybill: cannot connect to {nowhere}: Connection refused\n"
    done = run(*command, "--url", "unix:/nowhere")
    assert done.returncode == 1
    assert done.stderr == b"waybill: cannot connect to unix:/nowhere: No such file or directory\n"


def test_sessions_are_added_to_topics_and_removed(node):
    at_node = ["--url", url_of(node)]
    done = run("topics", "456", "add", "a", "b", "--ttl", "60", *at_node)
    assert done.returncode == 0
    assert [json.loads(line) for line in done.stdout.splitlines()] \
        == [{"nodes": 0, "sessions": 0}] * 2
    done = run("topics", "456", "add", "a", *at_node)
    assert done.returncode == 1 and json.loads(done.stdout)["error"] == "nobody"
    assert run("topics", "456", "remove", "a", *at_node).returncode == 0
    for arguments in (["join", "a"], ["remove", "a", "--ttl", "1"], ["add"]):
        done = run("topics", "456", *arguments, *at_node)
        assert done.returncode == 2 and done.stderr


def test_a_node_that_does_not_answer_is_named(lab):
    # It takes the connection and ends it.
    server = lab.enter_context(socket.create_server(("127.0.0.1", 0)))
    port = server.getsockname()[1]
    threading.Thread(target=lambda: server.accept()[0].close()).start()
    done = run("push", "456", "x", "--url", f"http://127.0.0.1:{port}")
    assert done.returncode == 1
    assert re.fullmatch(rf"waybill: no answer from 127\.0\.0\.1:{port}: [\w ]+\n",
                        done.stderr.decode())


@pytest.mark.parametrize("arguments, named", [
    ([], b"an id"), (["456", "x", "y"], b"one text"), (["--topic", "a", "--all", "x"], b"an id"),
    (["456", "--url", "ftp://x"], b"--url"), (["456", "x", "--recipt", "written"], b"--receipt"),
    (["456", "--file", "/nowhere"], b"/nowhere"),
    (["456", "x", "--topic", "a"], b"an id and --topic do not go together"),
    (["456", "x", "--all"], b"an id and --all do not go together"),
    (["456", "x", "--receipt", "foo"], b"--receipt: write routed, written or received"),
    (["456", "x", "--ttl", "1h"], b"--ttl: write a number of seconds"),
    (["456", "x", "--ttl", "-1"], b"--ttl: write"),
    (["456", "x", "--ttl", "31536001"], b"from 0 to 31536000")])
def test_arguments_that_do_not_fit_are_refused(arguments, named):
    done = run("push", *arguments, input=b"")
    assert done.returncode in (1, 2) and named in done.stderr


async def test_keys_tokens_and_tls_are_spoken(lab, tmp_path):
    (tmp_path / "secrets").write_text(SECRET)
    key = make_key(tmp_path / "keys", "backend", "--scope", "push")
    authority = Certificate(tmp_path / "authority")
    here = Certificate(tmp_path / "server", "IP:127.0.0.1", issuer=authority)
    path = tmp_path / "socket"
    node = lab.node("--listen", f"unix:{path}", "--auth", "jwt", "--jwt-key-file",
                    tmp_path / "secrets", "--api-key-file", tmp_path / "keys",
                    "--tls-cert", here.file, "--tls-key", here.key)
    url = ["--url", f"https://127.0.0.1:{node.port}", "--ca", authority.file]
    with Process(WAYBILL, "listen", "456", "--count", "2", *url,
                 env={"WAYBILL_TOKEN": token("456")}) as listener:
        listener.out.wait_for("连接成功")
        for address in (url, ["--url", f"unix:{path}"]):
            assert run("push", "456", "x", *address).returncode == 1
            assert run("push", "456", "x", *address, "--api-key", key).returncode == 0
        assert await in_thread(listener.wait) == 0
    done = run("push", "456", "x", "--url", f"https://127.0.0.1:{node.port}")
    assert done.returncode == 1 and b"no TLS" in done.stderr
    done = run("listen", "456", *url)
    assert done.returncode == 1 and b"401" in done.stderr
    server = TlsServer(node.port, ssl.create_default_context(cafile=authority.file))
    assert (await request(server, "GET", "/livez")).status == 200


# -- listen --------------------------------------------------------------------


async def online(node, name):
    """Tells whether an id is there."""
    return (await request(node, "GET", f"/socket/{name}")).json["online"]


async def test_what_an_id_gets_is_printed(node):
    with Process(WAYBILL, "listen", "heard", "--json", "--count", "3", "--topic", "news",
                 "--topic", "sport", "--url", url_of(node)) as listener:
        await eventually(lambda: online(node, "heard"))
        for path, body, kind in [("/socket/heard", "é".encode(), "text/plain"),
                                 ("/topic/sport", b"\xff\0\n", "application/octet-stream"),
                                 ("/broadcast", b"a\nb", "text/plain")]:
            answer = await request(node, "POST", path, body, {"Content-Type": kind})
            assert answer.status == 200
        assert await in_thread(listener.wait) == 0
        lines = [json.loads(line) for line in listener.out.rest()]
    assert lines[1:] == [{"id": "heard", "text": "é"},
                         {"id": "heard", "base64": base64.b64encode(b"\xff\0\n").decode()},
                         {"id": "heard", "text": "a\nb"}]


async def test_who_listens_comes_back(lab):
    first = lab.node()
    with Process(WAYBILL, "listen", "456", "--text", "--count", "1",
                 "--url", url_of(first)) as listener:
        listener.out.wait_for("连接成功")
        first.kill()
        listener.log.wait_for("connecting again")
        second = lab.node(listen=f"127.0.0.1:{first.port}")
        await eventually(lambda: online(second, "456"))
        assert (await request(second, "POST", "/socket/456", b"back")).status == 200
        assert await in_thread(listener.wait) == 0
        assert listener.out.rest()[-1] == "back"


def test_who_listens_where_no_node_is_reads_its_address(nowhere):
    with Process(WAYBILL, "listen", "456", "--url", f"http://{nowhere}") as listener:
        listener.log.wait_for(f"^waybill: cannot connect to {nowhere}: Connection refused; "
                              "connecting again$")
        listener.kill()


async def test_who_was_kicked_stays_away(node):
    with Process(WAYBILL, "listen", "kicked", "--url", url_of(node)) as listener:
        await eventually(lambda: online(node, "kicked"))
        assert (await request(node, "DELETE", "/socket/kicked")).status == 200
        assert await in_thread(listener.wait) == 1
        assert any("4500" in line for line in listener.log.rest())


async def test_who_is_refused_asks_less_and_less_often(lab):
    node = lab.node("--max-sessions-per-id", "1")
    async with joined(node, "456"):
        began = time.monotonic()
        listener = lab.enter_context(Process(WAYBILL, "listen", "456", "--count", "1",
                                             "--url", url_of(node)))
        listener.log.wait_for("429")
        await eventually(lambda: sum("connecting again" in line
                                     for line in listener.log.all()) == 6)
        # At least half of 0.1, 0.2, 0.4, 0.8 and 1.6 s.
        assert time.monotonic() - began > 1.5
    listener.out.wait_for("连接成功")
    assert (await request(node, "POST", "/socket/456", b"in")).status == 200
    assert await in_thread(listener.wait) == 0


async def test_without_a_greeting_the_first_message_counts(lab):
    node = lab.node("--greeting", "")
    await keep(node, "456", "first", "second")
    done = await in_thread(run, "listen", "456", "--no-greeting", "--count", "2",
                           "--text", "--url", url_of(node))
    assert (done.returncode, done.stdout) == (0, b"first\nsecond\n")


# -- listen by event streams ---------------------------------------------------


async def test_an_event_stream_is_printed_and_confirmed(node):
    await keep(node, "streamed", "kept")
    with Process(WAYBILL, "listen", "streamed", "--events", "--json", "--count", "4", "--topic",
                 "a?b", "--topic", "sport", "--url", url_of(node)) as listener:
        await eventually(lambda: online(node, "streamed"))
        for path, body, kind in [("/topic/a%3Fb", "é\nü".encode(), "text/plain"),
                                 ("/socket/streamed", b"\xff\0\n", "application/octet-stream"),
                                 ("/broadcast", b"x" * 50_000, "text/plain")]:
            answer = await request(node, "POST", path, body, {"Content-Type": kind})
            assert answer.status == 200
        assert await in_thread(listener.wait) == 0
        assert [json.loads(line) for line in listener.out.rest()] == [
            {"id": "streamed", "text": GREETING}, {"id": "streamed", "text": "kept"},
            {"id": "streamed", "text": "é\nü"},
            {"id": "streamed", "base64": base64.b64encode(b"\xff\0\n").decode()},
            {"id": "streamed", "text": "x" * 50_000}]
        assert listener.log.rest() == []
    await keep(node, "streamed", "next")
    done = await in_thread(run, "listen", "streamed", "--events", "--count", "1",
                           "--text", "--url", url_of(node))
    assert done.stdout.decode().splitlines() == [GREETING, "next"]


async def test_a_stream_that_ends_is_followed_by_another_with_its_position(lab):
    node = lab.node("--events-lifetime", "300ms")
    with Process(WAYBILL, "listen", "456", "--events", "--text",
                 "--url", url_of(node)) as listener:
        await eventually(lambda: online(node, "456"))
        for text in ("1", "2"):
            answer = await request(node, "POST", "/socket/456?ttl=60", text.encode())
            assert answer.status in (200, 202)
            listener.out.wait_for(f"^{text}$")
            lines = len(listener.log.all())
            await eventually(lambda: len(listener.log.all()) > lines)

        async def are_confirmed():
            return (await get(node, "/stats"))["confirmed_pushes"] == 2

        await eventually(are_confirmed)
        listener.kill()
        assert [line for line in listener.out.rest() if line != GREETING] == ["1", "2"]
        assert listener.log.all()[0] == ("waybill: this stream has reached its lifetime; "
                                         "connecting again")


async def test_a_stream_comes_back_to_a_node_that_was_away(lab):
    first = lab.node()
    with Process(WAYBILL, "listen", "456", "--events", "--count", "1",
                 "--url", url_of(first)) as listener:
        listener.out.wait_for(GREETING)
        first.kill()
        listener.log.wait_for("cannot connect to .*: Connection refused; connecting again")
        second = lab.node(listen=f"127.0.0.1:{first.port}")
        await eventually(lambda: online(second, "456"))
        assert (await request(second, "POST", "/socket/456", b"back")).status == 200
        assert await in_thread(listener.wait) == 0


async def test_a_stream_without_a_place_is_told_why(lab):
    node = lab.node("--max-sessions-per-id", "1")
    async with joined(node, "456"):
        listener = lab.enter_context(Process(WAYBILL, "listen", "456", "--events", "--count", "1",
                                             "--url", url_of(node)))
        listener.log.wait_for("^waybill: too_many_sessions: .*; connecting again$")
    listener.out.wait_for(GREETING)
    assert (await request(node, "POST", "/socket/456", b"in")).status == 200
    assert await in_thread(listener.wait) == 0


async def test_a_stream_that_must_not_come_back_does_not(node):
    with Process(WAYBILL, "listen", "final", "--events", "--url", url_of(node)) as listener:
        await eventually(lambda: online(node, "final"))
        assert (await request(node, "DELETE", "/socket/final")).status == 200
        assert await in_thread(listener.wait) == 1
        assert listener.log.rest() == [
            "waybill: closed by an administrator; connecting again",
            "waybill: 204: this client was kicked or replaced"]


def test_a_stream_that_is_refused_ends(lab, tmp_path):
    (tmp_path / "secrets").write_text(SECRET)
    node = lab.node("--auth", "jwt", "--jwt-key-file", tmp_path / "secrets")
    done = run("listen", "456", "--events", "--url", url_of(node))
    assert done.returncode == 1 and done.stderr.startswith(b"waybill: 401 ")


# -- bench ---------------------------------------------------------------------


@pytest.mark.parametrize("load, copies", [("unicast", 1), ("broadcast", 20)])
def test_a_node_is_measured(node, load, copies):
    # The kernel counts CPU in units of 10 ms.
    done = run("bench", "--load", load, "--sessions", "20", "--rate", "2000", "--time", "500ms",
               "--receipt", "received", "--process", str(node.pid), "--json",
               "--url", url_of(node))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["sessions"] == 20 and found["failed_sessions"] == found["lost"] == 0
    assert found["answers"].keys() == {"200"}
    assert found["arrivals"] == copies * found["answers"]["200"] > 0
    for name in ("connect_ms", "answer_ms", "arrival_ms"):
        assert 0 < found[name]["p50"] <= found[name]["p99.9"] <= found[name]["longest"]
    assert found["cpu_us_per_push"] > 0


def test_memory_that_a_node_reuses_is_no_measurement(node):
    arguments = ["bench", "--load", "idle", "--sessions", "200", "--time", "1ms", "--process",
                 str(node.pid), "--json", "--url", url_of(node)]
    figures = [json.loads(run(*arguments).stdout) for _ in range(3)]
    assert all(found.get("bytes_per_session", 1) > 0 for found in figures)


@pytest.mark.parametrize("output", [[], ["--json"]])
def test_without_a_session_there_are_no_figures(nowhere, output):
    done = run("bench", "--sessions", "3", *output, "--url", f"http://{nowhere}")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == f"waybill: cannot connect to {nowhere}: Connection refused\n"


def test_a_measurement_that_is_interrupted_prints_its_figures(node):
    with Process(WAYBILL, "bench", "--sessions", "5", "--time", "10m", "--rate", "100",
                 "--json", "--url", url_of(node)) as bench:
        before = deliveries(node)
        wait_until(lambda: deliveries(node) > before)
        bench.signal(signal.SIGINT)
        assert bench.wait() == 0
        found = json.loads("".join(bench.out.rest()))
        assert found["sessions"] == 5 and found["answers"]["200"] == found["arrivals"] > 0


def deliveries(node):
    """Returns the number of pushes that a node has passed to sessions."""
    with urllib.request.urlopen(f"{url_of(node)}/stats") as answer:
        return json.load(answer)["deliveries"]


def test_the_bar_is_gone_when_the_figures_come(node):
    code, output = run_on_terminal("bench", "--sessions", "5", "--time", "500ms", node=node)
    assert code == 0
    bars, _, figures = output.rpartition("\r\x1b[K")
    assert "arrivals" in bars and figures.startswith("sessions ")


def test_a_storm_of_connects_is_measured(node):
    done = run("bench", "--load", "connect", "--sessions", "5", "--rate", "200", "--time", "500ms",
               "--process", str(node.pid), "--json", "--url", url_of(node))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["sessions"] == 5 and found["answers"] == {}
    assert 20 < found["visits_per_second"] < 250
    assert 0 < found["visit_ms"]["p50"] <= found["visit_ms"]["longest"]
    assert found["cpu_us_per_visit"] > 0


def test_a_measurement_is_printed_for_people(node):
    done = run("bench", "--load", "idle", "--sessions", "5", "--time", "1ms", "--text",
               "--url", url_of(node))
    assert done.returncode == 0
    assert re.search(r"^sessions +5$", done.stdout.decode(), re.MULTILINE)
    assert re.search(r"^connect_ms .* p50 .* p99.9", done.stdout.decode(), re.MULTILINE)


ALWAYS = ["sessions", "failed_sessions", "sessions_per_second", "connect_ms"]
OF_PUSHES = ["answers", "pushes_per_second", "answer_ms", "arrivals", "lost", "arrival_ms"]


@pytest.mark.parametrize("load, rows", [
    ("idle", []), ("connect", ["visits_per_second", "visit_ms"]), ("broadcast", OF_PUSHES)])
def test_the_table_has_the_rows_of_its_load(node, load, rows):
    done = run("bench", "--load", load, "--sessions", "5", "--time", "50ms", "--text",
               "--url", url_of(node))
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.decode().splitlines()] == ALWAYS + rows


def test_a_measurement_whose_pushes_are_refused_is_none(node):
    done = run("bench", "--sessions", "5", "--time", "50ms", "--size", "300KiB", "--json",
               "--url", url_of(node))
    assert done.returncode == 1
    refused = json.loads(done.stdout)["answers"]["413"]
    assert re.match(f"waybill: pushes that were not answered 200: {refused}, "
                    r"the last of them 413 {.*}\n", done.stderr.decode())


@pytest.mark.parametrize("arguments, told", [
    (["--receipt", "foo"], b"--receipt: write routed, written or received"),
    (["--process", "4194305"], b"--process: write the id of a process that runs here")])
def test_a_measurement_that_would_tell_nothing_does_not_begin(node, arguments, told):
    done = run("bench", *arguments, "--url", url_of(node))
    assert done.returncode == 2 and told in done.stderr and not done.stdout


# -- options -------------------------------------------------------------------


def test_the_default_config_has_every_option_and_changes_nothing(tmp_path):
    printed = run("default-config").stdout.decode()
    (tmp_path / "waybill.toml").write_text(printed)
    assert run("check-config", "--config", tmp_path / "waybill.toml").returncode == 0
    options = set(re.findall(r"^  --([\w-]+)", run("serve", "--help").stdout.decode(), re.MULTILINE))
    assert set(re.findall(r"^(?:# )?([\w-]+) =", printed, re.MULTILINE)) == options - {"config"}
    # Every option that is commented out can be made to count.
    assert "# tls-cert =\n" in printed and "max-fields = 100\n" in printed
    assert max(map(len, printed.splitlines())) <= 80


def test_what_is_wrong_with_options_is_said_without_a_start(tmp_path):
    done = run("check-config", "--upstream", "redis")
    assert done.returncode == 2 and b"--redis" in done.stderr
    config = tmp_path / "waybill.toml"
    config.write_text("gretting = \"hello\"\n\ndrain = 10\nlisten = [\"127.0.0.1:1\",\n  \"x\"]\n")
    done = run("check-config", "--config", config)
    assert done.returncode == 2
    assert done.stderr.decode().splitlines() == [
        f"waybill: {config}:1: unknown option gretting; did you mean greeting?",
        f"waybill: {config}:3: drain: write a duration such as 5s, 500ms or 10m, not '10'",
        f"waybill: {config}:5: listen: write host:port or unix:/path, not 'x'"]
    done = run("check-config", "--node", "a/b", "--tls-cert", "x", "--auth", "jwt")
    assert done.stderr.decode().splitlines() == [
        "waybill: give both --tls-cert and --tls-key", "waybill: --auth jwt needs --jwt-key-file",
        "waybill: --node must be a name without slashes"]
    assert run("check-config").stdout == b"all options are valid\n"


@pytest.mark.parametrize("command, wrong, right", [
    ("serve", "--gretting", b"--greeting"), ("serve", "--max-que=1", b"--max-queue"),
    ("token", "--expire", b"--expires"), ("serve", "--frobnicate", None)])
def test_an_unknown_option_is_named_with_the_one_that_was_meant(command, wrong, right):
    needed = ["--sub", "456", "--jwt-key-file", "x"] if command == "token" else []
    done = run(command, *needed, wrong)
    assert done.returncode == 2
    assert wrong.partition("=")[0].encode() in done.stderr
    assert (b"did you mean " + right + b"?" in done.stderr) if right else b"mean" not in done.stderr


def test_what_cannot_be_read_is_not_pushed(tmp_path):
    for file, reason in [(tmp_path, "Is a directory"),
                         (tmp_path / "missing", "No such file or directory")]:
        done = run("push", "456", "--file", file)
        assert done.returncode == 1
        assert done.stderr.decode() == f"waybill: cannot read {file}: {reason}\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("option", ["--config", "--api-key-file"])
def test_a_file_that_may_not_be_read_is_not_called_missing(option):
    # Nobody else reaches the folders of pytest.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)
        program = shutil.copy(WAYBILL, folder)
        (folder / "secret").touch(mode=0o600)
        for file, reason in [("secret", "Permission denied"), ("no", "No such file or directory")]:
            done = subprocess.run([program, "check-config", option, folder / file],
                                  capture_output=True, text=True, user=65534, group=65534)
            assert done.returncode == 2
            assert done.stderr.endswith(f"cannot be read: {reason}\n") and file in done.stderr


def test_a_key_is_added_to_a_file_as_an_editor_left_it(tmp_path):
    keys = tmp_path / "keys"
    make_key(keys, "first", "--pattern", "order-*")
    keys.write_text("# ours\n" + keys.read_text().rstrip("\n"))
    make_key(keys, "second")
    assert [line.split(":")[0] for line in keys.read_text().splitlines()] == [
        "# ours", "first", "second"]
    keys.write_text("nonsense")
    done = run("key", "create", "third", "--file", keys)
    assert done.returncode == 2 and b"line 1" in done.stderr
    assert keys.read_text() == "nonsense"


def test_an_option_of_a_command_within_a_command_is_named_with_the_one_that_was_meant(tmp_path):
    done = run("key", "create", "backend", "--file", tmp_path / "keys", "--scop", "push")
    assert done.returncode == 2
    assert done.stderr == (b"waybill: unknown option --scop of waybill key create; "
                           b"did you mean --scope?\n")


@pytest.mark.parametrize("arguments", [
    ["listen", "1", "2"], ["trace", "1", "2"], ["serve", "2"], ["version", "2"],
    ["--version", "2"], ["default-config", "2"]])
def test_an_argument_too_many_is_refused_by_name(arguments):
    done = run(*arguments)
    command = arguments[0].removeprefix("--")
    assert done.returncode == 2 and not done.stdout
    assert done.stderr.decode() == f"waybill: unexpected argument 2 of waybill {command}\n"


@pytest.mark.parametrize("command", ["version", "default-config"])
def test_a_command_without_options_explains_itself_and_knows_no_others(command):
    done = run(command, "--help")
    assert done.returncode == 0 and done.stdout.startswith(b"Prints ")
    done = run(command, "--json")
    assert done.returncode == 2 and not done.stdout and b"unknown option --json" in done.stderr


@pytest.mark.parametrize("wrong, right", [
    ("servee", "serve"), ("chek-config", "check-config"), ("halp", "help"), ("frobnicate", None),
    ("-x", None)])
def test_an_unknown_command_is_named_with_the_one_that_was_meant(wrong, right):
    done = run(wrong)
    hint = f"; did you mean {right}?" if right else ""
    assert done.returncode == 2 and not done.stdout
    assert done.stderr.decode() == (f"waybill: unknown command {wrong}{hint}\n"
                                    "Run waybill --help for a list of commands.\n")


def test_help_is_given_in_whatever_way_it_is_asked_for():
    usage = run("--help").stdout
    assert usage.startswith(b"Usage: waybill COMMAND")
    for word in ("help", "-h"):
        done = run(word)
        assert done.returncode == 0 and done.stdout == usage
    assert run("help", "key", "create").stdout == run("key", "create", "--help").stdout
    done = run()
    assert done.returncode == 2 and done.stderr == usage


def test_the_version_is_told_in_whatever_way_it_is_asked_for():
    assert run("version").stdout == run("--version").stdout == run("-V").stdout


def test_the_versions_of_the_libraries_are_told():
    lines = run("version").stdout.decode().splitlines()
    assert re.fullmatch(r"waybill \d+\.\d+\.\d+", lines[0])
    assert [line.split(" ")[0] for line in lines[1:]] == [
        "Boost", "CAF", "CLI11", "hiredis", "nlohmann_json", "OpenSSL", "spdlog", "toml++"]
