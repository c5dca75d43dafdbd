"""The services of app/js/waybill.js for its users, in a browser and in Node."""

import functools
import json
import re
import socket
import subprocess
import tarfile
from dataclasses import dataclass

import pytest

from clients import GREETING, confirm, get, join, keep, push, request, until_offline
from documents import blocks
from harness import ROOT, eventually
from page_server import page_server
from tokens import SECRET, token
from transcripts import HERE, in_node, in_page

CLIENT = ROOT / "app/js/waybill.js"
GUIDE = (ROOT / "docs/guide/javascript.md").read_text()

OPEN = ["open", f"greeting: {GREETING}"]
# So long that no test would see the end of a wait.
PATIENT = {"minDelay": 10**9, "maxDelay": 10**9}


@dataclass
class Site:
    """The server that pages come from."""

    url: str
    pages: dict


@pytest.fixture(scope="module")
def site():
    """An empty page, and what tests add."""
    pages = {"/": str}
    with page_server(pages) as url:
        yield Site(url, pages)


@functools.cache
def node_has_its_own():
    """Tells whether Node has a WebSocket: from version 20 on, if it is asked to."""
    return subprocess.run(["node", "--experimental-websocket", "-e", "WebSocket"],
                          capture_output=True, timeout=30).returncode == 0


@pytest.fixture(params=["browser", "ws", "own"])
def follow(request):
    """Starts a client, as in_page and in_node do."""
    if request.param == "browser":
        return functools.partial(in_page, request.getfixturevalue("chromium"),
                                 request.getfixturevalue("site"))
    if request.param == "own" and not node_has_its_own():
        pytest.skip("this Node has no WebSocket of its own")
    return functools.partial(in_node, request.param)


def base_of(*nodes):
    """Returns the base URLs of nodes."""
    return [f"http://{node.host}:{node.port}" for node in nodes]


def restart(lab, node, **more):
    """Starts a node where another one was."""
    return lab.node(listen=f"{node.host}:{node.port}", **more)


async def test_a_client_comes_back_to_a_killed_node_and_misses_nothing_kept(lab, follow):
    cluster = lab.cluster(size=2)
    one, two = cluster.nodes
    name, mailbox = "who? 连接", "waybill:mail:{id:who? 连接}"
    texts = [f"message {i}" for i in range(100)]
    async with follow(base_of(one), name, topics=["news", "a&b"]) as client:
        await client.until(*OPEN)
        assert (await request(two, "POST", "/topic/a%26b", b"to a topic")).status == 200
        assert (await push(two, name, b"\x00\xff")).status == 200
        await client.until("message: to a topic", "message: bytes 0,255")
        one.kill()
        await client.until("waiting", "end: 1006 for now")
        await keep(two, name, *texts)
        restart(lab, one, redis=cluster.redis)
        # Its WebSocket confirms what came.
        await eventually(lambda: cluster.redis.command("XLEN", mailbox) == 0)
        assert (await push(two, name, "live", "?receipt=received")).status == 200
        await client.until("message: message 99", "message: live")
        assert (await client.messages())[2:] == [*texts, "live"]


@pytest.mark.parametrize("code", [4500, 4501])
async def test_a_client_that_is_to_stay_away_stays_away(lab, follow, code):
    node = lab.node("--same-id", "newest")
    async with follow(base_of(node), "456", minDelay=0) as client:
        await client.until(*OPEN)
        if code == 4500:
            assert (await request(node, "DELETE", "/socket/456")).status == 200
            await until_offline(node, "456")
        other = await join(node, "456")
        await client.until("closed", f"end: {code} for good (")
        await confirm(node, "456", other)
        assert (await get(node, "/stats"))["joins"] == 2
        assert len(await client.lines()) == len(OPEN) + 2
        client.check_end()


async def test_a_client_whose_token_has_expired_comes_back_with_a_new_one(
        lab, follow, site, tmp_path):
    keys = tmp_path / "secrets"
    keys.write_text(SECRET)
    node = lab.node("--auth", "jwt", "--jwt-key-file", keys)
    # The answers of the service of tokens, one after the other.
    answers = [lambda: token("456", lifetime=2), str, lambda: "forged",
               lambda: token("456")]
    site.pages["/token"] = lambda: answers.pop(0)()
    async with follow(base_of(node), "456", tokens=f"{site.url}/token") as client:
        await client.until(
            *OPEN, "waiting", "end: 4001 for now (your token has expired)",
            "connecting", "waiting", "end: 0 for now (Error: no token today)",
            "connecting", "waiting", "end: 1006 for now", "connecting", *OPEN)
        assert answers == []


async def test_a_client_goes_on_to_a_node_that_greets_it(lab, follow):
    node = lab.node()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        dead = f"http://127.0.0.1:{silent.getsockname()[1]}"
        # With which it begins is left to chance.
        async with follow([dead, *base_of(node)], "456", timeout=500) as client:
            await client.until(*OPEN)
            assert (await request(node, "DELETE", "/socket/456")).status == 200
            await client.until("closed", "end: 4500 for good")
            client.check_end()


