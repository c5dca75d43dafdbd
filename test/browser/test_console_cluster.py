"""The nodes of a cluster, as its console shows them."""

import itertools
import json
import re

from clients import Http, join, keep, push, receive, request
from console_page import console_of
from console_server import FOLDER
from figures import cluster_figures, figures
from harness import eventually

COLUMNS = ["name", "sessions", "pushes", "deliveries", "p50", "p99", "lag", "queues", "cpu", "memory",
           "descriptors", "uptime", "version", "kept", "read", "lost"]

TIME = r"[\d.]+ [mµ]?s"
RATE = r"[1-9][\d,]*|\d\.\d"
CAPACITY = r" of [\d,]+"
NOTHING = ["–"] * (len(COLUMNS) - 1)


async def names(console):
    """Returns the names of the nodes, and what is said of them."""
    return await console.page.texts("#cluster tbody th")


async def all_rows(console):
    """Returns the figures of each row, the sum as the last one."""
    return await console.rows("#cluster tbody") + await console.rows("#cluster tfoot")


async def row_is(console, number, **patterns):
    """Tells whether figures of a row match patterns."""
    rows = await all_rows(console)
    return len(rows) > max(number, 0) and all(
        re.fullmatch(pattern, rows[number][COLUMNS.index(name)])
        for name, pattern in patterns.items())


async def until_row(console, number, **patterns):
    """Waits until figures of a row match patterns."""
    try:
        await eventually(lambda: row_is(console, number, **patterns), 15)
    except AssertionError:
        raise AssertionError(f"{await all_rows(console)}, not {patterns}") from None


async def test_all_nodes_are_shown_live(lab, chromium):
    one, two, three = lab.cluster().nodes
    async with console_of(one, chromium) as console, Http(two) as http:
        await eventually(lambda: row_is(console, 0, name="node1, this one"))
        assert await names(console) == ["node1, this one", "node2", "node3"]
        await join(two, "456")
        await join(three, "456")
        await keep(one, "kept", "hello")
        assert await receive(await join(three, "kept")) == "hello"
        await until_row(console, 1, sessions="1" + CAPACITY)
        await until_row(console, 2, sessions="2" + CAPACITY, read="1")
        await until_row(console, 0, sessions="0" + CAPACITY, kept="1", read="0", lag=TIME)
        await until_row(console, 0, cpu=r"[\d.]+ %", memory=r"[\d.]+ MB",
                        descriptors=r"[1-9]\d*" + CAPACITY, uptime=r"\d+ s", version=r"\d+\.\d+\.\d+")

        async def pushes_are_shown():
            assert (await http.push("456", "hello", "?receipt=received")).status == 200
            return await row_is(console, 1, pushes=RATE, p99=TIME, p50=TIME)

        await eventually(pushes_are_shown)
        await until_row(console, 2, deliveries=RATE, pushes="0", p99="–")
        await until_row(console, -1, name="All 3 nodes", sessions="3" + CAPACITY, pushes=RATE, kept="1",
                        deliveries=RATE, p99=TIME, lag=TIME, lost="0", descriptors="–", uptime="–",
                        version="–")
        assert re.fullmatch(r"All is well: 3 nodes, 3 sessions of [\d,]+",
                            await console.text("#verdict-text"))
        assert await console.of("#verdict", "dataset.state") == "good"
        assert {(request.method, request.path_qs) for request in console.server.requests} == {
            ("GET", "/metrics"), ("GET", "/readyz"), ("GET", "/history"),
            ("GET", "/stats?cluster=1&wait=500ms")}


async def test_the_largest_ids_and_topics_are_listed_on_request(lab, chromium):
    one, two = lab.cluster(size=2).nodes
    async with console_of(one, chromium) as console:
        for node in (one, two):
            await join(node, "456", "?topics=news")
        await join(two, "<b>457")
        await console.click("#largest summary")
        await console.until("#largest-topics td", "news")
        assert await console.rows("#largest-ids tbody") == [["456", "2"], ["<b>457", "1"]]
        assert await console.rows("#largest-topics tbody") == [["news", "2"]]
        assert not await console.of("#largest-queues", "checkVisibility()")
        await console.click("#largest-ids a")
        await console.until("#find-note", "Online on 2 nodes.")


