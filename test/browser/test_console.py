"""The console of a node, as people see it."""

import itertools
import re

import pytest

from clients import GREETING, Http, join, push, receive, request
from console_page import console_of
from console_scene import busy_cluster, eventful_hour, eventful_trace, largest
from console_server import FOLDER
from figures import figures
from harness import eventually
from tokens import make_key


async def figure(console, title):
    """Returns the figure with a title."""
    titles = await console.page.texts("#figures dt")
    return (await console.page.texts("#figures dd"))[titles.index(title)]


async def figure_is(console, title, pattern):
    """Tells whether a figure matches a pattern."""
    return re.fullmatch(pattern, await figure(console, title))


async def test_a_node_is_shown_live(lab, chromium):
    node = lab.node("--node", "tomcat", redis=lab.redis())
    async with console_of(node, chromium) as console, Http(node) as http:
        await console.until("#node", "tomcat 0.1.0")
        await console.until("#losses-total", "nothing so far")
        await join(node, "456", "?topics=news")
        await join(node, "456")
        await eventually(lambda: figure_is(console, "Sessions", "2"))
        assert await figure(console, "Addresses") == "2"

        async def pushes_are_shown():
            assert (await http.push("456", "hello", "?receipt=received")).status == 200
            return await figure_is(console, "Pushes a second", r"[1-9].*")

        await eventually(pushes_are_shown)
        await eventually(lambda: figure_is(console, "Deliveries a second", r"[1-9].*"))
        await eventually(lambda: figure_is(console, "p99 to received", r"[\d.]+ [mµ]?s"))
        assert (await request(node, "DELETE", "/socket/456")).status == 200
        await console.until("#losses td", "sessions closed: kicked")
        assert await console.text("#losses-total") == "something in the last 5 min"
        await eventually(lambda: figure_is(console, "Sessions", "0"))


async def test_the_page_names_metrics_as_the_node_does(lab):
    names = re.findall(r'"(waybill_\w+)"', (FOLDER / "live.js").read_text())
    told = (await request(lab.node(redis=lab.redis()), "GET", "/metrics")).body.decode()
    assert len(names) > 10
    assert set(names) <= set(re.findall(r"^# TYPE (\w+) ", told, re.MULTILINE))


async def test_figures_are_counted_from_metrics(lab, chromium):
    counts = itertools.count()

    def metrics():
        n = next(counts)
        # All pushes take up to 2 ms, half of them up to 1 ms.
        return figures(sessions=1234, answers=[("200", 50 * n), ("503", 7)], deliveries=200 * n,
                       buckets=[("0.001", 25 * n), ("0.002", 50 * n), ("+Inf", 50 * n)],
                       waybill_queued_bytes=4_200_000)

    async with console_of(lab.node(), chromium, answers={"/metrics": metrics}) as console:
        await console.until("#ready", "ready")
        await console.until("#node", "tomcat 0.1.0")
        await console.until("#figures dd", "1,234")
        assert await console.page.evaluate("document.title") == "Waybill console: tomcat"
        await eventually(lambda: figure_is(console, "p99 to received", r"2\.0 ms"))
        assert await figure(console, "p50 to received") == "1.0 ms"
        assert await figure(console, "In queues") == "4.2 MB"
        # Each second a sample; the machine may be slow.
        assert await figure_is(console, "Pushes a second", r"[2-9]\d|[2-9]\.\d")
        assert await figure_is(console, "Deliveries a second", r"\d\d\d|[2-9]\d")


async def test_what_was_lost_is_told_for_the_last_minutes_and_since_the_start(lab, chromium):
    slow = itertools.count(10)
    answers = {"/metrics": lambda: figures(
        **{'waybill_closed_sessions_total{reason="slow"}': next(slow),
           'waybill_over_limit_total{option="max-sessions"}': 3,
           'waybill_refused_total{reason="key"}': 0})}
    async with console_of(lab.node(), chromium, answers=answers, hurry=True) as console:
        await console.until("#losses-total", "something in the last 5 min")
        await console.until("#losses tr", "refused by --max-sessions03")
        rows = await console.page.texts("#losses tbody tr")
        last, total = re.fullmatch(r"sessions closed: slow(\d+?)(\d\d+)", rows[0]).groups()
        assert len(rows) == 2 and int(total) >= 10 and int(last) < int(total), rows


