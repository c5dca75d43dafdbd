"""What the console shows of the time before it was opened, and its verdict."""

import subprocess
import time
from pathlib import Path

import pytest

from clients import request
from console_page import console_of
from figures import figures, history
from harness import TIMEOUT, eventually

HERE = Path(__file__).parent

# Whether a chart has a line, in its first colour, between two parts of its width.
HAS_LINE = """(() => {{
  const canvas = document.querySelectorAll("#charts canvas")[{chart}];
  const from = Math.round({start} * canvas.width), width = Math.round(({end} - {start}) * canvas.width);
  const {{ data }} = canvas.getContext("2d").getImageData(from, 0, width, canvas.height);
  for (let i = 0; i < data.length; i += 4)
    if (data[i + 2] - data[i] > 120 && data[i + 3] > 200) return true;
  return false;
}})()"""


async def has_line(console, chart, start, end):
    """Tells whether a chart has a blue line between two parts of its width."""
    return await console.page.evaluate(HAS_LINE.format(chart=chart, start=start, end=end))


@pytest.mark.parametrize("name", ["verdict", "timeline"])
def test_states_that_are_made_up(name):
    done = subprocess.run(["node", "--test", HERE / f"{name}.test.mjs"], check=False,
                          capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 0, done.stdout + done.stderr


async def test_charts_are_full_from_the_first_second(lab, chromium):
    # There was a session until ten minutes ago.
    sessions = [4200] * 600 + [None] * 120
    answers = {"/metrics": lambda: figures(sessions=4200),
               "/history": lambda: history({"sessions": sessions, "queued_bytes": [500] * 720},
                                           start=time.time() - 3600)}
    async with console_of(lab.node(), chromium, answers=answers) as console:
        # The charts of sessions and of queues; the axis takes their first part.
        await eventually(lambda: has_line(console, 4, 0.2, 0.4))
        assert await has_line(console, 4, 0.6, 0.8)
        assert not await has_line(console, 3, 0.2, 0.8)
        await console.click("#span [value='3600']")
        await eventually(lambda: has_line(console, 3, 0.2, 0.8))


async def test_charts_of_a_node_whose_clock_is_wrong_are_full_too(lab, chromium):
    answers = {"/metrics": lambda: figures(sessions=4200),
               "/history": lambda: history({"sessions": [4200] * 60}, start=time.time() - 8000)}
    async with console_of(lab.node(), chromium, answers=answers) as console:
        await eventually(lambda: has_line(console, 3, 0.2, 0.4))


async def test_the_page_names_what_is_remembered_as_the_node_does(lab, chromium):
    node = lab.node()

    async def remembered():
        return (await request(node, "GET", "/history")).json["figures"].keys()

    told = await eventually(remembered)
    async with console_of(node, chromium) as console:
        names = await console.page.evaluate(
            "import('/console/history.js').then(({ NAMES }) => Object.values(NAMES))")
    assert set(names) <= set(told)


async def test_the_log_of_the_node_is_listed_the_newest_first(lab, chromium):
    node = lab.node("--node", "tomcat")
    async with console_of(node, chromium) as console:
        await console.until("#events li", "listening on ")
        messages = await console.page.texts("#events .message")
        assert [text.split()[0] for text in messages] == ["takes", "listening"]
        assert await console.text("#events-note") == ""
        assert await console.page.texts("#events [data-state=warn]") == []


async def test_warnings_stand_out_with_their_codes(lab, chromium):
    at = time.time()
    answers = {"/history": lambda: history(log=[
        (at - 100, "info", "listening on 192.0.2.1:80"), (at - 50, "warning", "<b>too much"),
        (at - 60, "error", "keeping the old options")])}
    async with console_of(lab.node(), chromium, answers=answers) as console:
        await console.until("#events li", "listening on ")
        assert await console.page.texts("#events .message") == [
            "<b>too much", "keeping the old options", "listening on 192.0.2.1:80"]
        assert await console.page.texts("#events [data-state=warn] .kind") == ["warning"]
        assert await console.page.texts("#events [data-state=bad] .kind") == ["error"]


async def test_an_outage_is_told_to_who_comes_later(lab, chromium):
    cluster = lab.cluster(size=1)
    node, = cluster.nodes
    cluster.redis.kill()

    async def is_away():
        return (await request(node, "GET", "/readyz")).status == 503

    await eventually(is_away)
    async with console_of(node, chromium) as console:
        await console.until("#verdict-text", "Redis away for ")
        assert (await console.text("#verdict-text")).endswith(" s: pushes answer 503, sessions stay")
        assert await console.of("#verdict", "dataset.state") == "bad"
        assert await console.text("#verdict code") == "WB-201"
        await console.until("#events [data-state=warn] code", "WB-204")
        # An outage is read aloud once, and not each second.
        news = await console.text("#verdict-news")
        await eventually(lambda: console.page.evaluate(
            "document.querySelector('#verdict-text').textContent"
            " !== document.querySelector('#verdict-news').textContent"))
        assert await console.text("#verdict-news") == news
        for name, window in {"": {}, "-small-dark": {"width": 390, "height": 844, "dark": True}}.items():
            await console.show(**window)
            assert await console.barriers() == []
            await console.shoot(f"outage{name}")
        cluster.redis.start()
        await console.until("#verdict-text", "All is well: 1 node, 0 sessions of ")
        await console.until("#events li", "Redis is ready after ")


async def test_a_node_whose_name_is_taken_is_told_so(lab, chromium):
    redis = lab.redis()
    lab.node("--node", "tomcat", redis=redis)
    second = lab.new_node("--node", "tomcat", redis=redis)
    second.log.wait_for("another node is called")
    async with console_of(second, chromium) as console:
        await console.until("#verdict-text", "Another node is called tomcat, too")
        assert await console.text("#verdict code") == "WB-208"


async def test_what_is_first_in_an_incident_comes_first(lab, chromium):
    async with console_of(lab.node(), chromium) as console:
        await console.until("#cluster tbody tr", "this one")
        await console.until("#events li", "listening on ")
        for width in (390, 768, 1280):
            await console.show(width=width)
            tops = await console.page.evaluate(
                "['#verdict', '#figures', '#cluster', '#charts', '#events', '#find-form', '#push-form']"
                ".map(part => document.querySelector(part).getBoundingClientRect().top)")
            # On a wide screen the last ones are side by side.
            assert tops[:6] == sorted(tops[:6])
            assert tops[1] < 300

