"""Requests that people make of a node by its console, and what they are told."""

import json
import re

from clients import GREETING, close_of, confirm, join, keep, push, receive, request, until_offline
from console_page import console_of
from console_server import FOLDER
from event_source import listening
from figures import figures
from harness import ROOT, Server, eventually
from tokens import SECRET, token

REFERENCE = (ROOT / "docs/reference/README.md").read_text()

# An id may have no slash.
HOSTILE = "<img src=x onerror=alert(1)>"
CLOSED = "<script>alert(2)</script></p></code><b>bold"


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
        assert all(re.fullmatch(r"node\d127\.0\.0\.1:\d+\d sB?0 Bwebsocket–Python/.*", row)
                   for row in rows), rows
        await console.click("#kick")
        assert await console.text("#question") == "Close all sessions of 456?"
        assert await console.focused() == "Cancel"
        await console.press("Escape")
        await confirm(one, "456", *sessions)
        await console.click("#kick")
        await console.click("#dialog .danger")
        await console.until("#find-note", "Kicked from 2 nodes.")
        assert [await close_of(ws) for ws in sessions] == [4500, 4500]
        assert not await console.of("#kick", "checkVisibility()")


async def test_a_session_is_told_with_its_client(lab, chromium):
    node = lab.node()
    async with console_of(node, chromium) as console:
        ws = await join(node, "456", "?topics=news,sports", user_agent_header="tester/1.0")
        await console.find("456")
        await console.until("#find-result td", "tester/1.0")
        [cells] = await console.rows("#find-result tbody")
        assert cells[4] == "websocket" and sorted(cells[5].split(", ")) == ["news", "sports"]
        await ws.close()
        await until_offline(node, "456")
        async with listening(node, "456"):
            await console.find("456")
            await console.until("#find-result td", "events")


async def test_a_mailbox_is_told_and_emptied(lab, chromium):
    node = lab.node(redis=lab.redis())
    async with console_of(node, chromium) as console:
        await console.find("456")
        await console.until("#mailbox-note", "Its mailbox is empty.")
        assert not await console.of("#empty", "checkVisibility()")
        await keep(node, "456", "one", "two")
        await console.find("456")
        await console.until("#mailbox-note", "Its mailbox holds 2 pushes, the oldest for ")
        await console.click("#empty")
        assert await console.text("#question") == "Empty the mailbox of 456?"
        assert await console.focused() == "Cancel"
        await console.press("Escape")
        assert (await request(node, "GET", "/socket/456/mailbox")).json["entries"] == 2
        await console.click("#empty")
        await console.click("#dialog .danger")
        await console.until("#mailbox-note", "2 pushes removed.")
        assert not await console.of("#empty", "checkVisibility()")
        assert (await request(node, "GET", "/socket/456/mailbox")).json["entries"] == 0


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
        assert await receive(ws) == ""
        await console.push(to="broadcast", receipt="routed", message="all")
        assert await console.focused() == "Cancel"
        await console.press("Escape")
        await confirm(node, "456", ws)
        await console.click("#push-form button")
        await console.click("#dialog .danger")
        await console.until("#push-note", "ms. 1 node holds it.")
        assert await receive(ws) == "all"
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
        two.thaw()


async def test_an_id_is_not_said_to_be_offline_while_a_node_is_silent(lab, chromium):
    answer = json.dumps({"id": "456", "online": True, "nodes": 1, "sessions": [], "unknown": 1})
    async with console_of(lab.node(), chromium, answers={"/socket/456": lambda: answer}) as console:
        await console.find("456")
        await console.until("#find-note", "1 node did not answer.")


async def test_a_client_shows_what_comes(lab, chromium):
    node = lab.node("--upstream", "echo")
    async with console_of(node, chromium) as console:
        here = console.server.url.removesuffix("console").replace("http", "ws")
        assert await console.of("#client-url", "value") == here
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
        assert [re.sub(r"^[\d:.]+", "", line) for line in
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
        await console.of("#client-id", "focus()")
        await console.until("#client-note", "enter the URL where they connect")
        assert await console.of("#client-url", "value") == ""
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
        assert not any("token" in line or "bearer" in line
                       for line in await console.page.texts("#client-log li.opening"))
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
        assert await console.of("#client-log ol", "childElementCount") == 500
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
        await console.until("#cluster tbody th", "<i>tomcat")
        await console.until("#trace-title", f"Trace of {HOSTILE}")
        assert "<i>tomcat" in await console.page.texts("#trace .node")
        await console.click("#kick")
        await console.until("#question", f"Close all sessions of {HOSTILE}?")
        await console.until("#node", "<b>tomcat</b> 0.1.0")
        await console.until("#losses td", "sessions closed: <b>slow")
        await console.press("Escape")
        await console.find(f"{HOSTILE}/")
        await eventually(lambda: console.of("#find-note", "dataset.state == 'bad'"))
        assert before == await console.page.evaluate(
            "document.querySelectorAll('b, i, img, script').length")


def close_codes():
    """Returns the close codes of the reference."""
    rows = re.findall(r"^\| (\d{4}[\d, ]*) \|.*\| (?:yes|later|no)\b", REFERENCE, re.MULTILINE)
    return {code for codes in rows for code in codes.split(", ")}


def test_the_page_knows_all_close_codes_of_the_reference():
    codes = set(re.findall(r"^  (\d{4}): ", (FOLDER / "client.js").read_text(), re.MULTILINE))
    assert close_codes() <= codes
