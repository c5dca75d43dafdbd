"""All that is queued for a client is written before its session ends, also where it
ends because the client broke a rule."""

import pytest

from raw_websocket import BINARY, TEXT, frame
from test_websocket_violations import DEFLATE, MAX_MESSAGE, VIOLATIONS, deflated, greeted

COUNT = 100
TEXTS = b"".join(frame(TEXT, b"%d" % i) for i in range(COUNT))


@pytest.fixture(scope="module")
def echo(shared_lab):
    """A node that sends back what it gets, and inflates what is deflated."""
    return shared_lab.node("--upstream", "echo", "--compression")


@pytest.mark.parametrize("case", VIOLATIONS)
async def test_what_came_before_a_violation_is_answered(echo, case):
    codes, data = VIOLATIONS[case]
    with greeted(echo) as ws:
        ws.socket.sendall(TEXTS + data)
        assert ws.read_messages(COUNT) == [str(i) for i in range(COUNT)]
        code = ws.read_close()
        assert code in codes if isinstance(codes, set) else code == codes
        assert ws.is_closed()


async def test_input_that_is_left_unread_destroys_no_answer(echo):
    # To close over unread input would reset the connection, often before its client has
    # read all.
    for _ in range(50):
        with greeted(echo) as ws:
            ws.socket.sendall(TEXTS + VIOLATIONS["a ping of 64 KiB"][1])
            assert ws.read_messages(COUNT) == [str(i) for i in range(COUNT)]
            assert ws.read_close() == 1002


@pytest.mark.parametrize("code, data", [
    pytest.param(1007, frame(TEXT, deflated(b"\xff"), first=0xC0), id="no UTF-8"),
    pytest.param(1009, frame(BINARY, deflated(bytes(MAX_MESSAGE + 1)), first=0xC0), id="too large"),
    pytest.param(1002, frame(3, b""), id="a reserved opcode"),
])
async def test_so_it_is_with_compression(echo, code, data):
    with greeted(echo, DEFLATE, deflates=True) as ws:
        ws.socket.sendall(TEXTS + data)
        for _ in range(COUNT):
            assert ws.read_frame()[0] == TEXT
        assert ws.read_close() == code
        assert ws.is_closed()


async def test_large_frames_are_written_whole(echo):
    large = b"x" * MAX_MESSAGE
    with greeted(echo) as ws:
        ws.socket.sendall(frame(TEXT, large) + frame(BINARY, large) * 8 + frame(TEXT, b"\xff"))
        assert ws.read_frame() == (TEXT, large)
        for _ in range(8):
            assert ws.read_frame() == (BINARY, large)
        assert ws.read_close() == 1007
