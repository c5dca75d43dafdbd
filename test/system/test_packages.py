"""The content of packages fits the program: services, containers, completion, manual."""

import json
import os
import re
import secrets
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from clients import joined, receive, request
from documents import links_of
from harness import ROOT, TIMEOUT, WAYBILL, Balancer, Process
from reference import table_with
from tokens import bearer, make_key, run

PACKAGE = ROOT / "app/package"
GUIDE = ROOT / "docs/guide/install.md"
BUILD = Path(WAYBILL).parent
COMMANDS = re.findall(r"^  ([a-z-]+)  ", run("--help"), re.MULTILINE)


# And those within a command, each as its words.
WORDS = [words for command in COMMANDS for words in [(command,), *(
    (command, name) for name in re.findall(
        r"^  (\w+)  ", run(command, "--help").partition("Subcommands:")[2], re.MULTILINE))]]


def options(*command):
    """Returns the options that the help of a command lists."""
    return re.findall(r"^ +(?:-h,)?(--[a-z-]+)", run(*command, "--help"), re.MULTILINE)


OPTIONS = options("serve")
VARIABLES = {"WAYBILL_" + option[2:].upper().replace("-", "_") for option in OPTIONS}


def program(name):
    """Returns where a program is that not every machine has."""
    found = shutil.which(name)
    return found or pytest.skip(f"there is no {name}")


def output(*command, **more):
    """Runs a command and returns what it prints."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, **more)
    assert done.returncode == 0, done.stdout
    return done.stdout


def load(name):
    """Returns the documents of a YAML file."""
    return list(yaml.safe_load_all((PACKAGE / name).read_text()))


# -- the Debian package --------------------------------------------------------

def test_the_unit_has_no_fault_and_leaves_little_to_an_intruder(tmp_path):
    analyze = program("systemd-analyze")
    units = tmp_path / "usr/lib/systemd/system"
    units.mkdir(parents=True)
    shutil.copy(PACKAGE / "waybill.service", units)
    for unit in ("basic", "network-online", "shutdown", "sysinit"):
        (units / f"{unit}.target").write_text("[Unit]\nDefaultDependencies=no\n")
    for name in ("usr/bin/waybill", "bin/sh"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(0o755)
    root = f"--root={tmp_path}"
    assert output(analyze, "verify", root, "--man=no", "waybill.service") == ""
    # In tenths, of 10 at worst.
    output(analyze, "security", root, "--offline=true", "--threshold=20", "waybill.service")


def test_the_configuration_of_the_package_serves(tmp_path):
    text = (PACKAGE / "waybill.toml").read_text()
    keys = re.findall(r"^#?([a-z-]+) = ", text, re.MULTILINE)
    assert {f"--{key}" for key in keys} <= set(OPTIONS)
    config = tmp_path / "waybill.toml"
    # Whatever else runs here may have taken the port.
    config.write_text(text.replace(":8080", ":0"))
    with Process(WAYBILL, "serve", "--config", config) as node:
        node.out.wait_for(r"^ready: .* listens on 127\.0\.0\.1:")


async def test_the_nodes_of_the_guide_are_a_cluster(lab, tmp_path):
    text = GUIDE.read_text()
    config = re.search(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[1]
    key = bearer(make_key(tmp_path / "api-keys", "backend", "--scope", "push,presence"))
    secret = tmp_path / "jwt-secret"
    secret.write_text(secrets.token_hex(32))
    redis = lab.redis(password=re.search("^requirepass (.*)", text, re.MULTILINE)[1])
    nodes = []
    for name in ("node1", "node2", "node3"):
        file = tmp_path / f"{name}.toml"
        file.write_text(config.replace("node1", name).replace("/etc/waybill", str(tmp_path))
                        .replace("10.0.0.20:6379", f"127.0.0.1:{redis.port}"))
        nodes.append(lab.node("--config", file))
    token = run("token", "--sub", "456", "--jwt-key-file", secret)
    async with joined(nodes[0], "456", query=f"?token={token}") as ws:
        answer = await request(nodes[2], "POST", "/socket/456?receipt=received", b"hello", key)
        assert answer.counts == (200, {"nodes": 1, "sessions": 1, "written": 1, "received": 1})
        assert await receive(ws) == "hello"


@pytest.mark.parametrize("script", ["postinst", "postrm", "prerm"])
def test_a_script_of_the_package_is_one_for_any_shell(script):
    file = PACKAGE / "debian" / script
    assert os.access(file, os.X_OK)
    output("sh", "-n", file)
    # A failure ends it.
    assert "\nset -e\n" in file.read_text()


def test_the_libraries_are_found_by_who_embeds_them(tmp_path):
    if not (BUILD / "cmake_install.cmake").exists():
        pytest.skip("this is no build folder")
    installed = tmp_path / "installed"
    output("cmake", "--install", BUILD, "--prefix", installed, "--component", "development")
    (tmp_path / "CMakeLists.txt").write_text("""
