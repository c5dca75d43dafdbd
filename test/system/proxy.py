"""Stands between a node and its Redis, to count what passes and to cut it."""

import contextlib
import socket
import threading


def end(connection):
    """Ends a connection, if it has not ended before."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class Proxy:
    """Passes TCP connections on to a port, each way by a thread of its own: the
    tests' own threads may block. A `with` ends it."""

    def __init__(self, port):
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._standing = set()
        self._passed = []
        self._is_cut = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # This wakes up `accept`, which `close` alone would not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        self.cut()

    @property
    def url(self):
        """Returns what --redis takes."""
        return f"redis://127.0.0.1:{self.port}"

    @property
    def port(self):
        """Returns the port that it listens on."""
        return self._listener.getsockname()[1]

    @property
    def passed(self):
        """Returns how many bytes have come from the target so far."""
        return sum(count for count, in self._passed)

    def cut(self):
        """Ends all connections, and from now on new ones as they come."""
        with self._lock:
            self._is_cut = True
            for connection in self._standing:
                end(connection)

    def mend(self):
        """Ends what `cut` began."""
        with self._lock:
            self._is_cut = False

    def _accept(self):
        """Takes connections until the end."""
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                if self._is_cut:
                    near.close()
                    continue
                try:
                    far = socket.create_connection(("127.0.0.1", self._target))
                except OSError:
                    near.close()
                    continue
                self._standing |= {near, far}
            self._passed.append([0])
            for source, sink, count, change in [(near, far, [0], self.from_client),
                                                (far, near, self._passed[-1], bytes)]:
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._pass, args=[source, sink, count, change],
                                 daemon=True).start()

    def from_client(self, data):
        """Returns what is passed on of what a client sends; all of it here."""
        return data

    def _pass(self, source, sink, count, change):
        """Passes bytes on one way, and its end on both."""
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                count[0] += len(data)
                sink.sendall(change(data))
        with self._lock:
            self._standing.discard(source)
            end(source)
            end(sink)
        source.close()