async def test_the_largest_queues_name_whose_they_are(lab, chromium):
    answer = {"nodes": 2, "unknown": 1, "ids": [{"id": "456", "sessions": 1}], "topics": [],
              "queues": [{"node": "node1", "id": "456", "peer": "192.0.2.1:80", "bytes": 9000}]}
    async with console_of(lab.node(), chromium, answers={"/largest": lambda: json.dumps(answer)}) as console:
        await console.click("#largest summary")
        await console.until("#largest-note", "1 node did not answer.")
        assert await console.rows("#largest-queues tbody") == [["456", "node1", "192.0.2.1:80", "9.0 kB"]]


async def test_a_node_that_is_silent_or_gone_keeps_its_row(lab, chromium):
    cluster = lab.cluster()
    one, two, three = cluster.nodes
    async with console_of(one, chromium) as console:
        await until_row(console, -1, name="All 3 nodes")
        two.freeze()
        await console.until("#cluster-note", "1 node did not answer.")
        assert await names(console) == ["node1, this one", "node2, silent", "node3"]
        assert (await console.rows("#cluster tbody"))[1][1:] == NOTHING
        assert await row_is(console, -1, name="2 of 3 nodes", sessions="0" + CAPACITY)
        await console.until("#verdict-text", "node2 does not answer")
        assert await console.of("#verdict", "dataset.state") == "bad"
        two.thaw()
        await until_row(console, 1, name="node2", sessions="0" + CAPACITY)
        assert await console.text("#cluster-note") == ""
        await console.until("#verdict-text", "All is well: 3 nodes")
        three.stop()
        await until_row(console, 2, name=r"node3, gone since \d\d:\d\d")
        assert (await console.rows("#cluster tbody"))[2][1:] == NOTHING
        assert await row_is(console, -1, name="2 of 3 nodes")
        await console.until("#verdict-text", "node3 has been gone since ")
        await console.until("#events li", "node3 is gone.")
        lab.node("--node", "node3", redis=cluster.redis)
        await until_row(console, -1, name="All 3 nodes")
        assert await names(console) == ["node1, this one", "node2", "node3"]
        await console.until("#events li", "node3 is back.")
        await console.until("#verdict-text", "All is well: 3 nodes")


async def test_a_node_that_cannot_ask_the_others_is_told_so(lab, chromium):
    cluster = lab.cluster(size=2)
    async with console_of(cluster.nodes[0], chromium) as console:
        await until_row(console, -1, name="All 2 nodes", lost="0")
        cluster.redis.kill()
        await console.until("#cluster-note", "Redis is away: this node cannot ask the others.")
        assert [row[1:] for row in await console.rows("#cluster tbody")] == [NOTHING] * 2
        assert await console.rows("#cluster tfoot") == []
        cluster.redis.start()
        await until_row(console, -1, name="All 2 nodes", lost="2")
        assert await console.text("#cluster-note") == ""
        # The nodes find each other one by one.
        assert not any("gone" in line for line in await console.page.texts("#events li"))
        cluster.nodes[0].kill()
        await console.until("#cluster-note", "The node cannot be reached.")


async def test_a_node_that_is_alone_has_one_row(lab, chromium):
    node = lab.node("--node", "tomcat")
    async with console_of(node, chromium) as console:
        await join(node, "456")
        await until_row(console, 0, name="tomcat, this one", sessions="1" + CAPACITY, pushes="0", lost="0")
        assert len(await console.rows("#cluster tbody")) == 1
        assert await console.rows("#cluster tfoot") == []


