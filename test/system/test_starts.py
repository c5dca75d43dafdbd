"""A start that cannot work ends with one line and an exit code, and never hangs."""

import asyncio
import os
import subprocess
import time

import pytest

from clients import request
from harness import CLEAN_ENVIRONMENT, WAYBILL, Node
from memory import IS_MEASURED

MIB = 2**20

# Within so many seconds a start serves or has ended.
PATIENCE = 20

needs_plain_memory = pytest.mark.skipif(
    not IS_MEASURED, reason="a sanitizer takes terabytes of addresses")


def run(*words, within=()):
    """Runs a command of waybill that ends, and returns its exit code and errors."""
    done = subprocess.run([*map(str, within), WAYBILL, *map(str, words)], text=True,
                          env=CLEAN_ENVIRONMENT, capture_output=True, timeout=PATIENCE)
    return done.returncode, done.stderr


async def serves(node):
    """Tells whether a node answers that it lives."""
    try:
        return (await request(node, "GET", "/livez")).status == 200
    except (OSError, EOFError):
        return False


async def outcome(*within):
    """Starts a node under a limit. Returns "serves", or its exit code and what it logged
    but for what is no complaint."""
    node = Node(within=["prlimit", *within])
    try:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if node.has_ended:
                lines = node.log.rest()
                return node.wait(), [line for line in lines if " info " not in line]
            if any("listening on" in line for line in node.log.all()) and await serves(node):
                return "serves"
            await asyncio.sleep(0.01)
        raise AssertionError(f"{within}: neither serves nor ends, {node.log.all()}")
    finally:
        node.kill()


def check(limit, found):
    """Checks that a start serves, or that it ends with one line."""
    if found != "serves":
        code, lines = found
        # 70 is that of a node one of whose actors got no memory.
        assert code in (1, 2, 70) and len(lines) == 1, (limit, found)


async def test_a_start_with_few_descriptors_serves_or_says_why_not():
    found = {limit: await outcome(f"--nofile={limit}") for limit in range(5, 61)}
    for limit, result in found.items():
        check(limit, result)
    assert found[5] != "serves" and found[60] == "serves"


@needs_plain_memory
@pytest.mark.parametrize("kind, sizes", [("as", range(40, 220, 6)), ("data", range(2, 100, 4))])
async def test_a_start_with_little_memory_serves_or_says_why_not(kind, sizes):
    found = {size: await outcome(f"--{kind}={size * MIB}") for size in sizes}
    for size, result in found.items():
        if result != "serves":
            code, lines = result
            # The dynamic linker ends the process before it is ours, or the C library does
            # when a thread gets no memory for its objects.
            if code == 127 or any(line.startswith("Fatal glibc error: ") for line in lines):
                continue
            # A node that has started may say so for a while before it ends.
            result = code, [line for line in lines if "WB-103 std::bad_alloc" not in line]
        check((kind, size), result)
    assert found[sizes[0]] != "serves" and found[sizes[-1]] == "serves"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
async def test_a_start_without_threads_says_why_not():
    nobody = ["setpriv", "--reuid=65534", "--clear-groups", "--"]
    code, errors = await asyncio.to_thread(
        run, "serve", "--listen", "127.0.0.1:0", within=["prlimit", "--nproc=1", *nobody])
    assert code == 1
    assert errors.splitlines()[-1].startswith("waybill: cannot start: no thread")


# Paths that can be opened, but never read to its end.
UNREADABLE = ["/proc/self/mem", "/", "/dev/zero"]


@pytest.mark.parametrize("file", UNREADABLE)
@pytest.mark.parametrize("options", [
    ["--config"], ["--api-key-file"], ["--auth", "jwt", "--jwt-key-file"],
    ["--tls-key", "/dev/null", "--tls-cert"], ["--redis", "rediss://127.0.0.1", "--redis-ca"]])
def test_a_file_that_cannot_be_read_to_its_end_is_named(options, file):
    code, errors = run("check-config", *options, file)
    assert code == 2
    assert len(errors.splitlines()) == 1 and file in errors


def test_a_key_is_not_added_to_a_file_that_cannot_be_read(tmp_path):
    code, errors = run("key", "create", "shop", "--file", tmp_path)
    assert code == 2
    assert errors == f"waybill: cannot read {tmp_path}: Is a directory\n"


def test_a_file_may_be_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "config")
    writer = subprocess.Popen(["sh", "-c", f"echo 'node = \"a/b\"' > {tmp_path / 'config'}"])
    code, errors = run("check-config", "--config", tmp_path / "config")
    writer.wait()
    assert code == 2
    assert "--node" in errors
