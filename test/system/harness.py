"""Starts the processes of a cluster, and watches them.

Whoever starts one of these also stops it: they are context managers, and the
fixtures of conftest.py keep them in one.
"""

import asyncio
import inspect
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

import pytest

ROOT = Path(__file__).parents[2]
WAYBILL = os.environ.get("WAYBILL", ROOT / "build/release/waybill")
# The same, but for that it speaks to other nodes as a newer release may.
NEWER = Path(WAYBILL).with_name("waybill_newer")
SCALE = float(os.environ.get("WAYBILL_TEST_SCALE", "1.0"))

# Whoever runs the tests may have options of a node in variables.
CLEAN_ENVIRONMENT = {name: value for name, value in os.environ.items()
                     if not name.startswith("WAYBILL")}

def resolves(name):
    """Tells whether this machine knows an address of `name`."""
    try:
        return bool(socket.getaddrinfo(name, None))
    except socket.gaierror:
        return False


# A machine made by debootstrap alone has no /etc/hosts, and so no localhost.
needs_localhost = pytest.mark.skipif(not resolves("localhost"),
                                     reason="no address of localhost")

# A line of a node's log, in either format, that docs/reference/codes.md cannot explain.
WARNING_WITHOUT_CODE = re.compile(r"^\S+T\S+ (warning|error|critical) (?!WB-\d{3} )|"
                                  r'"level":"(warning|error|critical)",(?!"code":"WB-\d{3}")')

# Nothing here takes so long; what does has failed. In seconds.
TIMEOUT = 30


def scaled(count):
    """Returns a large count, made smaller where WAYBILL_TEST_SCALE says so."""
    return max(1, round(count * SCALE))


async def eventually(predicate, timeout=TIMEOUT):
    """Asks `predicate`, a function or coroutine function, until it holds.

    Only for what announces itself by no event. Returns what the predicate did.
    """
    deadline = time.monotonic() + timeout
    while True:
        result = predicate()
        if inspect.isawaitable(result):
            result = await result
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {inspect.getsource(predicate)}")
        await asyncio.sleep(0.02)


def wait_until(predicate, timeout=TIMEOUT):
    """Asks `predicate` until it holds, as `eventually` does, where nothing else runs."""
    deadline = time.monotonic() + timeout
    while not predicate():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {inspect.getsource(predicate)}")
        time.sleep(0.02)