cmake_minimum_required(VERSION 3.22)
project(embedder LANGUAGES CXX)
find_package(Waybill 0.1 REQUIRED COMPONENTS net redis)
foreach(room actors net redis)
  get_target_property(file Waybill::${room} IMPORTED_LOCATION)
  file(APPEND ${CMAKE_BINARY_DIR}/found "${file}\n")
endforeach()
get_target_property(headers Waybill::actors INTERFACE_INCLUDE_DIRECTORIES)
find_file(HEADER actors/registry.hpp REQUIRED NO_DEFAULT_PATH HINTS ${headers})
file(WRITE ${CMAKE_BINARY_DIR}/main.cpp "")
add_executable(embedder ${CMAKE_BINARY_DIR}/main.cpp)
target_link_libraries(embedder Waybill::net Waybill::redis)
""")
    output("cmake", "-G", "Ninja", "-S", tmp_path, "-B", tmp_path / "build",
           f"-DCMAKE_PREFIX_PATH={installed}")
    found = (tmp_path / "build/found").read_text().split()
    assert len(found) == 3
    assert all(Path(file).is_relative_to(installed) and Path(file).exists() for file in found)


def test_the_package_has_what_its_documents_lead_to(tmp_path):
    if not (BUILD / "cmake_install.cmake").exists():
        pytest.skip("this is no build folder")
    output("cmake", "--install", BUILD, "--prefix", tmp_path, "--component", "runtime")
    folder = tmp_path / "share/doc/waybill"
    documents = list(folder.rglob("*.md"))
    assert len(documents) > 40
    for path in documents:
        for target in links_of(path.read_text()):
            assert not target or (path.parent / target).exists(), (path.name, target)
    for name in ("js/waybill.js", "monitoring/alerts.yaml", "monitoring/dashboard.json",
                 "package/helm/waybill/templates/deployment.yaml"):
        assert (folder / "app" / name).exists()
    # The pages that alerts name are there, too.
    alerts = (folder / "app/monitoring/alerts.yaml").read_text()
    for page in set(re.findall(r"runbook_url: file:///usr/(.*)#", alerts)):
        assert (tmp_path / page).exists()


# -- the shell -----------------------------------------------------------------

def test_the_manual_page_is_well_formed_and_names_all_commands():
    page = PACKAGE / "waybill.1"
    assert output(program("mandoc"), "-T", "lint", "-W", "warning", page) == ""
    described = re.findall(r"^\.B ([a-z\\-]+)$", page.read_text(), re.MULTILINE)
    assert set(COMMANDS) <= {name.replace("\\-", "-") for name in described}


def test_the_manual_page_names_options_and_variables_that_are_there():
    page = (PACKAGE / "waybill.1").read_text().replace("\\-", "-")
    _, *entries = re.split(r"^\.TP\n\.B (.+)\n", page.partition(".SH OPTIONS")[0], flags=re.M)
    described = dict(zip(entries[::2], entries[1::2]))
    for command in COMMANDS:
        there = {option for words in WORDS if words[0] == command
                 for option in options(*words)} - {"--help"}
        named = set(re.findall(r"--[a-z-]+", described[command].partition(".PP\n")[0]))
        assert named <= there
        assert bool(named) == (bool(there) and command != "check-config"), command
    known = {name for words in WORDS if words[0] != "serve"
             for name in re.findall(r"Env:(\w+)", run(*words, "--help"))}
    assert set(re.findall(r"^\.B (WAYBILL_\w+)$", page, re.MULTILINE)) == known


BASH = """
source "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_waybill "$WAYBILL" "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""

# The work of zsh itself on the words is not for us to test.
ZSH = """
file=$1
shift
_call_program() { shift; $WAYBILL "${@[2,-1]}" }
_describe() { local name=${@[-1]}; print -l -- ${${(P)name}%%:*} }
_files() { print -l -- *(N) }
words=("$@") CURRENT=$# PREFIX=${@[-1]}
source $file
"""

SHELLS = [pytest.param("bash", BASH, id="bash"), pytest.param("zsh", ZSH, id="zsh")]


def complete(shell, script, folder, *words):
    """Returns what a shell proposes for the last of some words."""
    flags = ["-f"] if shell == "zsh" else ["--norc"]
    text = output(program(shell), *flags, "-c", script, shell, PACKAGE / f"completion.{shell}",
                  "waybill", *words, cwd=folder, env={**os.environ, "WAYBILL": str(WAYBILL)})
    return set(text.split())


@pytest.mark.parametrize("shell, script", SHELLS)
def test_a_shell_completes_what_the_help_lists(shell, script, tmp_path):
    (tmp_path / "waybill.toml").touch()
    assert set(COMMANDS) == complete(shell, script, tmp_path, "")
    assert complete(shell, script, tmp_path, "key", "") == {"create", "list", "revoke"}
    assert complete(shell, script, tmp_path, "token", "") == {"check"}
    assert complete(shell, script, tmp_path, "completion", "") == {"bash", "zsh"}
    for words in WORDS:
        assert complete(shell, script, tmp_path, *words, "--") == set(options(*words)), words
    assert complete(shell, script, tmp_path, "serve", "--config", "") == {"waybill.toml"}


