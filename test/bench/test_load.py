"""No push counts but one that was answered and delivered, once, as it was sent."""

import json
import re
import socketserver
import threading

import pytest

from trial import Load

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


class Handler(socketserver.StreamRequestHandler):
    """Serves a client or a pusher of the router that stands in for others."""

    def handle(self):
        """Serves requests until the connection ends."""
        while head := self._read_head():
            method, folder, name = re.match(rb"(\w+) /(\w+)/?(\S*) ", head).groups()
            if method == b"GET":
                self.server.sessions[name.decode()] = self
                self.wfile.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
                self.send("hello")
                # A client sends nothing but its close frame.
                self.rfile.read(1)
                return
            text = self.rfile.read(int(re.search(rb"Content-Length: (\d+)", head)[1])).decode()
            self.server.pushes.append(text)
            answer = self.server.push(self.server.sessions, folder.decode(), name.decode(), text)
            self.wfile.write(answer or OK)

    def _read_head(self):
        """Returns a head, or nothing at the end."""
        lines = []
        while line := self.rfile.readline().strip():
            lines.append(line)
        return b"\n".join(lines)

    def send(self, text):
        """Sends a frame."""
        size = len(text).to_bytes(8, "big")
        head = size[-1:] if len(text) < 126 else b"\x7e" + size[-2:]
        if len(text) > 0xffff:
            head = b"\x7f" + size
        self.wfile.write(b"\x81" + head + text.encode())


class StandIn(socketserver.ThreadingTCPServer):
    """A router of one node, which does with pushes as a test wants.

    @param push is given the sessions by id, and the folder, the id and the text of a push
    """

    daemon_threads = True

    def __init__(self, push):
        super().__init__(("127.0.0.1", 0), Handler)
        self.push = push
        self.sessions = {}
        self.pushes = []
        threading.Thread(target=self.serve_forever, args=[0.01], daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        super().__exit__()


def honest(sessions, folder, name, text):
    """Delivers a push."""
    for session in [sessions[name]] if folder == "socket" else sessions.values():
        session.send(text)


def batched(sessions, folder, _, text):
    """Delivers the lines of a batch."""
    assert folder == "push"
    for line in map(json.loads, text.splitlines()):
        honest(sessions, "socket", line["to"], line["message"])


def kept(sessions, folder, name, text):
    """Delivers a push with a parameter."""
    name, _, query = name.partition("?")
    assert query == "ttl=60"
    honest(sessions, folder, name, text)


def lossy(*_):
    """Answers a push as if it were delivered."""


def twice(*push):
    """Delivers a push two times."""
    honest(*push)
    honest(*push)


def astray(sessions, folder, name, text):
    """Delivers a push to another session."""
    honest(sessions, folder, "1" if name == "0" else "0", text)


def broken(sessions, folder, name, text):
    """Changes the text of a push."""
    honest(sessions, folder, name, text[:-1] + "!")


def refused(*_):
    """Knows nobody."""
    return NOT_FOUND


def figures_of(router, request, at_once=2, options=()):
    """Returns what is measured of two sessions of a router."""
    with router, Load([router.server_address[1]], options) as load:
        load.open_sessions(2)
        load.prepare(request, at_once, 0.1)
        return load.work()


@pytest.mark.parametrize("request_, frames", [("http", 1), ("broadcast", 2)])
def test_each_push_counts_that_came_to_its_sessions(request_, frames):
    router = StandIn(honest)
    figures = figures_of(router, request_)
    assert figures["count"] == len(router.pushes) == len(set(router.pushes)) > 1
    assert figures["frames"] == frames * figures["count"]
    assert figures["lost"] == 0
    assert 0 < figures["p50"] <= figures["p99"]


def test_each_line_of_a_batch_counts():
    figures = figures_of(StandIn(batched), "batch")
    assert figures["frames"] == 64 * figures["count"] > 64
    assert figures["lost"] == 0


@pytest.mark.parametrize("size", [1000, 70_000])
def test_pushes_have_a_size_and_parameters(size):
    router = StandIn(kept)
    figures = figures_of(router, "http", options=["--size", str(size), "--query", "?ttl=60"])
    assert figures["count"] > 1
    assert figures["lost"] == 0
    assert {len(text) for text in router.pushes} == {size}


def test_a_push_that_does_not_come_is_lost():
    figures = figures_of(StandIn(lossy), "http")
    assert (figures["count"], figures["lost"]) == (0, 2)


@pytest.mark.parametrize("push, failure", [
    (twice, "nobody awaits"), (astray, "another session"), (broken, "nobody awaits"),
    (refused, "was refused"),
])
def test_a_router_that_fails_is_not_measured(push, failure):
    with pytest.raises(AssertionError, match=failure):
        figures_of(StandIn(push), "http")


def test_upgrades_end_with_a_greeting():
    figures = figures_of(StandIn(honest), "upgrade")
    assert figures["count"] > 1
    assert figures["lost"] == 0