async def together(coroutines):
    """Runs coroutines at the same time and returns their results. If one fails,
    the others are cancelled."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(coroutine) for coroutine in coroutines]
    return [task.result() for task in tasks]


class Lines:
    """The lines that a process has written to one stream."""

    def __init__(self, stream):
        self._lines = []
        self._ended = False
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._read, args=[stream], daemon=True)
        self._thread.start()

    def _read(self, stream):
        """Collects lines until the process ends."""
        with stream:
            for line in stream:
                with self._news:
                    self._lines.append(line.rstrip("\n"))
                    self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def all(self):
        """Returns all lines so far."""
        with self._news:
            return list(self._lines)

    def rest(self):
        """Returns all lines, of a process that has ended."""
        self._thread.join(TIMEOUT)
        return self.all()

    def wait_for(self, pattern, timeout=TIMEOUT):
        """Returns the first match of `pattern` in a line, past or to come."""
        def search():
            found = (re.search(pattern, line) for line in self._lines)
            return next((match for match in found if match), None)

        with self._news:
            self._news.wait_for(lambda: search() or self._ended, timeout)
            match = search()
        assert match, f"no line matches {pattern!r}:\n" + "\n".join(self.all())
        return match


class Process:
    """A process that is stopped by SIGTERM at the end of a `with`."""

    def __init__(self, *command, env=None, pass_fds=()):
        self.command = [str(word) for word in command]
        # Should the tests be killed, the kernel kills what they have started.
        self._popen = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *self.command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, errors="backslashreplace", env=CLEAN_ENVIRONMENT | (env or {}),
            pass_fds=pass_fds)
        self.pid = self._popen.pid
        self.out = Lines(self._popen.stdout)
        self.log = Lines(self._popen.stderr)
        self._end_was_seen = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def signal(self, number):
        """Sends a signal."""
        self._popen.send_signal(number)

    def freeze(self):
        """Keeps the process from running, while its sockets stay open. Returns
        when it has come to a stop."""
        self.signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED)

    def thaw(self):
        """Ends what `freeze` began."""
        self.signal(signal.SIGCONT)

    def wait(self, timeout=TIMEOUT):
        """Waits for the end and returns the exit code."""
        self._end_was_seen = True
        return self._popen.wait(timeout)

    @property
    def has_ended(self):
        """Whether the process has ended."""
        return self._popen.poll() is not None

    def kill(self):
        """Ends the process as a crash of its machine would."""
        self._popen.kill()
        self.wait()

    def stop(self):
        """Ends the process, which must do so in order if no test saw its end."""
        if self._end_was_seen:
            if self._popen.poll() is None:
                self.kill()
            return
        self.signal(signal.SIGTERM)
        self.thaw()
        try:
            code = self.wait()
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        complaints = [line for line in self.log.rest() if " info " not in line]
        if complaints:
            # Shown by pytest where a test failed.
            print(" ".join(self.command), *complaints, sep="\n  ")
        assert code == 0, f"exit code {code} of {self.command}"


@dataclass
class Server:
    """The address that clients and pushers connect to."""

    port: int
    host: str = "127.0.0.1"

    def ws_url(self, name, query=""):
        """Returns the URL of a WebSocket for an id."""
        return f"ws://{self.host}:{self.port}/websocket/{quote(name, safe='')}{query}"


class TlsServer(Server):
    """A port that speaks TLS.

    @param context whom its clients trust, and what they prove
    """

    def __init__(self, port, context):
        super().__init__(port)
        self.ssl = context

    def ws_url(self, name, query=""):
        """Returns the URL of a WebSocket for an id."""
        return super().ws_url(name, query).replace("ws:", "wss:", 1)


@dataclass
class UnixServer:
    """The address that clients and pushers of the same machine connect to."""

    path: Path
    host = "localhost"
    port = 80

    ws_url = Server.ws_url


class Node(Process):
    """A `waybill serve`, on a free port where none is given.

    @param within what stands before its command, to run it somewhere else
    @param program the build of Waybill that it runs
    """

    def __init__(self, *options, redis=None, env=None, listen="127.0.0.1:0", within=(),
                 program=WAYBILL):
        self.host = listen.rpartition(":")[0]
        command = [*within, program, "serve", "--listen", listen, *options]
        if redis:
            command += ["--redis", redis if isinstance(redis, str) else redis.url]
        # Hundreds of sessions come at once. Tests of the limit set the option.
        super().__init__(*command, env={"WAYBILL_MAX_UPGRADE_RATE": "0"} | (env or {}))

    def stop(self):
        """Ends the node, all of whose warnings and errors must have had a code."""
        super().stop()
        bare = [line for line in self.log.rest() if WARNING_WITHOUT_CODE.search(line)]
        assert not bare, bare

    @cached_property
    def ports(self):
        """The ports the node listens on, in the order of its options."""
        line = self.log.wait_for(r"listening on (.*)")
        return [int(port) for port in re.findall(r"[\]\d]:(\d+)", line[1])]

    @property
    def port(self):
        """The port that every node has."""
        return self.ports[0]

    def wait_ready(self):
        """Waits until the node says that it is ready, and returns it."""
        self.out.wait_for(r'^ready: |"message":"ready: ')
        return self

    ws_url = Server.ws_url


class Balancer(Process):
    """An HAProxy that spreads connections over nodes that are ready.

    @param rules what its front end does besides
    """

    CONFIG = """
defaults
    mode http
    timeout connect 2s
    timeout client 60s
    timeout server 60s
    timeout tunnel 1h
frontend clients
    bind fd@{listener}
    {rules}
    default_backend nodes
backend nodes
    balance roundrobin
    option redispatch
    option abortonclose
    option httpchk
    http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host waybill
    default-server check inter 100ms fall 1 rise 1
    {servers}
"""
    host = "127.0.0.1"

    def __init__(self, nodes, rules=""):
        servers = "\n    ".join(f"server node{i} {node.host}:{node.port}"
                                for i, node in enumerate(nodes))
        self._folder = tempfile.TemporaryDirectory(prefix="waybill-")
        config = Path(self._folder.name) / "haproxy.cfg"
        # HAProxy does not tell which port it took, so it inherits a socket.
        # Connections wait in that until HAProxy accepts them.
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
            config.write_text(self.CONFIG.format(listener=listener.fileno(), servers=servers,
                                                 rules=rules))
            super().__init__("/usr/sbin/haproxy", "-db", "-f", config, pass_fds=[listener.fileno()])

    ws_url = Server.ws_url

    def stop(self):
        """Ends HAProxy, whose exit code tells nothing."""
        self.kill()
        self._folder.cleanup()