async def test_figures_are_counted_from_those_of_nodes(lab, chromium):
    counts = itertools.count(1)

    def stats():
        n = next(counts)
        # Of one node all pushes take up to 2 ms, half of them up to 1 ms; of the other most
        # take longer than can be told.
        return cluster_figures(
            {"node": "node10", "sessions": 1234, "queued_bytes": 4_200_000, "deliveries": 200 * n,
             "answers_200": 2 * n, "answers_503": 38 * n, "received_count": 20 * n,
             "received_in_1ms": 10 * n, "received_in_2ms": 10 * n, "lag_count": 4 * n,
             "lag_microseconds": 1000 * n, "kept_pushes": 7, "links_lost": 2, "version": "0.2.0",
             "max_sessions": 9000, "open_descriptors": 1300, "max_descriptors": 65536,
             "resident_bytes": 97_000_000, "uptime_seconds": 90_000, "cpu_milliseconds": 500 * n},
            {"node": "node2", "sessions": 1, "queued_bytes": 1000, "received_count": 60 * n,
             "lag_count": 4 * n, "lag_microseconds": 9000 * n, "mailbox_read": 8, "version": "0.1.0",
             "max_sessions": 1000})

    answers = {"/stats": stats, "/metrics": lambda: figures(node="node2")}
    async with console_of(lab.node(), chromium, answers=answers) as console:
        # Every two seconds an answer; the machine may be slow.
        await until_row(console, 1, name="node10", sessions="1,234 of 9,000", queues="4.2 MB",
                        pushes=r"1\d|20|[4-9]\.\d", deliveries=r"\d\d|100", p50="1.0 ms",
                        p99="2.0 ms", lag="250 µs", kept="7", read="0", lost="2", cpu=r"[12]\d %|\d\.\d %",
                        memory="97 MB", descriptors="1,300 of 65,536", uptime="1 d 1 h", version="0.2.0")
        await until_row(console, 0, name="node2, this one", pushes="0", deliveries="0",
                        p50="5.0 s", p99="5.0 s", lag="2.3 ms", read="8")
        await until_row(console, 2, name="All 2 nodes", sessions="1,235 of 10,000", queues="4.2 MB",
                        pushes=r"1\d|20|[4-9]\.\d", p50="5.0 s", lag="1.3 ms", kept="7", read="8",
                        lost="2", version="2 versions")
        assert await console.page.texts("#cluster td[data-state=warn]") == ["0.1.0", "0.2.0"]


async def test_a_node_that_started_again_has_no_negative_figures(lab, chromium):
    async with console_of(lab.node(), chromium) as console:
        assert await console.page.evaluate("""
          import("/console/figures.js").then(({ latency, pushes, tellAll, tellNode }) => {
            const at = (time, figures) => ({ time, nodes: new Map([["n", figures]]) });
            const told = tellNode("n", [
              at(0, { answers_200: 5 }), at(20, { answers_200: 900, deliveries: 40 }),
              at(25, { answers_200: 10, answers_404: 5, deliveries: 60, received_count: 4,
                       received_in_5ms: 4 })]);
            const first = tellNode("n", [at(0, { sessions: 3 })]);
            const both = tellAll([first, told]);
            return [told.rates.answers_200, pushes(told.rates), told.rates.deliveries,
                    told.recent.answers_200, latency(0.5, told.recent), latency(0.5, {}),
                    first.rates, both.now.sessions, both.rates.deliveries];
          })""") == [2, 3, 4, 5, 0.0035, None, None, 3, 4]


async def test_nothing_is_asked_for_a_tab_that_is_hidden(lab, chromium):
    async with console_of(lab.node(), chromium, hurry=True) as console:
        asked = lambda path: sum(request.path == path for request in console.server.requests)
        await eventually(lambda: asked("/stats") > 2)
        await console.page.evaluate(
            "Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
        # One may be on its way.
        await eventually(lambda: asked("/readyz") > 20)
        before = asked("/stats"), asked("/readyz")
        await eventually(lambda: asked("/readyz") > before[1] + 20)
        assert asked("/stats") == before[0]
        await console.page.evaluate("delete document.hidden")
        await eventually(lambda: asked("/stats") > before[0])


async def test_the_page_names_figures_as_nodes_do(lab):
    node = lab.node(redis=lab.redis())
    script = (FOLDER / "figures.js").read_text() + (FOLDER / "cluster.js").read_text()
    ws = await join(node, "456")
    await keep(node, "kept", "hello")
    for _ in range(3):
        await push(node, "456", "hello", "?receipt=received")
        await receive(ws)

    async def figures_of_the_node():
        [told] = (await request(node, "GET", "/stats?cluster=1")).json["nodes"]
        return {"kept_pushes", "received_count", "lag_count"} <= told.keys() and told

    told = await eventually(figures_of_the_node)
    names = {"sessions", "queued_bytes", "deliveries", "kept_pushes", "mailbox_read",
             "links_lost", "lag_count", "lag_microseconds", "max_sessions", "cpu_milliseconds",
             "resident_bytes", "open_descriptors", "max_descriptors", "uptime_seconds", "version"}
    assert names <= told.keys()
    assert all(name in script for name in names)
    limits = re.search(r"LIMITS = \[([\d, ]+)\]", script)[1].split(", ")
    metrics = (await request(node, "GET", "/metrics")).body.decode()
    assert {int(limit) / 1000 for limit in limits} == {float(limit) for limit in re.findall(
        r'waybill_push_seconds_bucket\{level="received",le="([\d.]+)"', metrics)}
