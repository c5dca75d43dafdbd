"""Answers of a busy cluster of four, the third of which has become silent."""

import itertools

from figures import cluster_figures, hop, trace

PEER = "203.0.113.7:50314"
LEFT = {"hop": "left", "node": "node3", "peer": "203.0.113.7",
        "why": "too_slow: its queue was full"}


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
            "lag_count": 4 * n, "lag_microseconds": 370 * i * n, "kept_pushes": 40 * i,
            "mailbox_read": 37 * i, "links_lost": i // 4} for i in range(1, 5)]
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