@pytest.mark.parametrize("shell, script", SHELLS)
def test_a_shell_completes_options_where_no_command_has_any(shell, script, tmp_path):
    assert complete(shell, script, tmp_path, "-") == {"--help", "--version"}
    for command in ("version", "default-config"):
        assert complete(shell, script, tmp_path, command, "-") == {"--help"}


@pytest.mark.parametrize("shell, script", SHELLS)
@pytest.mark.parametrize("option, command", [
    ("--auth", "serve"), ("--jwt-alg", "serve"), ("--jwt-alg", "token"), ("--load", "bench"),
    ("--log-format", "serve"), ("--log-level", "serve"), ("--receipt", "bench"),
    ("--receipt", "push"), ("--same-id", "serve"), ("--slow-consumer", "serve"),
    ("--upstream", "serve")])
def test_a_shell_completes_the_values_that_are_taken(shell, script, option, command, tmp_path):
    refused = subprocess.run([WAYBILL, command, f"{option}=?"], capture_output=True, text=True)
    values = re.search(f"{option}: write (.*), not '[?]'", refused.stderr)[1]
    assert complete(shell, script, tmp_path, command, option, "") == set(
        re.split(", | or ", values))


def test_bash_completes_a_value_behind_an_equals_sign(tmp_path):
    assert complete("bash", BASH, tmp_path, "serve", "--log-format", "=", "t") == {"text"}


@pytest.mark.parametrize("shell, script", SHELLS)
def test_a_shell_completes_scopes(shell, script, tmp_path):
    scopes = complete(shell, script, tmp_path, "key", "create", "--scope", "")
    text = (ROOT / "docs/reference/README.md").read_text()
    assert scopes == {re.sub("`", "", name) for name, _ in table_with(text, "scope", "opens")}


# -- containers ----------------------------------------------------------------

def test_the_yaml_is_tidy():
    # Templates are no YAML before Helm has rendered them.
    rules = ("{extends: default, ignore: templates/,"
             " rules: {line-length: {max: 90}, octal-values: disable}}")
    output(program("yamllint"), "--strict", "-d", rules, PACKAGE)


def test_the_image_copies_what_there_is_and_is_not_root():
    text = (PACKAGE / "Dockerfile").read_text()
    for source in re.findall(r"^COPY (?!--from)(\S+)", text, re.MULTILINE):
        assert (ROOT / source).exists()
    uid, gid = re.search(r"^USER (\d+):(\d+)$", text, re.MULTILINE).groups()
    assert f"--gid {gid} " in text and f"--uid {uid} " in text
    assert uid != "0"
    defaults = re.findall(r"^ENV (\w+)=", text, re.MULTILINE)
    assert set(defaults) <= VARIABLES


def test_the_image_is_healthy_while_its_node_lives(lab):
    text = (PACKAGE / "Dockerfile").read_text()
    check = re.search(r"^HEALTHCHECK .*? CMD (.*?[^\\])\n", text, re.MULTILINE | re.DOTALL)[1]
    shell = re.search(r"^SHELL (.*)$", text, re.MULTILINE)[1]
    node = lab.node()

    def health():
        return subprocess.run([*json.loads(shell), check], timeout=TIMEOUT, check=False, env={
            "WAYBILL_LISTEN": f"0.0.0.0:{node.port}"}, stderr=subprocess.DEVNULL).returncode

    assert health() == 0
    node.stop()
    assert health() == 1


class ComposedBalancer(Balancer):
    """The HAProxy of compose.yaml, with nodes where the test has them."""

    def __init__(self, nodes):
        config = re.sub(r"([{}])", r"\1\1", (PACKAGE / "haproxy.cfg").read_text())
        for i, node in enumerate(nodes, 1):
            config = config.replace(f" node{i}:8080", f" 127.0.0.1:{node.port}")
        config = config.replace("bind :8080", "bind fd@{listener}")
        # Docker's names are for Docker to resolve.
        self.CONFIG = config.replace("resolvers docker init-addr none", "")
        super().__init__(nodes)


async def test_what_compose_starts_is_a_cluster(lab):
    [compose] = load("compose.yaml")
    services = compose["services"]
    redis = lab.redis()
    nodes = []
    for name in ("node1", "node2", "node3"):
        environment = services[name]["environment"]
        assert set(environment) <= VARIABLES
        assert services[name]["stop_grace_period"] == "30s"
        assert environment["WAYBILL_NODE"] == name
        nodes.append(lab.node(env=environment | {"WAYBILL_REDIS": redis.url}))
    balancer = lab.enter_context(ComposedBalancer(nodes))
    async with joined(balancer, "456", "456", "456") as sessions:
        answer = await request(balancer, "POST", "/socket/456?receipt=written", b"hello")
        assert answer.counts == (200, {"nodes": 3, "sessions": 3, "written": 3})
        assert [await receive(ws) for ws in sessions] == ["hello"] * 3
