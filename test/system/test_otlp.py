"""Spans of pushes with a `traceparent`, as a collector of OpenTelemetry gets them."""

import http.server
import json
import secrets
import threading
from contextlib import contextmanager

import pytest

from clients import get, joined, keep, push, receive, request
from harness import eventually


class Collector:
    """Takes spans by OTLP over HTTP."""

    def __init__(self):
        self.spans = []
        self.requests = 0
        self.answers = []
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """Answers with the next of `answers`, else takes the spans."""

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.requests += 1
                status, answer = collector.answers.pop(0) if collector.answers else (200, {})
                if status == 200 and not answer:
                    collector.take(self.path, self.headers["Content-Type"], json.loads(body))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def take(self, path, content_type, document):
        """Adds the spans of a request, with their attributes as a map."""
        assert (path, content_type) == ("/v1/traces", "application/json")
        for resource in document["resourceSpans"]:
            of_node = attributes_of(resource["resource"])
            assert of_node["service.name"] == "waybill"
            for scope in resource["scopeSpans"]:
                assert scope["scope"]["name"] == "waybill"
                for span in scope["spans"]:
                    self.spans.append({**span, **attributes_of(span),
                                       "node": of_node["service.instance.id"]})

    def of(self, trace):
        """Returns the spans of a trace by their names."""
        return {span["name"]: span for span in self.spans if span["traceId"] == trace.id}


def attributes_of(part):
    return {x["key"]: next(iter(x["value"].values())) for x in part["attributes"]}


class Trace:
    """A trace whose pusher has a span of its own."""

    def __init__(self, flags="01"):
        self.id = secrets.token_hex(16)
        self.span = secrets.token_hex(8)
        self.headers = {"traceparent": f"00-{self.id}-{self.span}-{flags}"}


@contextmanager
def collecting():
    result = Collector()
    thread = threading.Thread(target=result.server.serve_forever)
    thread.start()
    try:
        yield result
    finally:
        result.server.shutdown()
        thread.join()
        result.server.server_close()


@pytest.fixture
def collector():
    with collecting() as result:
        yield result


async def has(collector, trace, *names):
    """Waits for the spans of a trace, and returns them by their names."""
    await eventually(lambda: set(collector.of(trace)) >= set(names))
    spans = collector.of(trace)
    assert set(spans) == set(names)
    for span in spans.values():
        assert 0 < int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"])
    return spans


def check_chain(trace, *spans):
    """Checks that each span is a part of the one before."""
    parent = trace.span
    for span in spans:
        assert span["parentSpanId"] == parent
        parent = span["spanId"]


async def test_a_push_is_one_trace_from_the_request_to_the_client(lab, collector):
    one, two = lab.cluster("--otlp", collector.url, size=2).nodes
    trace = Trace()
    async with joined(two, "456") as ws:
        answer = await push(one, "456", "hello", "?receipt=received", headers=trace.headers)
        assert answer.status == 200
        assert await receive(ws) == "hello"
    spans = await has(collector, trace, "waybill push", "waybill deliver", "waybill receive")
    pushed, delivered, received = (spans[f"waybill {name}"]
                                   for name in ("push", "deliver", "receive"))
    check_chain(trace, pushed, delivered, received)
    assert [x["waybill.push"] for x in spans.values()] == [answer.json["push"]] * 3
    assert [x["waybill.address"] for x in spans.values()] == ["id:456"] * 3
    assert pushed["http.response.status_code"] == "200"
    assert pushed["node"] != delivered["node"] == received["node"]
    assert delivered["client.address"].startswith("127.0.0.1:")
    assert not any("status" in x for x in spans.values())


@pytest.mark.parametrize("with_redis", [True, False], ids=["redis", "alone"])
async def test_a_push_that_is_delivered_later_stays_in_its_trace(lab, collector, with_redis):
    options = ("--otlp", collector.url)
    one, two = (lab.cluster(*options, size=2).nodes if with_redis
                else [lab.node(*options)] * 2)
    trace = Trace()
    answer = await push(one, "456", "hello", "?ttl=3600", headers=trace.headers)
    assert answer.status == 202
    await has(collector, trace, "waybill push")
    async with joined(two, "456") as ws:
        assert await receive(ws) == "hello"
        spans = await has(collector, trace, "waybill push", "waybill deliver", "waybill receive")
    check_chain(trace, spans["waybill push"], spans["waybill deliver"], spans["waybill receive"])
    assert (int(spans["waybill push"]["endTimeUnixNano"])
            < int(spans["waybill deliver"]["startTimeUnixNano"]))