async def test_a_page_without_network_waits_for_it(lab, chromium, site):
    node = lab.node()
    async with in_page(chromium, site, base_of(node), "456", minDelay=0) as client:
        await client.until(*OPEN)
        await client.set_offline(True)
        await client.until("offline", "end: 0 for now (offline)")
        texts = [f"message {i}" for i in range(100)]
        await keep(node, "456", *texts)
        assert (await client.lines())[-2:] == ["offline", "end: 0 for now (offline)"]
        await client.set_offline(False)
        await client.until("message: message 99")
        assert await client.lines() == [
            *OPEN, "offline", "end: 0 for now (offline)", "connecting", *OPEN,
            *(f"message: {text}" for text in texts)]


async def test_a_page_that_is_seen_or_has_network_again_comes_back_at_once(lab, chromium, site):
    node = lab.node()
    async with in_page(chromium, site, base_of(node), "456", **PATIENT) as client:
        await client.until(*OPEN)
        node.kill()
        await client.until("waiting", "end: 1006 for now")
        node = restart(lab, node)
        async with chromium.page(site.url) as other:
            await other.command("Page.bringToFront")
            await eventually(lambda: client.page.evaluate("document.hidden"))
            assert (await client.lines())[-1].startswith("end:")
        await client.page.command("Page.bringToFront")
        await client.until("connecting", *OPEN)
        node.kill()
        await client.until("waiting", "end: 1006 for now")
        await client.set_offline(True)
        await client.until("offline")
        restart(lab, node)
        await client.set_offline(False)
        await client.until("connecting", *OPEN)


async def test_a_client_sends_while_it_is_open(lab, chromium, site):
    node = lab.node("--greeting", "", "--upstream", "echo")
    async with in_page(chromium, site, base_of(node), "456", greeting=False) as client:
        await client.until("open", "greeting: ")
        assert await client.page.evaluate("waybill.send('to you')") is True
        await client.until("message: to you")
        await client.page.evaluate("waybill.close()")
        await client.until("closed")
        await until_offline(node, "456")
        assert await client.page.evaluate("waybill.send('to you')") is False


async def test_bases_may_be_relative_and_of_http(chromium, site):
    ask = """import('/app/js/waybill.js').then(({{ Waybill }}) => {{
      let url;
      class WebSocket extends EventTarget {{
        constructor(given) {{ super(); url = given; }} close() {{}}
      }}
      const waybill = new Waybill({base}, 'a?b/ü', {{ topics: ['x', 'y&z'], WebSocket }});
      waybill.close();
      return url;
    }}).catch(String)"""
    rest = "/websocket/a%3Fb%2F%C3%BC?topics=x%2Cy%26z&via=first"
    urls = {"/": site.url.replace("http", "ws") + rest,
            "/deep/": site.url.replace("http", "ws") + "/deep" + rest,
            "https://push.example.com": "wss://push.example.com" + rest,
            "ws://push.example.com:81/": "ws://push.example.com:81" + rest,
            "push.example.com:81": "TypeError: push.example.com:81 is not for WebSockets"}
    async with in_page(chromium, site, "http://127.0.0.1:9", "456") as client:
        for base, url in urls.items():
            assert await client.page.evaluate(ask.format(base=json.dumps(base))) == url


def waits(*connections, random=1):
    """Returns how long a client waits after each of these connections, and its state in
    the end, see waits.mjs."""
    return json.loads(subprocess.run(
        ["node", HERE / "waits.mjs", str(random), json.dumps(connections)],
        check=True, capture_output=True, timeout=30).stdout)


def test_waits_double_up_to_half_a_minute_with_full_jitter():
    grown = [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000]
    for random in (1, 0.5, 0):
        found = waits(*[[1006]] * 8, random=random)
        assert found == {"waits": [wait * random for wait in grown], "state": "waiting"}


def test_only_a_connection_that_lasted_makes_waits_short_again():
    refused, cut, lasting = [1006], [1006, 1000], [1006, 30001]
    assert waits(refused, cut, cut, lasting, cut)["waits"] == [500, 1000, 2000, 500, 1000]


def close_codes():
    """Yields each close code of the reference, and whether to connect again."""
    text = (ROOT / "docs/reference/README.md").read_text()
    for codes, again in re.findall(r"^\| (\d{4}[\d, ]*) \|.*\| (yes|later|no)\b.*\|$", text,
                                   re.MULTILINE):
        yield from ((int(code), again) for code in codes.split(", "))


def test_the_client_does_as_the_reference_says_of_close_codes():
    most = {"yes": 500, "later": 30000}
    codes = dict(close_codes())
    assert codes[1001] == "yes" and codes[1013] == "later" and codes[4500] == "no"
    back = [code for code in codes if codes[code] in most]
    assert waits(*([code, 30001] for code in back)) == {
        "waits": [most[codes[code]] for code in back], "state": "waiting"}
    for code in codes.keys() - set(back):
        assert waits([code, 30001]) == {"waits": [], "state": "closed"}


