"""A real Redis, and a client for it that is small enough to be obvious."""

import random
import socket
import tempfile
from pathlib import Path

from harness import TIMEOUT, Process


def random_port():
    """Returns a port that is probably free, and not one of those that the
    kernel gives to clients: a node that reconnects to a Redis which is down
    could be given that very port, and then talk to itself."""
    limits = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text()
    lowest = int(limits.split()[0])
    return random.randrange(lowest // 2, lowest) if lowest > 4096 else random.randrange(1024, 65536)


class RedisError(Exception):
    """An error that Redis answered."""


class Connection:
    """Speaks RESP2, as https://redis.io/docs/reference/protocol-spec has it."""

    def __init__(self, path, password=None):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(TIMEOUT)
        self._socket.connect(str(path))
        self._file = self._socket.makefile("rb")
        if password:
            self.command("AUTH", password)

    def close(self):
        """Closes the connection."""
        self._file.close()
        self._socket.close()

    def command(self, *words):
        """Sends a command and returns its reply."""
        self.send(words)
        return self.read()

    def send(self, *commands):
        """Sends commands without waiting for replies."""
        out = bytearray()
        for words in commands:
            out += b"*%d\r\n" % len(words)
            for word in words:
                data = word if isinstance(word, bytes) else str(word).encode()
                out += b"$%d\r\n%b\r\n" % (len(data), data)
        self._socket.sendall(out)

    def read(self):
        """Returns the next reply: an integer, bytes, None, or a list."""
        line = self._file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("Redis closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise RedisError(rest.decode())
        if kind == b"+":
            return rest
        number = int(rest)
        if kind == b":":
            return number
        if number < 0:
            return None
        if kind == b"$":
            return self._file.read(number + 2)[:-2]
        return [self.read() for _ in range(number)]


class Redis:
    """A `redis-server` with an address of its own, on TCP and a unix socket,
    that can go away and come back."""

    READY = "Ready to accept"

    def __init__(self, *options, password=None, tls=None):
        self.options = [*options, *(["--requirepass", password] if password else [])]
        self._password = password
        self._tls = tls
        self._folder = tempfile.TemporaryDirectory(prefix="waybill-")
        self.path = Path(self._folder.name) / "redis.sock"
        self.port = None
        self._process = None
        self._commands = None
        self._connections = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self._folder.cleanup()

    @property
    def url(self):
        """Returns what --redis takes."""
        return f"{'rediss' if self._tls else 'redis'}://127.0.0.1:{self.port}"

    @property
    def unix_url(self):
        """Returns what --redis takes for the unix socket, known from the start."""
        return f"unix://{self.path}"

    @property
    def folder(self):
        """The folder of its files."""
        return self.path.parent

    @property
    def is_running(self):
        """Whether it was started, and not killed since."""
        return self._process is not None

    @property
    def process_id(self):
        """The id of the process that runs."""
        return self._process.pid

    def start(self, *more):
        """Starts Redis, at the address it had before if it ran before, with more
        options for this time."""
        for _ in range(20):
            port = self.port or random_port()
            process = Process("redis-server", *self._arguments(port), *more)
            line = process.out.wait_for(rf"{self.READY}|already in use")
            if line[0] == self.READY:
                self.port, self._process = port, process
                return self
            process.wait()
        raise AssertionError("found no free port for Redis")

    def _arguments(self, port):
        """Returns what redis-server is started with, for a TCP port."""
        listen = ["--port", port]
        if self._tls:
            listen = ["--port", 0, "--tls-port", port, "--tls-auth-clients", "no",
                      "--tls-cert-file", self._tls.file, "--tls-key-file", self._tls.key,
                      "--tls-ca-cert-file", self._tls.file]
        return [*listen, "--bind", "127.0.0.1", "--unixsocket", self.path,
                "--dir", self._folder.name, "--save", "", "--appendonly", "no", *self.options]

    def kill(self):
        """Ends Redis as a crash of its machine would."""
        for connection in self._connections:
            connection.close()
        self._connections.clear()
        self._commands = None
        if self._process:
            self._process.kill()
            self._process = None

    def freeze(self):
        """Stops Redis from running, while its sockets stay open."""
        self._process.freeze()

    def thaw(self):
        """Ends what `freeze` began."""
        self._process.thaw()

    def connect(self):
        """Returns a connection of its own, closed when Redis ends."""
        self._connections.append(Connection(self.path, self._password))
        return self._connections[-1]

    def command(self, *words):
        """Sends a command and returns its reply."""
        self._commands = self._commands or self.connect()
        return self._commands.command(*words)

    def send_many(self, commands):
        """Sends commands at once, and waits until all are done."""
        commands = list(commands)
        connection = self.connect()
        connection.send(*commands)
        for _ in commands:
            connection.read()

    def publish(self, message, channel="waybill"):
        """Publishes on the open channel, and returns how many nodes heard it."""
        return self.command("PUBLISH", channel, message)

    def holders(self, address):
        """Returns how many nodes are subscribed to the channel of an address."""
        return self.command("PUBSUB", "NUMSUB", f"waybill:{{{address}}}")[1]

    def subscribers(self, *ids):
        """Returns for each id how many nodes are subscribed to its channel."""
        return {name: self.holders(f"id:{name}") for name in ids}

    def dead_letters(self):
        """Returns what was put into waybill:dead, each entry as a dict."""
        entries = self.command("XRANGE", "waybill:dead", "-", "+")
        return [dict(zip(fields[::2], fields[1::2])) for _, fields in entries]


class Replica(Redis):
    """A copy of another Redis, which may take its place."""

    def __init__(self, master):
        super().__init__("--replicaof", "127.0.0.1", master.port)


class Sentinel(Redis):
    """A Sentinel that calls a Redis `mymaster`, and needs one more to fail it over."""

    READY = "monitor master"

    def __init__(self, master_port):
        super().__init__("--sentinel")
        # Sentinel keeps here what it learns.
        self._config = Path(self._folder.name) / "sentinel.conf"
        self._config.write_text(f"""
sentinel monitor mymaster 127.0.0.1 {master_port} 2
sentinel down-after-milliseconds mymaster 1000
sentinel failover-timeout mymaster 5000
""")

    def _arguments(self, port):
        return [self._config, *super()._arguments(port)]

    def master_port(self):
        """Returns where it says that the master is."""
        return int(self.command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster")[1])

    def knows(self, peers):
        """Returns how many `replicas`, or other `sentinels`, it is in touch with."""
        states = self.command("SENTINEL", peers, "mymaster")
        flags = [dict(zip(state[::2], state[1::2]))[b"flags"] for state in states]
        return sum(b"down" not in value and b"disconnected" not in value for value in flags)
