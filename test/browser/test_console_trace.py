"""The trace of an id, as the console shows it."""

import re

from clients import close_of, join, joined, push, request, silent, stall
from console_page import console_of
from figures import hop, trace
from harness import eventually


async def entries(console):
    """Returns the lines of each entry: of a push its name and its hops, of a session one."""
    return await console.page.evaluate("""
      [...document.querySelectorAll("#trace > ol > li")].map(entry =>
        [entry, ...entry.querySelectorAll("code, li")].map(line =>
          line.tagName === "CODE" ? line.textContent
          : [...line.querySelectorAll(":scope > :is(.hop, .node, .detail)")]
              .map(x => x.textContent).join(" ")).filter(text => text))""")


async def until_entry(console, name, line):
    """Looks for an id, until an entry has a line that begins so. Returns all."""
    async def is_shown():
        await console.find(name)
        await console.until("#find-note", "line")
        found = await entries(console)
        return any(text.startswith(line) for lines in found for text in lines) and found

    try:
        return await eventually(is_shown, 15)
    except AssertionError:
        raise AssertionError(f"{await entries(console)}, not {line}") from None


async def test_a_push_is_shown_hop_by_hop(lab, chromium):
    one, two, three = lab.cluster().nodes
    async with console_of(three, chromium) as console:
        await console.find("456")
        await console.until("#trace-note", "Nothing is remembered of this id.")
        assert not await console.of("#trace", "checkVisibility()")
        ws = await join(two, "456")
        told = await push(one, "456", "hello", "?receipt=received")
        [[name, *hops], event] = await until_entry(console, "456", "answered")
        assert name == told.json["push"]
        assert [re.sub(r":\d+$", ":PORT", hop) for hop in hops] == [
            "taken node1 5 B, receipt received", "delivered node2 to 1 session",
            "written node2 127.0.0.1:PORT", "received node2 127.0.0.1:PORT", "answered node1 200"]
        assert event == ["joined node2 127.0.0.1"]
        assert await console.text("#trace-note") == ""
        assert await console.text("#trace-title") == "Trace of 456, newest first"
        sentences = await console.page.texts("#why li")
        assert sentences[0].startswith("456 is online with 1 session")
        assert f"push {name} was received by 1 client." in sentences[1]
        after = await console.page.texts("#trace .after")
        assert after[0] == "+0"
        assert all(re.fullmatch(r"\+[\d.]+ [mµ]?s", delay) for delay in after[1:])
        assert await console.page.texts("#trace [data-state=good]") == ["received", "answered"]
        # The bars show where time went: each begins where the one before ends.
        bars = await console.page.evaluate("""[...document.querySelectorAll("#trace .bar")]
          .map(bar => ["--from", "--to"].map(each => bar.style.getPropertyValue(each)))""")
        assert [bar[0] for bar in bars] == ["0", *(bar[1] for bar in bars[:-1])]
        assert bars[-1][1] == "1"
        await ws.close()
        found = await until_entry(console, "456", "left")
        assert [lines[0] for lines in found] == [
            "left node2 127.0.0.1: the connection closed", name, "joined node2 127.0.0.1"]
        await console.find("nobody")
        await console.until("#trace-note", "Nothing is remembered of this id.")
        assert not await console.of("#trace", "checkVisibility()")


async def test_a_push_that_did_not_come_is_shown(lab, chromium):
    node = lab.node("--node", "tomcat")
    async with console_of(node, chromium) as console:
        await push(node, "slow", "hello")
        [[_, *hops]] = await until_entry(console, "slow", "answered")
        assert hops == ["taken tomcat 5 B, receipt routed", "answered tomcat 404"]
        assert await console.page.texts("#trace [data-state=bad]") == ["answered"]
        with silent(node, "slow"):
            await stall(node, "slow")

            async def has_left():
                await push(node, "slow", "x" * 200_000)
                return (await request(node, "GET", "/stats")).json["slow_clients"]

            await eventually(has_left)
            await until_entry(console, "slow", "dropped tomcat 127.0.0.1")
            found = await until_entry(console, "slow", "left tomcat 127.0.0.1")
            assert any("too_slow" in lines[0] for lines in found)
            assert "dropped" in await console.page.texts("#trace [data-state=bad]")


async def test_a_kick_is_shown_at_once(lab, chromium):
    node = lab.node()
    async with console_of(node, chromium) as console:
        ws = await join(node, "456")
        await console.find("456")
        await console.until("#trace .event .hop", "joined")
        await console.click("#kick")
        await console.click("#dialog .danger")
        await console.until("#find-note", "Kicked from 1 node.")
        assert await close_of(ws) == 4500
        await console.until("#trace .event .hop", "left")
        assert (await entries(console))[1][0].startswith("joined")


async def test_what_a_silent_node_remembers_is_missed(lab, chromium):
    event = {"hop": "joined", "node": "n1", "peer": "192.0.2.1"}
    # Other nodes cut off one that is silent for long, so none is silent for a whole test.
    answers = {"/trace/456": lambda: trace("456", sessions=[("2025-03-04T20:15:10.000001Z", event)],
                                           unknown=1),
               "/trace/nobody": lambda: trace("nobody", unknown=1)}
    node = lab.node()
    async with console_of(node, chromium, answers=answers) as console, joined(node, "456"):
        await console.find("456")
        await console.until("#trace-note", "1 node did not answer.")
        assert [lines[0].split()[0] for lines in await entries(console)] == ["joined"]
        await console.find("nobody")
        # A trace that is not told yet is not that of another id.
        await console.until("#find-note", "Offline.")
        assert not await console.of("#trace", "checkVisibility()")
        await console.until("#trace-note", "Nothing is remembered of this id. 1 node did not answer.")


async def test_only_the_last_are_shown_with_readable_times(lab, chromium):
    def answer():
        at = "2025-03-04T20:15:10.{:06}Z".format
        pushes = [(None, at(2 * i), hop("delivered", 0, "n1", sessions=2)) for i in range(60)]
        times = 0, 180, 1234, 56_789, 2_500_000, 3_723_000_000
        pushes[-1] = None, at(118), *(hop("delivered", delay, "n1", sessions=2) for delay in times)
        left = {"hop": "left", "node": "n2", "peer": "192.0.2.1", "why": "kicked"}
        return trace("456", *pushes, sessions=[(at(117), left)])

    async with console_of(lab.node(), chromium, answers={"/trace/456": answer}) as console:
        await console.find("456")
        await console.until("#trace-title", "Trace of 456: the last 50 of 61, newest first")
        found = await entries(console)
        assert len(found) == 50
        assert found[0][0] == "a push without a name" and len(found[0]) == 7
        assert found[1] == ["left n2 192.0.2.1: kicked"]
        assert found[2][1:] == ["delivered n1 to 2 sessions"]
        assert (await console.page.texts("#trace .after"))[:6] == [
            "+0", "+180 µs", "+1.2 ms", "+57 ms", "+2.5 s", "+1 h 2 min"]
        assert re.fullmatch(r"2025-03-0\d \d\d:\d\d:10\.000",
                            (await console.page.texts("#trace time"))[0])
        # Whoever has found nothing sees nothing of another id.
        await console.find("a/b")
        await eventually(lambda: console.of("#find-note", "dataset.state == 'bad'"))
        assert not await console.of("#trace", "checkVisibility()")