async def test_the_page_of_the_guide_shows_what_is_pushed(lab, chromium, site, tmp_path):
    keys = tmp_path / "secrets"
    keys.write_text(SECRET)
    node = lab.node("--auth", "jwt", "--jwt-key-file", keys)
    script = re.search(r"^```js\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)[1]
    assert "https://push.example.com" in script
    script = script.replace("https://push.example.com", *base_of(node))
    html = f"<!doctype html><body><script type=module>{script}</script>"
    site.pages |= {"/app/js/": lambda: html, "/token": lambda: token("456", topics=["news"])}
    async with chromium.page(f"{site.url}/app/js/") as page:
        await eventually(lambda: page.evaluate("document.title == 'open'"))
        assert (await push(node, "456", "to me ")).status == 200
        assert (await request(node, "POST", "/topic/news", b"to all")).status == 200
        await eventually(lambda: page.evaluate("document.body.innerText.endsWith('to all')"))
        assert (await page.texts("body"))[0].endswith("to me to all")


async def test_the_page_that_survives_anything_survives_its_node(lab, chromium, site):
    page, = blocks(ROOT / "docs/guide/survive.md", "html")
    cluster = lab.cluster("--heartbeat", "ping=pong", size=2)
    one, two = cluster.nodes
    html = page.text.replace("/console/waybill.js", f"{base_of(one)[0]}/console/waybill.js")
    # The page would be the node's own.
    html = html.replace('Waybill("/"', f"Waybill({json.dumps(base_of(one, two))}")
    assert html.count("http:") == 3
    site.pages |= {"/orders": lambda: html}
    for node in (one, two):
        assert (await request(node, "POST", "/topic/price?retain=600", b"98.00")).status == 202
    async with chromium.page(f"{site.url}/orders") as page:
        await eventually(lambda: page.evaluate("document.title == 'orders'"))
        await eventually(lambda: page.evaluate("document.querySelector('output').value == '98.00'"))
        assert (await push(two, "456", "order 6", "?ttl=600")).status == 200
        await eventually(lambda: page.evaluate("document.querySelectorAll('li').length == 1"))
        for node in (one, two):
            node.kill()
        await eventually(lambda: page.evaluate("document.title == 'orders (away)'"))
        three = lab.node(redis=cluster.redis)
        for i in range(3):
            await push(three, "456", f"van at {i}", "?ttl=600&collapse=van")
        assert (await push(three, "456", "order 7", "?ttl=600")).status == 202
        assert (await request(three, "POST", "/topic/price?retain=600", b"99.50")).status == 202
        restart(lab, two, redis=cluster.redis)
        await eventually(lambda: page.evaluate("document.title == 'orders'"))
        await eventually(lambda: page.evaluate("document.querySelector('output').value == '99.50'"))
        assert await page.texts("li") == ["order 6", "van at 2", "order 7"]


def test_the_client_is_small_and_needs_nothing():
    assert CLIENT.stat().st_size <= 6 * 1024
    assert not re.search(r"\b(import|require)\b", CLIENT.read_text())


def test_the_guide_the_types_and_the_client_name_the_same():
    types = CLIENT.with_suffix(".d.ts").read_text()
    options = re.search(r"interface Options {(.*?)^}", types, re.MULTILINE | re.DOTALL)[1]
    options = re.findall(r"^  (\w+)\?:", options, re.MULTILINE)
    code = CLIENT.read_text()
    for option in options:
        assert re.search(rf"\bmy\.{option}\b", code), option
    defaults = re.search(r"const DEFAULTS = {(.*?)^}", code, re.MULTILINE | re.DOTALL)[1]
    assert {*re.findall(r"(\w+): ", defaults)} <= {*options}
    events = re.findall(r"^  (\w+): \w*Event;", types, re.MULTILINE)
    states = re.findall(r'"(\w+)"', re.search(r"type State = (.*);", types)[1])
    assert re.findall(r"^\| `(\w+)` \|", GUIDE, re.MULTILINE) == options + events + states
    assert {*re.findall(r'turn\((?:my|this\.#my), "(\w+)"', code)} == {*states}
    assert {*re.findall(r'emit\(my, "(\w+)"', code)} == {*events}


def test_the_package_is_the_client(tmp_path):
    subprocess.run(["npm", "pack", CLIENT.parent, "--pack-destination", tmp_path, "--offline"],
                   cwd=tmp_path, check=True, capture_output=True, timeout=60)
    version = re.search(r"^project\(waybill VERSION (\S+)",
                        (ROOT / "CMakeLists.txt").read_text(), re.MULTILINE)[1]
    package = tmp_path / "node_modules/waybill"
    with tarfile.open(tmp_path / f"waybill-{version}.tgz") as archive:
        archive.extractall(tmp_path)
    package.parent.mkdir()
    (tmp_path / "package").rename(package)
    assert {path.name for path in package.iterdir()} == {
        "package.json", "waybill.js", "waybill.d.ts"}
    code = "import { Waybill } from 'waybill'; console.log(Waybill.name)"
    done = subprocess.run(["node", "--input-type=module", "-e", code], cwd=tmp_path, check=True,
                          capture_output=True, text=True, timeout=30)
    assert done.stdout == "Waybill\n"
