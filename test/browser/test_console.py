"""The console of a node, as people see it."""

import itertools
import json
import re

import pytest

from clients import GREETING, close_of, confirm, join, push, receive, request, until_offline
from console_page import console_of
from console_server import FOLDER
from harness import ROOT, Server, eventually
from tokens import SECRET, make_key, token

REFERENCE = (ROOT / "docs/reference/README.md").read_text()

# An id may have no slash.
HOSTILE = "<img src=x onerror=alert(1)>"
CLOSED = "<script>alert(2)</script></p></code><b>bold"


def figures(node="tomcat", sessions=0, answers=(), deliveries=0, buckets=(), **more):
    """Returns metrics as a node tells them.

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


async def figure(console, title):
    """Returns the figure with a title."""
    titles = await console.page.texts("#figures dt")
    return (await console.page.texts("#figures dd"))[titles.index(title)]


async def test_an_id_is_found_and_kicked(lab, chromium):
    cluster = lab.cluster(size=2)
    one, two = cluster.nodes
    async with console_of(one, chromium) as console:
        await console.find("456")
        await console.until("#find-note", "Offline.")
        sessions = [await join(node, "456") for node in (one, two)]
        await console.find("456")
        await console.until("#find-note", "Online on 2 nodes.")
        rows = await console.page.texts("#find-result tbody tr")
        assert sorted(row[:5] for row in rows) == ["node1", "node2"]
        assert all(re.fullmatch(r"node\d127\.0\.0\.1:\d+\d sB?0 B", row) for row in rows), rows
        await console.click("#kick")
        assert await console.text("#kick-question") == "Close all sessions of 456?"
        assert await console.focused() == "Cancel"
        await console.press("Escape")
        await confirm(one, "456", *sessions)
        await console.click("#kick")
        await console.click("#kick-dialog .danger")
        await console.until("#find-note", "Kicked from 2 nodes.")
        assert [await close_of(ws) for ws in sessions] == [4500, 4500]
        assert not await console.of("#kick", "checkVisibility()")


async def test_a_push_is_told_in_words_and_as_json(lab, chromium):
    node = lab.node(redis=lab.redis())
    async with console_of(node, chromium) as console:
        await console.push(name="456", message="hello 连接")
        await console.until("#push-note", "404 after")
        assert (await console.text("#push-note")).endswith(" ms. Nobody holds this address, and nothing was kept.")
        await console.push(ttl="60")
        await console.until("#push-note", "Kept for the id, until a client has confirmed it.")
        ws = await join(node, "456", "?topics=news")
        assert await receive(ws) == "hello 连接"
        await console.push(ttl="0", message="again")
        await console.until("#push-note", "Received by 1 of 1 session. 1 node holds it.")
        assert json.loads(await console.text("#push-answer"))["received"] == 1
        assert await receive(ws) == "again"
        await console.push(to="topic", name="news", receipt="written", message="")
        await console.until("#push-note", "Written to 1 of 1 session. 1 node holds it.")
        await console.push(to="broadcast", receipt="routed", message="all")
        await console.until("#push-note", "ms. 1 node holds it.")
        assert [await receive(ws) for _ in range(2)] == ["", "all"]
        await console.push(to="socket", name="..")
        await console.until("#push-note", "No browser can ask for the name “..”.")
        await console.push(name="a/b")
        await console.until("#push-note", "400 after")


async def test_a_push_that_is_not_known_to_have_come_is_told_so(lab, chromium):
    cluster = lab.cluster(size=2)
    one, two = cluster.nodes
    async with console_of(one, chromium) as console:
        await join(two, "456")
        two.freeze()
        await console.push(name="456", wait="100ms")
        await console.until("#push-note", "504 after")
        assert "1 node did not say." in await console.text("#push-note")
        await console.find("456")
        await console.until("#find-note", "1 node did not answer.")
        two.thaw()


async def test_a_client_shows_what_comes(lab, chromium):
    node = lab.node("--upstream", "echo")
    async with console_of(node, chromium) as console:
        assert (await console.of("#client-url", "value")).startswith("ws://127.0.0.1:")
        await console.connect(node, "456", topics="news,a&b")
        await console.until("#client-note", "Connected as 456.")
        await console.until("#client-log li", GREETING)
        assert (await request(node, "POST", "/topic/a%26b", b"hello")).status == 200
        assert (await push(node, "456", b"\x00\xff" + bytes(100))).status == 200
        await console.until("#client-log .binary", "102 B00 ff 00")
        assert "and 38 bytes more" in (await console.page.texts("#client-log .binary"))[0]
        await console.fill(client_text="to you")
        await console.click("#client-send button")
        await eventually(lambda: console.of("#client-log", "textContent.split('to you').length == 3"))
        assert [re.sub(r"^[\d:.]+", "", each) for each in
                await console.page.texts("#client-log .text, #client-log .sent")] == [
            f"text{len(GREETING.encode())} B{GREETING}", "text5 Bhello", "sent6 Bto you",
            "text6 Bto you"]
        assert (await request(node, "DELETE", "/socket/456")).status == 200
        await console.until("#client-note", "Closed with 4500: kicked: stay away.")
        assert await console.of("#client-send button", "disabled")
        await console.click("#client-open")
        await console.until("#client-note", "Connected as 456.")
        await console.click("#client-close")
        await console.until("#client-note", "Closed with 1000: closed by this page.")
        await until_offline(node, "456")


async def test_a_client_goes_to_the_port_for_clients(lab, chromium):
    node = lab.node("--admin-listen", "127.0.0.1:0")
    async with console_of(Server(node.ports[1]), chromium) as console:
        await console.connect(Server(node.ports[1]), "456")
        await console.until("#client-note", "it is the port for admins")
        await console.connect(node, "456")
        await console.until("#client-note", "Connected as 456.")
        await console.push(name="456")
        await console.until("#push-note", "Received by 1 of 1 session.")


async def test_a_client_sends_its_token_not_in_the_url(lab, chromium, tmp_path):
    keys = tmp_path / "secrets"
    keys.write_text(SECRET)
    node = lab.node("--auth", "jwt", "--jwt-key-file", keys)
    async with console_of(node, chromium) as console:
        await console.connect(node, "456")
        await console.until("#client-note", "Closed with 1006: no WebSocket")
        await console.connect(node, "456", token=token("456"))
        await console.until("#client-note", "Connected as 456.")
        assert not any("token" in each or "bearer" in each
                       for each in await console.page.texts("#client-log li.opening"))
        await console.click("#client-close")
        await console.until("#client-note", "1000")
        await console.connect(node, "456", token="no token at all")
        await console.until("#client-note", "subprotocol")


async def test_a_client_keeps_the_last_frames_only(lab, chromium):
    node = lab.node()
    async with console_of(node, chromium) as console:
        await console.connect(node, "456")
        await console.until("#client-note", "Connected")
        lines = "\n".join(json.dumps({"to": "456", "message": f"message {i}"}) for i in range(600))
        assert (await request(node, "POST", "/push", lines.encode())).status == 200
        await push(node, "456", "x" * 5000)
        await console.until("#client-log li", "and 1000 characters more")
        assert await console.of("#client-log", "childElementCount") == 500
        log = "#client-log"
        assert await console.of(log, "scrollTop") > 1000
        # Whoever reads further up stays there.
        await console.of(log, "scrollTo(0, 0)")
        await push(node, "456", "last")
        await console.until("#client-log li", "last")
        assert await console.of(log, "scrollTop") < 100
        assert "5000 B" in (await console.page.texts("#client-log li"))[-2]


async def test_no_name_message_or_answer_becomes_html(lab, chromium):
    node = lab.node("--node", "<i>tomcat", "--greeting", CLOSED)
    answers = {"/metrics": lambda: figures(
        node="<b>tomcat</b>", **{'waybill_closed_sessions_total{reason="<b>slow"}': 1})}
    async with console_of(node, chromium, answers=answers) as console:
        before = await console.page.evaluate("document.querySelectorAll('b, i, img, script').length")
        await console.connect(node, HOSTILE)
        await console.until("#client-log li", CLOSED)
        await console.push(name=HOSTILE, message=CLOSED)
        await console.until("#push-note", "Received by 1 of 1")
        await console.until("#client-log .text:last-child", CLOSED)
        await console.find(HOSTILE)
        await console.until("#find-result caption", f"Sessions of {HOSTILE}")
        assert "<i>tomcat" in await console.page.texts("#find-result td")
        await console.click("#kick")
        await console.until("#kick-question", f"Close all sessions of {HOSTILE}?")
        await console.until("#node", "<b>tomcat</b> 0.1.0")
        await console.until("#losses td", "sessions closed: <b>slow")
        await console.find(f"{HOSTILE}/")
        await console.until("#find-note", " ")
        assert before == await console.page.evaluate(
            "document.querySelectorAll('b, i, img, script').length")


async def test_a_node_is_shown_as_it_does(lab, chromium):
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


async def figure_is(console, title, pattern):
    """Tells whether a figure matches a pattern."""
    return re.fullmatch(pattern, await figure(console, title))


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
        cluster.redis.kill()
        await console.until("#ready", "Redis is away")
        node.kill()
        await console.until("#ready", "unreachable")
        await console.until("#live-note", "The node cannot be reached.")
        await console.push(name="456")
        await console.until("#push-note", "The node cannot be reached.")
        cluster.redis.start()
        lab.node(listen=f"{node.host}:{node.port}", redis=cluster.redis)
        await console.until("#ready", "ready")


async def test_a_key_is_kept_in_the_tab_and_in_no_url(lab, chromium, tmp_path):
    keys = tmp_path / "keys"
    pusher, admin = (make_key(keys, name, "--scope", scopes)
                     for name, scopes in [("pusher", "push"), ("all", "push,presence,kick,admin")])
    async with console_of(lab.node("--api-key-file", keys), chromium) as console:
        await console.until("#live-note", "Enter an API key above.")
        await console.find("456")
        await console.until("#find-note", "Enter an API key above.")
        asked = sum(each.path == "/metrics" for each in console.server.requests)
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
        await console.until("#live-note", "")
        # Only a new key is worth another try.
        assert asked == 1
        assert not any(admin in str(each.rel_url) for each in console.server.requests)
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


ORDER = ["key", "Use", "", "find-id", "Find", "push-to", "push-name", "push-message",
         "push-receipt", "push-wait", "push-ttl", "Push", "client-url", "client-id",
         "client-topics", "client-token", "client-open", "client-log", "client-text"]


async def test_all_is_reached_by_keyboard(lab, chromium):
    node = lab.node()
    ws = await join(node, "456")
    async with console_of(node, chromium) as console:
        reached = []
        for _ in ORDER:
            await console.press("Tab")
            reached.append(await console.focused())
        reached[2] = ""
        assert reached == ORDER
        await console.of("#client-log", "focus()")
        await console.press("/")
        assert await console.focused() == "find-id"
        await console.page.command("Input.insertText", text="4/6")
        await console.press("/")
        assert await console.of("#find-id", "value") == "4/6/"
        await console.fill(find_id="456")
        await console.press("Enter")
        await console.until("#find-note", "Online on 1 node.")
        await console.fill(push_name="456", push_message="by keyboard")
        await console.press("Enter", modifiers=2)
        await console.until("#push-note", "Received by 1 of 1")
        assert await receive(ws) == "by keyboard"


async def test_all_has_a_name_for_those_who_do_not_see_it(lab, chromium):
    async with console_of(lab.node(), chromium) as console:
        await console.page.command("Accessibility.enable")
        tree = (await console.page.command("Accessibility.getFullAXTree"))["nodes"]
        found = {}
        for each in tree:
            if not each["ignored"]:
                name = each.get("name", {}).get("value", "")
                found.setdefault(each["role"]["value"], []).append(name)
        roles = ["textbox", "searchbox", "combobox", "spinbutton", "button", "region", "log",
                 "heading"]
        assert all(found[role] and all(found[role]) for role in roles), found
        assert found["heading"] == ["Waybill", "This node", "Find an id", "Push", "Test client"]
        assert "image" not in found and "search" in found


def close_codes():
    """Returns the close codes of the reference."""
    rows = re.findall(r"^\| (\d{4}[\d, ]*) \|.*\| (?:yes|later|no)\b", REFERENCE, re.MULTILINE)
    return {code for codes in rows for code in codes.split(", ")}


def test_the_page_knows_all_close_codes_of_the_reference():
    codes = set(re.findall(r"^  (\d{4}): ", (FOLDER / "client.js").read_text(), re.MULTILINE))
    assert close_codes() <= codes


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.*")), ids=lambda path: path.name)
def test_the_page_needs_nothing_from_elsewhere_and_writes_no_html(path):
    text = path.read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|Function\(|"
                         r"createContextualFragment|DOMParser|setHTML| on\w+=| style=", text)
    assert not re.search(r"(?<!xmlns=')https?:", text)
    assert text.count("\n") < 350


async def test_the_page_fits_screens_in_light_and_dark(lab, chromium):
    node = lab.node("--node", "tomcat")
    waves = itertools.count()

    def metrics():
        n = next(waves)
        return figures(sessions=120 + n // 3 % 40, deliveries=90 * n + 400 * (n // 60),
                       answers=[("200", 60 * n + 9 * (n % 7)), ("404", 4 * n + n // 5 * 3),
                                ("503", 40 if n > 150 else 0)],
                       buckets=[("0.001", 20 * n), ("0.002", 50 * n), ("0.005", 59 * n),
                                ("+Inf", 60 * n)],
                       waybill_queued_bytes=3000 * (n % 50),
                       **{'waybill_closed_sessions_total{reason="slow"}': n // 100,
                          'waybill_refused_total{reason="request"}': n // 40,
                          'waybill_refused_total{reason="key"}': n // 40})

    async with console_of(node, chromium, answers={"/metrics": metrics}, hurry=True) as console:
        await console.connect(node, "456")
        await console.until("#client-log li", GREETING)
        await push(node, "456", b"\x01\x02\x03")
        await console.push(name="456", message="a message that is as long as messages are")
        await console.until("#push-note", "Received")
        await console.find("456")
        await console.until("#find-note", "Online")
        await console.click("summary")
        await eventually(lambda: next(waves) > 300)
        for name, window in {"light": {}, "dark": {"dark": True},
                             "small": {"width": 390, "height": 844},
                             "small-dark": {"width": 390, "height": 844, "dark": True}}.items():
            await console.show(**window)
            width = window.get("width", 1280)
            assert await console.page.evaluate("document.documentElement.scrollWidth") <= width
            # uPlot draws as wide as its place.
            assert await console.page.evaluate(
                "[...document.querySelectorAll('.uplot')].every(each => "
                "each.clientWidth <= each.parentElement.clientWidth)")
            await console.shoot(name)
        await console.click("#kick")
        await console.shoot("dialog")
