"""Metrics and figures as nodes tell them."""

import json
from datetime import UTC, datetime


def figures(node="tomcat", sessions=0, answers=(), deliveries=0, buckets=(), **more):
    """Returns metrics, as a text.

    @param answers pairs of a status and a count
    @param buckets pairs of a limit and how many pushes were within it
    """
    lines = {f'waybill_build_info{{node="{node}",version="0.1.0"}}': 1,
             "waybill_sessions": sessions, "waybill_addresses": sessions,
             "waybill_deliveries_total": deliveries, **more}
    lines |= {f'waybill_push_answers_total{{status="{status}"}}': count
              for status, count in answers}
    lines |= {f'waybill_push_seconds_bucket{{level="received",le="{limit}"}}': count
              for limit, count in buckets}
    lines |= {f'waybill_push_seconds_bucket{{level="written",le="{limit}"}}': 0
              for limit, _ in buckets}
    return "# TYPE waybill_sessions gauge\n" + "".join(f"{k} {v}\n" for k, v in lines.items())


def cluster_figures(*nodes, unknown=0):
    """Returns the figures of nodes, as a text.

    @param nodes those of each, its name among them
    """
    least = {"sessions": 0, "queued_bytes": 0, "deliveries": 0}
    return json.dumps({"nodes": [least | node for node in nodes], "unknown": unknown})


def history(figures=None, log=(), start=1_700_000_000):
    """Returns what a node remembers, as a text.

    @param figures the values of each figure, one for 5 s
    @param log triples: a time in seconds, a level and a message
    @param start the time of the first values
    """
    figures = figures or {}
    size = len(next(iter(figures.values()), []))
    return json.dumps({
        "node": "node1", "interval": 5, "times": [round(start) + 5 * i for i in range(size)],
        "figures": figures, "log": [
            {"time": datetime.fromtimestamp(time, UTC).isoformat().replace("+00:00", "Z"),
             "level": level, "node": "node1", "message": message} for time, level, message in log]})


def trace(name, *pushes, sessions=(), nodes=3, unknown=0):
    """Returns a trace, as a text.

    @param pushes those of the id, each a name, a time and pairs: hops, and what they tell
    @param sessions pairs: times, and what they tell
    """
    return json.dumps({
        "id": name, "nodes": nodes, "unknown": unknown,
        "pushes": [{"push": push, "at": at, "hops": list(hops)} for push, at, *hops in pushes],
        "sessions": [{"at": at, **told} for at, told in sessions]})


def hop(name, after, node, **more):
    """Returns a hop of a push."""
    return {"hop": name, "after": after, "node": node, **more}
