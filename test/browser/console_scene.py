"""Answers of a busy cluster of four, the third of which has become silent."""

import itertools
import json
import math
import time

from figures import cluster_figures, history, hop, trace

PEER = "203.0.113.7:50314"
LEFT = {"hop": "left", "node": "node3", "peer": "203.0.113.7",
        "why": "too_slow: its queue was full"}


def largest():
    """Answers for /largest: long names, and all three lists."""
    return json.dumps({
        "nodes": 4, "unknown": 1,
        "ids": [{"id": f"{'customer-' * 4}{i}", "sessions": 9 - i} for i in range(6)],
        "topics": [{"topic": "news", "sessions": 14_213}, {"topic": "scores", "sessions": 311}],
        "queues": [{"node": f"node{i}", "id": f"{4560 + i}", "peer": PEER, "bytes": 900_000 // i}
                   for i in range(1, 4)]})


def busy_cluster():
    """Returns a function that answers for /stats, each time a little later."""
    seconds = itertools.count(0, 2)

    def stats():
        n = next(seconds)
        nodes = [{
            "node": f"node{i}", "sessions": 4000 + 311 * i + n % 17, "deliveries": (300 + 41 * i) * n,
            "queued_bytes": 52_000 * i, "answers_200": (100 + 9 * i) * n, "answers_404": i * n,
            "received_count": 100 * n, "received_in_1ms": (80 - 9 * i) * n,
            "received_in_2ms": (17 + 8 * i) * n, "received_in_5ms": (i + 2) * n,
            "lag_count": 4 * n, "lag_in_1ms": 4 * n, "lag_microseconds": 370 * i * n, "kept_pushes": 40 * i,
            "mailbox_read": 37 * i, "links_lost": i // 4, "max_sessions": 18_000, "headroom": 2000,
            "cpu_milliseconds": 110 * i * n, "resident_bytes": 90_000_000 + 7_000_000 * i,
            "open_descriptors": 4050 + 311 * i, "max_descriptors": 65_536,
            "uptime_seconds": 86_400 * i + n, "version": "0.1.1" if i == 2 else "0.1.0"}
            for i in range(1, 5)]
        return cluster_figures(*nodes) if n < 4 else cluster_figures(
            *(node for node in nodes if node["node"] != "node3"), unknown=1)

    return stats


def eventful_trace():
    """Returns the answer to /trace/456: who left too slowly and was away has come again."""
    def pushed(time, size, status, *hops):
        return (f"node1-k3x9q0ab-{size}", f"2026-11-25T20:{time}Z",
                hop("taken", 0, "node1", bytes=size, receipt="received"), *hops[:-1],
                hop("answered", hops[-1], "node1", status=status))

    return trace(
        "456",
        pushed("14:40.310002", 220_000, 504, hop("delivered", 210, "node3", sessions=1),
               hop("dropped", 1_904_311, "node3", peer=PEER), 5_000_120),
        pushed("14:51.877310", 310, 404, 840),
        pushed("15:10.120456", 52, 200, hop("delivered", 180, "node2", sessions=1),
               hop("written", 240, "node2", peer=PEER), hop("received", 1390, "node2", peer=PEER),
               1620),
        sessions=[("2026-11-25T20:14:42.214399Z", LEFT),
                  ("2026-11-25T20:15:02.000123Z", LEFT | {"hop": "joined", "node": "node2"})],
        unknown=1, nodes=4)


def eventful_hour():
    """Returns a function that answers for /history of a node that lost Redis for a minute, half an
    hour ago."""
    waves = [math.sin(i / 40) + math.sin(i / 7) / 5 for i in range(720)]
    is_away = [360 <= i < 372 for i in range(720)]
    pushes = [110 + 40 * wave for wave in waves]
    start = time.time() - 3600
    answer = history({
        "sessions": [4300 + 200 * wave for wave in waves], "addresses": [4100] * 720,
        "queued_bytes": [52_000 + 40_000 * wave for wave in waves],
        "pushes": pushes, "deliveries": [0 if away else 300 + 90 * wave
                                         for away, wave in zip(is_away, waves)],
        "answers_200": [0 if away else 0.97 * each for away, each in zip(is_away, pushes)],
        "answers_202": [0] * 720, "answers_404": [0.03 * each for each in pushes],
        "answers_503": [0.97 * each if away else 0 for away, each in zip(is_away, pushes)],
        "answers_504": [0] * 720, "refused": [0.1] * 720, "closed": [0] * 720,
        "dropped": [0] * 720,
        "received_p50": [None if away else 0.0006 + 0.0001 * wave
                         for away, wave in zip(is_away, waves)],
        "received_p99": [None if away else 0.004 * 10 ** (wave / 2)
                         for away, wave in zip(is_away, waves)],
    }, start=start, log=[
        (start - 7200, "info", "listening on 192.0.2.10:8080"),
        (start - 7199, "info", "Redis is ready after 4 ms, 1 address subscribed (redis://cache:6379)"),
        (start + 1800, "warning", "Redis is away: the connection was closed (redis://cache:6379)"),
        (start + 1860, "info", "Redis is ready after 9 ms, 4134 addresses subscribed (redis://cache:6379)"),
        (start + 3000, "error", "keeping the old options: --max-sessions: -1 is no number"),
        (start + 3040, "info", "reloaded options, keys and certificates")])
    return lambda: answer
