"""The routers that compare.py measures: Waybill, and what others would take."""

import functools
import re
import socket
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from harness import CLEAN_ENVIRONMENT, ROOT, WAYBILL, Node, Process

PEERS = Path(__file__).parent / "peers"
BARE = Path(WAYBILL).with_name("waybill_bare")
NODES = 3

GO = Path("/usr/bin/go")
GO_PATH = Path("/usr/share/gocode")
GO_PACKAGES = GO_PATH / "src/github.com"
NGINX = Path("/usr/sbin/nginx")
NCHAN = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")


@dataclass
class Router:
    """Nodes under load.

    @param options for waybill_load
    @param broadcast_options the same for broadcasts, where those need sessions of their own
    """

    nodes: list[Process]
    ports: list[int]
    options: list = field(default_factory=list)
    broadcast_options: list = field(default_factory=list)


@dataclass
class Kind:
    """A kind of router.

    @param start starts its nodes in an ExitStack, on a Redis
    @param needs files without which it is not measured
    @param channel that which all nodes read in Redis, if it has one
    """

    name: str
    start: Callable
    needs: list[Path] = field(default_factory=list)
    channel: str = ""
    uses_redis: bool = True

    @property
    def is_missing(self):
        """Whether this machine has not what it needs."""
        return not all(path.exists() for path in self.needs)


def start_waybill(stack, redis):
    """Starts Waybill: with one event loop a node, as others have no more."""
    nodes = [stack.enter_context(Node("--node", f"node{i}", "--threads", "1", redis=redis))
             for i in range(NODES)]
    return Router(nodes, [node.wait_ready().port for node in nodes])


def start_programs(stack, *command, options=()):
    """Starts nodes that print their port."""
    # In Go, as many threads run at once as other nodes have.
    nodes = [stack.enter_context(Process(*command, env={"GOMAXPROCS": "1"})) for _ in range(NODES)]
    return Router(nodes, [int(node.out.wait_for(r"ready: (\d+)")[1]) for node in nodes],
                  list(options))


def start_bare(stack, redis):
    """Starts the router that does the least."""
    return start_programs(stack, BARE, redis.port)


def start_node_router(stack, redis):
    """Starts the router in Node."""
    return start_programs(stack, "node", PEERS / "router.mjs", redis.port,
                          options=["--broadcast", "/socket/all"])


@functools.cache
def built(name):
    """Builds a program in Go, from the packages of Debian. Returns the folder that it is in,
    which lasts as long as this process."""
    folder = tempfile.TemporaryDirectory(prefix="waybill-")
    subprocess.run([GO, "build", "-o", folder.name, PEERS / f"{name}.go"], check=True,
                   env=CLEAN_ENVIRONMENT | {"GO111MODULE": "off", "GOPATH": str(GO_PATH)})
    return folder


def start_go_router(stack, redis):
    """Starts the router in Go."""
    return start_programs(stack, Path(built("router").name) / "router", redis.port,
                          options=["--broadcast", "/socket/all"])


def start_centrifuge(stack, redis):
    """Starts the router of centrifuge, whose clients speak first."""
    return start_programs(stack, Path(built("centrifuge").name) / "centrifuge", redis.port,
                          options=["--hello", '{"id":1}'])


def start_nchan(stack, _):
    """Starts nginx with Nchan, on sockets that it inherits: it does not tell its port."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="waybill-")))
    nodes, ports = [], []
    for i in range(NODES):
        with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
            ports.append(listener.getsockname()[1])
            config = folder / f"{i}.conf"
            config.write_text((PEERS / "nchan.conf").read_text().replace(
                "127.0.0.1:8080", f"127.0.0.1:{ports[-1]}"))
            nodes.append(stack.enter_context(Process(
                NGINX, "-c", config, "-e", "/dev/null", "-g",
                f"daemon off; error_log stderr warn; pid {folder}/{i}.pid;",
                env={"NGINX": f"{listener.fileno()};"}, pass_fds=[listener.fileno()])))
    # A client knows by the response that it is subscribed.
    options = ["--local", "--greetings", "0"]
    return Router(nodes, ports, options, [*options, "--session-path", "/everyone/"])


KINDS = [
    Kind("Waybill", start_waybill, channel="waybill"),
    Kind("bare", start_bare, [BARE], "bare"),
    Kind("Nchan", start_nchan, [NGINX, NCHAN], uses_redis=False),
    Kind("centrifuge", start_centrifuge,
         [GO, *(GO_PACKAGES / name for name in ("centrifugal/centrifuge", "centrifugal/protocol",
                                                "FZambia/eagle", "igm/sockjs-go",
                                                "mna/redisc"))]),
    Kind("Go router", start_go_router,
         [GO, *(GO_PACKAGES / name for name in ("gorilla/websocket", "gomodule/redigo"))],
         "go-router"),
    Kind("Node router", start_node_router,
         [ROOT / "test/node_modules" / name for name in ("ws", "ioredis")], "router"),
]


# Names of the parts of routers, by their packages in Debian.
NAMES = {
    "nginx": "nginx",
    "libnginx-mod-nchan": "Nchan",
    "golang-go": "Go",
    "golang-github-centrifugal-centrifuge-dev": "centrifuge",
    "golang-github-gorilla-websocket-dev": "gorilla/websocket",
    "golang-github-gomodule-redigo-dev": "redigo",
}


def versions():
    """Returns the names and versions of what is installed of that."""
    lines = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package} ${Version}\n", *NAMES],
        check=False, capture_output=True, text=True).stdout
    found = re.findall(r"^installed (\S+) (?:\d+:)?([\d.]+\d)", lines, re.MULTILINE)
    return [f"{NAMES[package]} {version}" for package, version in found]
