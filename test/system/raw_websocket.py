"""A WebSocket client that does what a good library would not."""

import base64
import os
import socket
import struct
from urllib.parse import quote

from harness import TIMEOUT

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def frame(opcode, payload, masked=True, first=0x80):
    """Returns the bytes of a frame, see RawWebSocket.send_frame."""
    mask = 0x80 if masked else 0
    head = bytes([first | opcode])
    if len(payload) < 126:
        head += bytes([len(payload) | mask])
    elif len(payload) < 65536:
        head += struct.pack("!BH", 126 | mask, len(payload))
    else:
        head += struct.pack("!BQ", 127 | mask, len(payload))
    # A mask of zeros leaves the payload as it is.
    return head + (bytes(4) if masked else b"") + payload


class RawWebSocket:
    """A WebSocket that answers no ping and no close, and reads only when told.

    Its calls block: there is nothing here but a socket. A `with` closes it.

    @param preface bytes that it sends before its request
    """

    def __init__(self, server, name, receive_buffer=None, headers=(), preface=b""):
        self.socket = socket.socket()
        self.socket.settimeout(TIMEOUT)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(("127.0.0.1", server.port))
        if context := getattr(server, "ssl", None):
            self.socket = context.wrap_socket(self.socket, server_hostname="127.0.0.1")
        self.socket.sendall(preface + "\r\n".join([
            f"GET /websocket/{quote(name, safe='')} HTTP/1.1",
            f"Host: 127.0.0.1:{server.port}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            *headers, "", ""]).encode())
        self._file = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._file:
            self._file.close()
        self.socket.close()

    def read_handshake(self):
        """Reads the answer to the handshake, and returns its lines."""
        self._file = self.socket.makefile("rb")
        return list(iter(self._file.readline, b"\r\n"))

    def read_frame(self):
        """Returns opcode and payload of the next frame, (None, b"") at the end."""
        try:
            head = self._file.read(2)
            if len(head) < 2:
                return None, b""
            size = head[1]
            if size == 126:
                size, = struct.unpack("!H", self._file.read(2))
            elif size == 127:
                size, = struct.unpack("!Q", self._file.read(8))
            return head[0] & 15, self._file.read(size)
        except ConnectionResetError:
            return None, b""

    def read_messages(self, count):
        """Returns the texts of the next messages, without what stands between."""
        messages = []
        while len(messages) < count:
            opcode, payload = self.read_frame()
            assert opcode is not None, f"the end came after {messages}"
            if opcode in (TEXT, BINARY):
                messages.append(payload.decode())
        return messages

    def read_close(self):
        """Reads frames until the close frame, and returns its code: None where
        the connection ended without one."""
        while True:
            opcode, payload = self.read_frame()
            if opcode == CLOSE:
                return struct.unpack("!H", payload[:2])[0]
            if opcode is None:
                return None

    def is_closed(self):
        """Waits for the end, and tells whether it came before any other frame."""
        return self.read_frame() == (None, b"")

    def send_frame(self, opcode, payload, masked=True, first=0x80):
        """Sends a frame.

        @param first the bits before the opcode: FIN and those of extensions.
        """
        self.socket.sendall(frame(opcode, payload, masked, first))

    def reset(self):
        """Ends the connection without a word, by a TCP reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.__exit__()