async def test_the_trace_of_an_id_names_the_trace_of_its_push(lab):
    one, two = lab.cluster(size=2).nodes
    trace = Trace()
    async with joined(two, "456"):
        await push(one, "456", "hello", headers=trace.headers)
        found = await get(two, "/trace/456")
    assert found["pushes"][0]["hops"][0]["trace_id"] == trace.id


async def test_lines_of_a_batch_are_parts_of_its_trace(lab, collector):
    node = lab.node("--otlp", collector.url)
    trace = Trace()
    await request(node, "POST", "/push", b'{"to":"1","message":"a"}\n{"to":"2","message":"b"}',
                  headers=trace.headers)
    await eventually(lambda: len(collector.spans) == 2)
    assert {x["waybill.address"] for x in collector.spans} == {"id:1", "id:2"}
    assert {x["parentSpanId"] for x in collector.spans} == {trace.span}
    assert {x["http.response.status_code"] for x in collector.spans} == {"404"}


async def test_what_is_not_recorded_has_no_spans(lab, collector):
    node = lab.node("--otlp", collector.url)
    async with joined(node, "456") as ws:
        await push(node, "456", "a")
        await push(node, "456", "b", headers=Trace("00").headers)
        await push(node, "456", "c", headers={"traceparent": "00-nonsense-01"})
        last = Trace()
        await push(node, "456", "d", headers=last.headers)
        assert [await receive(ws) for _ in range(4)] == ["a", "b", "c", "d"]
        await has(collector, last, "waybill push", "waybill deliver")
    assert {x["traceId"] for x in collector.spans} == {last.id}


async def test_spans_wait_for_a_collector_that_is_away(lab, collector):
    node = lab.node("--otlp", collector.url)
    collector.answers = [(503, {}), (429, {})]
    trace = Trace()
    assert (await push(node, "456", "hello", headers=trace.headers)).status == 404
    await has(collector, trace, "waybill push")
    assert collector.requests == 3
    node.log.wait_for("WB-109 spans are not exported: the collector answers 503")
    await eventually(lambda: has_counts(node, exported=1, dropped=0))


async def test_spans_that_a_collector_refuses_are_counted(lab, collector):
    node = lab.node("--otlp", collector.url)
    collector.answers = [(400, {}), (200, {"partialSuccess": {"rejectedSpans": "1"}})]
    for requests in (1, 2):
        await push(node, "456", "hello", headers=Trace().headers)
        await eventually(lambda: collector.requests == requests)
        await eventually(lambda: has_counts(node, exported=0, dropped=requests))


async def has_counts(node, exported, dropped):
    figures = await get(node, "/stats")
    return (figures["exported_spans"], figures["dropped_spans"]) == (exported, dropped)


async def test_pushes_do_not_wait_for_a_collector_that_does_not_exist(lab):
    node = lab.node("--otlp", "http://127.0.0.1:1")
    async with joined(node, "456") as ws:
        answer = await push(node, "456", "hello", "?receipt=received", headers=Trace().headers)
        assert answer.status == 200
        assert await receive(ws) == "hello"
        node.log.wait_for("WB-109 spans are not exported: cannot connect to 127.0.0.1:1")


async def test_a_node_that_stops_exports_its_last_spans(lab, collector):
    node = lab.node("--otlp", collector.url)
    trace = Trace()
    await push(node, "456", "hello", headers=trace.headers)
    node.stop()
    await has(collector, trace, "waybill push")


async def test_the_last_value_of_a_topic_stays_in_its_trace(lab, collector):
    one, two = lab.cluster("--otlp", collector.url, size=2).nodes
    trace = Trace()
    await request(one, "POST", "/topic/news?retain=600", b"hello", headers=trace.headers)
    await keep(one, "456", "kept")
    async with joined(two, "456", query="?topics=news") as ws:
        assert {await receive(ws), await receive(ws)} == {"hello", "kept"}
        spans = await has(collector, trace, "waybill push", "waybill deliver")
    check_chain(trace, spans["waybill push"], spans["waybill deliver"])
    assert spans["waybill deliver"]["waybill.address"] == "topic:news"
