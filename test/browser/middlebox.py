"""Stands between a client and its node, as things do that do not know WebSockets."""

from proxy import Proxy


class Middlebox(Proxy):
    """Passes connections on to a node. It may refuse upgrades, and swallow what clients send
    after their requests."""

    takes_upgrades = True
    passes_input = True

    def __init__(self, node):
        super().__init__(node.port)

    @property
    def url(self):
        """Returns the base of a client."""
        return f"http://127.0.0.1:{self.port}"

    def from_client(self, data):
        """Returns what is passed on of what a client sends."""
        if not data.startswith(b"GET "):
            return data if self.passes_input else b""
        if b"upgrade: websocket" in data.lower() and not self.takes_upgrades:
            raise ConnectionRefusedError
        return data
