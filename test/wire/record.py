#!/usr/bin/env python3
"""Records what a build of Waybill writes to other nodes and into Redis.

    python3 test/wire/record.py PROGRAM FOLDER

starts a Redis and two nodes, exercises every kind of message, and writes one of
each kind into a folder that must not exist yet.
"""

import ast
import asyncio
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "system"))

from clients import eventually, get, join, push, receive, request
from conftest import Lab

ID = "456"
YEAR = "?ttl=31536000"


class Recorder:
    """Records published messages into files. Reads Redis' MONITOR, which does not count as a
    subscriber."""

    def __init__(self, redis, folder):
        self._folder = folder
        self._connection = redis.connect()
        self._connection.command("MONITOR")

    def next(self, channel, part=b""):
        """Returns the next message on a channel that contains a text."""
        while True:
            words = [ast.literal_eval(f"b{word.decode()}")
                     for word in re.findall(rb'"(?:[^"\\]|\\.)*"', self._connection.read())]
            # Skips canaries, which only their sender reads.
            if (words[0].upper() == b"PUBLISH" and words[1] == channel.encode()
                    and part in words[2] and not words[2][:1].isdigit()):
                return words[2]

    def take(self, name, channel, part=b""):
        """Writes the next such message into a file."""
        (self._folder / name).write_bytes(self.next(channel, part))

    def write_fields(self, name, fields):
        """Writes the fields of an entry or a hash as a RESP2 reply."""
        reply = b"*%d\r\n" % len(fields)
        reply += b"".join(b"$%d\r\n%b\r\n" % (len(field), field) for field in fields)
        (self._folder / name).write_bytes(reply)


async def record(lab, program, folder):
    """Has two nodes send every kind of message."""
    redis = lab.redis()
    one, two = [lab.node("--node", name, "--same-id", "newest", redis=redis, program=program)
                for name in ("node1", "node2")]
    folder.mkdir(parents=True)
    recorder = Recorder(redis, folder)
    ws = await join(one, ID)
    recorder.take("claim", "waybill:{id:456}", b"claim")
    recorder.take("beat", "waybill:{nodes}", b"node1")
    await push(two, ID, "text")
    recorder.take("text", "waybill:{id:456}", b"text")
    await push(two, ID, b"data")
    recorder.take("data", "waybill:{id:456}", b"data")
    key = {"Idempotency-Key": "key"}
    await push(two, ID, "keyed", f"{YEAR}&receipt=received", key)
    recorder.take("kept", "waybill:{id:456}", b"keyed")
    recorder.take("receipt", "waybill:{node:node2}", b"received")
    (folder / "outcome").write_bytes(await eventually(
        lambda: redis.command("HGET", "waybill:once:{id:456}:key", "outcome")))
    recorder.write_fields("once", redis.command("HGETALL", "waybill:once:{id:456}:key"))
    await get(two, f"/socket/{ID}?detail=1")
    recorder.take("inspect", "waybill:{id:456}", b"inspect")
    recorder.take("details", "waybill:{node:node2}", b"queue")
    await get(two, f"/trace/{ID}")
    recorder.take("trace", "waybill:{nodes}", b"trace")
    recorder.take("hops", "waybill:{node:node2}", b"joined")
    await get(two, "/stats?cluster=1")
    recorder.take("figures", "waybill:{nodes}", b"figures")
    recorder.take("counters", "waybill:{node:node2}", b"joins")
    await request(two, "PUT", f"/socket/{ID}/topics/news?ttl=600", b"")
    recorder.take("subscribe", "waybill:{id:456}", b"subscribe")
    await get(two, "/topic/news?detail=1")
    recorder.take("members", "waybill:{topic:news}", b"members")
    await request(two, "POST", "/topic/news?retain=600&fresh=1h", b"value")
    recorder.take("value", "waybill:{topic:news}", b"value")
    await request(two, "POST", "/topic/news?retain=0", b"")
    recorder.take("forget", "waybill:{topic:news}", b"forget")
    await request(two, "DELETE", f"/socket/{ID}/topics/news")
    recorder.take("unsubscribe", "waybill:{id:456}", b"unsubscribe")
    await push(two, ID, "replacing", f"{YEAR}&collapse=name")
    recorder.take("replacing", "waybill:{id:456}", b"replacing")
    for _ in range(5):
        await receive(ws)
    ws.transport.pause_reading()
    await push(two, ID, "unread", "?receipt=received&wait=200ms")
    recorder.take("probe", "waybill:{node:node1}", b"probe")
    recorder.take("settled", "waybill:{node:node2}", b"settled")
    ws.transport.resume_reading()
    await request(two, "DELETE", f"/socket/{ID}")
    recorder.take("kick", "waybill:{id:456}", b"kick")
    await ws.wait_closed()
    await push(two, "457", "kept", YEAR)
    (_, fields), = redis.command("XRANGE", "waybill:mail:{id:457}", "-", "+")
    recorder.write_fields("entry", fields)


if __name__ == "__main__":
    with Lab() as lab:
        asyncio.run(record(lab, sys.argv[1], Path(sys.argv[2])))