async def test_figures_of_a_node_that_started_again_are_not_negative(chromium, lab):
    async with console_of(lab.node(), chromium) as console:
        assert await console.page.evaluate("""
          import("/console/metrics.js").then(({ increase, parse, quantile, valueOf }) => {
            const made = (...counts) => parse(counts.map((count, i) =>
              `t_bucket{level="a b",le="${["0.1", "0.2", "+Inf"][i]}"} ${count}`).join("\\n"));
            const of = (q, now, before) => quantile(q, "t", { level: "a b" }, now, before);
            const none = made(0, 0, 0);
            const near = number => Math.round(number * 1000) / 1000;
            return [
              increase(5, 3), increase(2, 300), of(0.5, none, none),
              near(of(0.5, made(10, 20, 20), made(0, 0, 0))),
              near(of(0.5, made(10, 20, 20), made(10, 10, 10))),
              near(of(0.99, made(10, 20, 100), none)),
              near(of(0.5, made(1, 3, 3), made(100, 300, 300))),
              valueOf(parse('x{a="\\\\"}\\\\\\\\\\\\n"} 2\\nx 3\\n# x 4'), "x"),
              parse('x{a="\\\\"}\\\\\\\\\\\\n"} 2').get("x")[0].labels.a,
            ];
          })""") == [2, 2, None, 0.1, 0.15, 0.2, 0.125, 5, '"}\\\n']


async def test_a_node_without_redis_or_that_is_gone_is_told_so(lab, chromium):
    cluster = lab.cluster(size=1)
    node, = cluster.nodes
    async with console_of(node, chromium) as console:
        await console.until("#ready", "ready")
        await eventually(lambda: figure_is(console, "Sessions", "0"))
        cluster.redis.kill()
        await console.until("#ready", "Redis is away")
        await console.until("#verdict-text", "Redis away for ")
        await console.until("#events li[data-state=warn]", "Redis is away")
        node.kill()
        await console.until("#ready", "unreachable")
        await console.until("#verdict-text", "has not answered for ")
        await console.until("#events li", "This node does not answer.")
        await console.until("#live-note", "The node cannot be reached.")
        await eventually(lambda: figure_is(console, "Sessions", "–"))
        await console.push(name="456")
        await console.until("#push-note", "The node cannot be reached.")
        cluster.redis.start()
        lab.node(listen=f"{node.host}:{node.port}", redis=cluster.redis)
        await console.until("#ready", "ready")


async def test_a_key_is_kept_in_the_tab_and_in_no_url(lab, chromium, tmp_path):
    keys = tmp_path / "keys"
    pusher, admin = (make_key(keys, name, "--scope", scopes)
                     for name, scopes in [("pusher", "push"), ("all", "push,presence,kick,admin")])
    node = lab.node("--api-key-file", keys, "--node", "tomcat")
    async with console_of(node, chromium, hurry=True) as console:
        asked = lambda path: sum(request.path == path for request in console.server.requests)
        await console.until("#live-note", "Enter an API key above.")
        # Only a new key is worth another try, which would be counted as refused.
        await eventually(lambda: asked("/readyz") > 10)
        assert asked("/metrics") == asked("/stats") == 1
        assert "Enter an API key above." in await console.text("#cluster-note")
        await console.find("456")
        await console.until("#find-note", "Enter an API key above.")
        await console.fill(key="waybill_wrong")
        await console.press("Enter")
        await console.until("#live-note", "The node does not know this API key: correct it above.")
        await console.fill(key=pusher)
        await console.press("Enter")
        await console.until("#key-note", "Kept in this tab only.")
        await console.find("456")
        await eventually(lambda: console.page.evaluate(
            "!document.querySelector('#find-note').textContent.includes('Enter')"))
        assert await console.of("#find-note", "dataset.state") == "bad"
        await console.fill(key=admin)
        await console.click("#key-form button")
        await console.find("456")
        await console.until("#find-note", "Offline.")
        await console.until("#trace-note", "Nothing is remembered of this id.")
        assert asked("/trace/456") == 1
        await console.until("#node", "tomcat")
        assert await console.text("#live-note") == ""
        await console.until("#cluster tbody th", "tomcat")
        assert await console.text("#cluster-note") == ""
        assert not any(admin in str(request.rel_url) for request in console.server.requests)
        assert await console.page.evaluate(
            "[location.href, document.cookie, localStorage.length, Object.values(sessionStorage)]"
            ) == [console.server.url, "", 0, [admin]]
        await console.fill(key="ключ")
        await console.click("#key-form button")
        await console.until("#key-note", "visible ASCII")
        await console.fill(key="")
        await console.click("#key-form button")
        await console.until("#key-note", "No key is used.")
        assert await console.page.evaluate("sessionStorage.length") == 0


ORDER = ["API key", "key", "Use", "", "cluster", "The largest ids, topics and queues", "", "events", "find-id", "Find", "push-to",
         "push-name", "push-message", "push-receipt", "push-wait", "push-ttl", "Push", "client-url",
         "client-id", "client-topics", "client-token", "client-open", "client-log", "client-text"]


