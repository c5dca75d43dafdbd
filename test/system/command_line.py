"""Waybill's commands, as a person at a terminal and a script run them."""

import asyncio
import contextlib
import json
import os
import re
import subprocess

from harness import CLEAN_ENVIRONMENT, WAYBILL


def run(*arguments, node=None, env=None, **options):
    """Runs a command to its end, at a node if that is given."""
    at_node = ["--url", f"http://{node.host}:{node.port}"] if node else []
    return subprocess.run([WAYBILL, *map(str, arguments), *at_node], capture_output=True,
                          text=True, check=False, timeout=60,
                          env=CLEAN_ENVIRONMENT | (env or {}), **options)


async def in_thread(function, *arguments, **options):
    """Runs what blocks, while sessions go on."""
    return await asyncio.to_thread(function, *arguments, **options)


def lines_of(done):
    """Returns the objects that a command printed, one a line."""
    return [json.loads(line) for line in done.stdout.splitlines()]


def run_on_terminal(*arguments, node):
    """Runs a command on a terminal. Returns its exit code and all that stood there."""
    master, terminal = os.openpty()
    with subprocess.Popen([WAYBILL, *arguments, "--url", f"http://{node.host}:{node.port}"],
                          stdout=terminal, stderr=terminal, env=CLEAN_ENVIRONMENT) as process:
        os.close(terminal)
        output = b""
        # Its end is an error.
        with contextlib.suppress(OSError):
            while part := os.read(master, 65536):
                output += part
        os.close(master)
    return process.returncode, output.decode().replace("\r\n", "\n")


def help_of(*command):
    """Returns what a command prints with --help."""
    done = run(*command, "--help")
    assert done.returncode == 0 and not done.stderr
    return done.stdout


def commands():
    """Yields the words of all commands, and of those within a command."""
    for name in re.findall(r"^  ([\w-]+)  ", help_of(), re.MULTILINE):
        yield (name,)
        inner = help_of(name).partition("Subcommands:")[2]
        for word in re.findall(r"^  (\w+)  ", inner, re.MULTILINE):
            yield name, word


def options_of(*command):
    """Returns the names of the options of a command."""
    return set(re.findall(r"^ +(?:-h,)?(--[a-z-]+)", help_of(*command), re.MULTILINE))
