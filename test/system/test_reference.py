"""The reference names all options, figures, close codes, Redis keys and endpoints that
there are, and no others."""

import fnmatch
import functools
import re
import subprocess

import pytest

from clients import get, joined, keep, receive, request
from harness import ROOT, WAYBILL, eventually
from reference import (REFERENCE, Description, metric_tables, sources, table_with, tables_of,
                       words_of)

README = (REFERENCE / "README.md").read_text()
DOCUMENTS = [*(ROOT / "docs").rglob("*.md"), *REFERENCE.glob("*.yaml"), ROOT / "README.md",
             ROOT / "CHANGELOG.md"]


# -- options -------------------------------------------------------------------


@functools.cache
def help_of(*command):
    """Returns what a command prints with --help."""
    return subprocess.run([WAYBILL, *command, "--help"], check=True, capture_output=True,
                          text=True).stdout


def options_of(command):
    """Returns the options of a command as a dict: what the table of the reference has to
    say of the default of each, and whether it can be given several times."""
    found = re.findall(r"^  --([\w-]+)(?: [A-Z]+)?(?:=(\S+))?( REQUIRED)?( \.\.\.)?(?:\s|$)",
                       help_of(*command.split(" ")), re.MULTILINE)
    return {name: ("required" if required else f"`{default}`" if default else "", bool(many))
            for name, default, required, many in found}


def commands():
    """Returns all commands, and those within a command."""
    for name in re.findall(r"^  ([\w-]+)  ", help_of(), re.MULTILINE):
        yield name
        for inner in re.findall(r"^  (\w+)  ", help_of(name).partition("Subcommands:")[2],
                                re.MULTILINE):
            yield f"{name} {inner}"


# These have the options of serve.
COMMANDS = [name for name in commands() if name != "check-config"]


def all_options():
    """Returns the names of the options of all commands."""
    return {"help", "version"}.union(*map(options_of, COMMANDS))


def documented_options(command):
    """Returns the options of a command as the tables have them: default, and whether it can
    be given several times. What stands under no command is an option of `serve`."""
    result = {}
    for path in (ROOT / "docs").rglob("*.md"):
        for section in re.split(r"^## ", path.read_text(), flags=re.MULTILINE):
            title = section.partition("\n")[0]
            owner = title.removeprefix("waybill ") if title.startswith("waybill ") else \
                "shared" if title == "Shared options" else "serve"
            if owner == command:
                for header, *rows in tables_of(section):
                    if header[:2] == ["option", "default"]:
                        for option, default, *_ in rows:
                            if name := re.match(r"`--([\w-]+)`", option):
                                assert name[1] not in result, f"{name[1]} stands in two tables"
                                result[name[1]] = default, option.endswith(" +")
    return result


@pytest.mark.parametrize("command", COMMANDS)
def test_the_options_of_a_command_are_documented_with_their_defaults(command):
    there = options_of(command)
    # A command has each of the shared options, or another of the name, or none.
    documented = {name: row for name, row in documented_options("shared").items()
                  if name in there and command != "serve"} | documented_options(command)
    assert documented.keys() == there.keys()
    for name, (default, many) in there.items():
        told, told_many = documented[name]
        # A default that depends on the machine is told in words, and a flag is off.
        assert told in (default, default.strip("`")) or (not default and "`" != told[:1]), name
        assert told_many == many, name


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_each_option_that_is_named_is_there(path):
    text = path.read_text().replace("\\\n", " ")
    code = [*words_of(text), *re.findall(r".*\bwaybill .*", text)]
    # Behind the name of the program, or where nothing stands before it.
    named = {name for span in code for name in re.findall(
        r"--([a-z]+(?:-[a-z0-9]+)*)\b(?!-…)",
        span if span.startswith("--") else span.partition("waybill ")[2])}
    assert named <= all_options()


# -- figures -------------------------------------------------------------------


def documented_figures():
    """Returns the figures of /stats in the order of their table, and the prefixes of those
    that have as many names as there were statuses or times."""
    limits = table_with((ROOT / "docs/guide/security.md").read_text(), "option", "default")
    of_limits = sorted({name for row in limits for name in words_of(row[4])
                        if name.startswith("over_")})
    figures, prefixes = [], set()
    for names, _ in table_with(README, "name", "counts"):
        for name in re.findall(r"`(\w+…?)`", names):
            if name == "over_max_…":
                figures += of_limits
            elif name.endswith("_…"):
                prefixes.add(name[:-2])
            else:
                figures.append(name)
    return figures, prefixes


def test_the_figures_of_the_reference_are_those_of_the_table():
    figures, prefixes = documented_figures()
    _, counted, more = metric_tables()
    assert len(figures) == len(set(figures))
    assert set(figures) == set(counted)
    assert prefixes == more
    assert {"joins", "pushes", "refused_requests"} <= set(counted)
    # Those of Redis stand last.
    of_redis = [name for name in figures if counted[name] == "redis"]
    assert figures[-len(of_redis):] == of_redis
    assert f"Those from `{of_redis[0]}` on exist only with `--redis`" in README


async def test_a_node_has_the_figures_of_the_table_from_its_start(lab):
    _, counted, more = metric_tables()
    of_process = re.search(r"tells of its process: (.*?)\. Besides", README, re.DOTALL)[1]
    for node, rooms in [(lab.node(), {"actors", "net"}),
                        (lab.node(redis=lab.redis()), {"actors", "net", "redis"})]:
        told = set(await get(node, "/stats")) - {"node", "version", "bus"}
        assert told >= set(words_of(of_process))
        told -= set(words_of(of_process))
        assert {name for name in told if name.partition("_")[0] not in more} \
            == {name for name, room in counted.items() if room in rooms}