async def test_all_is_reached_by_keyboard(lab, chromium):
    node = lab.node()
    ws = await join(node, "456")
    async with console_of(node, chromium) as console:
        # Before, there is no table to scroll.
        await console.until("#cluster tbody tr", "this one")
        await console.until("#events li", "takes up to")
        reached = []
        for name in ORDER:
            await console.press("Tab")
            reached.append(await console.focused() if name else "")
            if name == "API key":
                await console.press("Enter")
        assert reached == ORDER
        await console.of("#client-log", "focus()")
        await console.press("/")
        assert await console.focused() == "find-id"
        await console.page.command("Input.insertText", text="4/6")
        await console.press("/")
        assert await console.of("#find-id", "value") == "4/6/"
        await console.fill(find_id="456")
        await console.press("Enter")
        await console.until("#trace-title", "Trace of 456")
        for _ in range(5):
            await console.press("Tab")
        assert await console.of("#trace", "matches(':focus')")
        await console.fill(push_name="456", push_message="by keyboard")
        await console.press("Enter", modifiers=2)
        await console.until("#push-note", "Received by 1 of 1")
        assert await receive(ws) == "by keyboard"


async def test_all_has_a_name_for_those_who_do_not_see_it(lab, chromium):
    node = lab.node()
    await join(node, "456")
    async with console_of(node, chromium) as console:
        await console.find("456")
        await console.until("#trace-title", "Trace")
        await console.until("#cluster tbody tr", "–")
        await console.page.command("Accessibility.enable")
        tree = (await console.page.command("Accessibility.getFullAXTree"))["nodes"]
        found = {}
        for element in tree:
            if not element["ignored"]:
                name = element.get("name", {}).get("value", "")
                found.setdefault(element["role"]["value"], []).append(name)
        roles = ["textbox", "searchbox", "combobox", "spinbutton", "button", "region", "log",
                 "heading"]
        assert all(found[role] and all(found[role]) for role in roles), found
        # Elements within others come last.
        assert found["heading"][1:] == ["This node", "Cluster", "Charts", "Events", "Find an id", "Push",
                                        "Test client", "Trace of 456, newest first"]
        assert "Table of nodes" in found["region"]
        assert {"table", "columnheader", "rowheader", "caption"} <= found.keys(), found
        assert "image" not in found and "search" in found


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.*")), ids=lambda path: path.name)
def test_the_page_needs_nothing_from_elsewhere_and_writes_no_html(path):
    text = path.read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|Function\(|"
                         r"createContextualFragment|DOMParser|setHTML| on\w+=| style=", text)
    assert not re.search(r"(?<!xmlns=')https?:", text)
    assert text.count("\n") < 350


async def test_the_page_fits_screens_in_light_and_dark(lab, chromium):
    node = lab.node("--node", "node1")
    waves = itertools.count()

    def metrics():
        n = next(waves)
        return figures(node="node1", sessions=120 + n // 3 % 40, deliveries=90 * n + 400 * (n // 60),
                       answers=[("200", 60 * n + 9 * (n % 7)), ("404", 4 * n + n // 5 * 3),
                                ("503", 40 if n > 150 else 0)],
                       buckets=[("0.001", 20 * n), ("0.002", 50 * n), ("0.005", 59 * n),
                                ("+Inf", 60 * n)],
                       waybill_queued_bytes=3000 * (n % 50),
                       **{'waybill_closed_sessions_total{reason="slow"}': n // 100,
                          'waybill_refused_total{reason="other"}': n // 40,
                          'waybill_refused_total{reason="key"}': n // 40})

    answers = {"/metrics": metrics, "/stats": busy_cluster(), "/trace/456": eventful_trace,
               "/history": eventful_hour(), "/largest": largest}
    async with console_of(node, chromium, answers=answers, hurry=True) as console:
        await console.until("#cluster-note", "1 node did not answer.")
        await console.connect(node, "456")
        await console.until("#client-log li", GREETING)
        await push(node, "456", b"\x01\x02\x03")
        await console.push(name="456", message="a message that is as long as messages are")
        await console.until("#push-note", "Received")
        await console.find("456")
        await console.until("#trace-title", "Trace of 456")
        await console.click("#losses summary")
        await console.click("#largest summary")
        await console.until("#largest-queues td", "900 kB")
        await console.click("#span [value='3600']")
        await eventually(lambda: next(waves) > 150)
        for name, window in {"light": {}, "dark": {"dark": True},
                             "medium": {"width": 768, "height": 1024},
                             "small": {"width": 390, "height": 844},
                             "small-dark": {"width": 390, "height": 844, "dark": True}}.items():
            await console.show(**window)
            width = window.get("width", 1280)
            assert await console.page.evaluate("document.documentElement.scrollWidth") <= width
            # uPlot draws as wide as its place.
            assert await console.page.evaluate(
                "[...document.querySelectorAll('.uplot')].every(each => "
                "each.clientWidth <= each.parentElement.clientWidth)")
            assert await console.barriers() == []
            await console.shoot(name)
        await console.click("#kick")
        assert await console.barriers() == []
        await console.shoot("dialog")