# -- close codes ---------------------------------------------------------------


def test_the_close_codes_of_the_sources_are_those_of_the_reference():
    enum = re.search(r"enum class close_code[^{]*{(.*?)};", sources("actors"), re.DOTALL)[1]
    known = {int(code) for code in re.findall(r"= (\d+),", enum)}
    documented = {int(code) for codes, *_ in table_with(README, "close code")
                  for code in codes.split(", ")}
    assert documented == known


# -- endpoints -----------------------------------------------------------------


def test_the_endpoints_of_the_reference_are_those_of_the_description():
    paths = Description("openapi.yaml").all["paths"]
    described = {f"{method.upper()} {path}" for path, item in paths.items()
                 for method in item if method in ("get", "post", "put", "patch", "delete")}
    documented = {request.partition("?")[0] for cell, *_ in table_with(README, "request", "does")
                  for request in words_of(cell)}
    sessions = {"GET /websocket/{id}", "GET /events/{id}"}
    assert documented | sessions == described
    assert all(f"`{request}`" in README for request in sessions)


def test_the_reference_says_when_each_status_is_answered():
    description = Description("openapi.yaml")
    described = {status for item in description.all["paths"].values()
                 for operation in item.values() if "responses" in operation
                 for status in operation["responses"]} - {"101", "default"}
    described |= set(re.findall(r"^ *\| (\d{3}) \|", description.all["components"]["responses"][
        "Refused"]["description"], re.MULTILINE))
    assert described == {status for statuses, _ in table_with(README, "status", "when")
                         for status in statuses.split(", ")}


@pytest.mark.parametrize("name", ["openapi.yaml", "asyncapi.yaml"])
def test_a_description_is_of_this_version(name):
    version = subprocess.run([WAYBILL, "version"], check=True, capture_output=True, text=True)
    assert Description(name).all["info"]["version"] in version.stdout.split()


# -- Redis ---------------------------------------------------------------------


def documented_names():
    """Returns what channels and keys are called, as a dict from a kind of them, such as
    `channel`, to names with `*` for what differs."""
    result = {}
    for cell, _ in table_with(README, "key or channel"):
        kind = cell.split(" ")[0].removesuffix("s")
        names = {re.sub(r"(?<=:)(456|news|NODE|KEY|SHA1)", "*", name) for name in words_of(cell)}
        result.setdefault(kind, set()).update(names - {"--redis-channel"})
    return result


def test_the_names_in_redis_are_those_of_the_reference():
    documented = set().union(*documented_names().values())
    text = sources("redis")
    plain = {f"waybill{name}" for name in re.findall(r'prefix_ \+ "(:\w+)"', text)}
    assert {name for name in documented if "{" not in name} == plain | {"waybill"}
    # A kind of key, and an address in braces.
    kinds = set(re.findall(r'tagged\("([\w:]*)"', text))
    assert {name[len("waybill:"):name.index("{")] for name in documented
            if name.startswith("waybill:") and "{" in name} == kinds
    tags = set(re.findall(r'(?:tagged\("", |tag = )"(\w+:)"', text)
               + re.findall(r'push_address{"(\w+:?)"', sources("actors")))
    assert {tag for name in documented for tag in re.findall(r"\{(\w+:?)", name)} \
        == tags | {"waybill:"}


async def test_a_node_uses_the_names_of_the_reference_and_no_others(lab):
    redis = lab.redis()
    watcher = redis.connect()
    watcher.command("MONITOR")
    cluster = lab.cluster("--same-id", "newest", "--upstream", "redis", redis=redis, size=2)
    one, two = cluster.nodes
    streaming = lab.node("--node", "node3", "--same-id", "newest", "--upstream", "stream",
                         redis=redis)
    await keep(one, "later", "x", query="?ttl=600&collapse=key")
    await request(one, "PUT", "/socket/later/topics/news?ttl=600", b"")
    await request(one, "POST", "/topic/news?retain=600", b"x")
    redis.publish("nonsense")
    async with joined(one, "456", query="?topics=news") as ws:
        await ws.send("x")
        for path in ("/socket/456?receipt=received", "/topic/news", "/broadcast"):
            answer = await request(two, "POST", path, b"x", {"Idempotency-Key": path})
            assert answer.status == 200
        assert await receive(ws) == "x"
    async with joined(streaming, "789") as ws:
        await ws.send("x")
        await eventually(lambda: redis.command("EXISTS", "waybill:upstream"))
    assert (await request(two, "GET", "/trace/456")).status == 200
    await eventually(redis.dead_letters)
    documented = documented_names()
    found = {"channel": set()}
    for key in redis.command("KEYS", "*"):
        kind = redis.command("TYPE", key).decode()
        found.setdefault(kind, set()).add(key.decode())
    redis.publish("the last", channel="end")
    while b'"end"' not in (line := watcher.read()):
        found["channel"] |= set(re.findall(r'(?i)"publish" "(.*?)"', line.decode()))
    for kind, names in found.items():
        for pattern in documented[kind]:
            assert fnmatch.filter(names, pattern), pattern
        for name in names:
            assert any(fnmatch.fnmatchcase(name, pattern) for pattern in documented[kind]), name
    assert found.keys() == documented.keys()
