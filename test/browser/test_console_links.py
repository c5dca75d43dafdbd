"""Links to what the console shows."""

from urllib.parse import parse_qs, urlsplit

from clients import join, push
from console_page import console_of
from tokens import make_key


async def fragment(console):
    """Returns the fields of the link in the address bar."""
    return parse_qs(urlsplit(await console.page.evaluate("location.href")).fragment)


async def test_a_link_to_an_id_finds_it(lab, chromium):
    node = lab.node()
    await join(node, "a b&c")
    async with console_of(node, chromium) as console:
        assert not await console.of("#find-copy", "checkVisibility()")
        await console.find("a b&c")
        await console.until("#find-note", "Online on 1 node.")
        await console.click("#find-copy")
        await console.until("#find-copy", "Link")
        assert await fragment(console) == {"id": ["a b&c"]}
        await console.reload()
        await console.until("#find-result caption", "Sessions of a b&c")
        assert await console.of("#find-id", "value") == "a b&c"


async def test_a_link_to_a_push_shows_its_hops(lab, chromium):
    one, two = lab.cluster(size=2).nodes
    await join(two, "456")
    async with console_of(one, chromium) as console:
        await console.push(name="456", message="hello")
        await console.until("#push-note", "Received by 1 of 1")
        await console.click("#push-copy")
        [name] = (await fragment(console))["push"]
        assert await fragment(console) == {"push": [name], "id": ["456"]}
        for _ in range(3):
            await push(one, "456", "another")
        await console.reload()
        await console.until("#trace [aria-current] code", name)
        assert (await console.page.texts("#trace [aria-current] .hop"))[-1] == "answered"
        # A name of the trace is such a link, too.
        [first] = await console.page.texts("#trace li:first-child > a")
        assert first != name
        await console.click("#trace li:first-child > a")
        await console.until("#trace [aria-current] code", first)
        assert await fragment(console) == {"push": [first], "id": ["456"]}


async def test_a_push_that_is_forgotten_is_told_so(lab, chromium):
    async with console_of(lab.node(), chromium) as console:
        await console.page.evaluate("location.hash = 'push=node1-x-1&id=456'")
        await console.until("#trace-note", "The push node1-x-1 is not remembered.")


async def test_what_was_pushed_to_many_has_no_link(lab, chromium):
    async with console_of(lab.node(), chromium) as console:
        await console.push(to="topic", name="news")
        await console.until("#push-note", "404 after")
        assert not await console.of("#push-copy", "checkVisibility()")


async def test_a_link_waits_for_a_key(lab, chromium, tmp_path):
    keys = tmp_path / "keys"
    admin = make_key(keys, "all", "--scope", "presence,admin")
    node = lab.node("--api-key-file", keys)
    async with console_of(node, chromium) as console:
        await console.page.evaluate("location.hash = 'id=456'")
        await console.until("#find-note", "Enter an API key above.")
        await console.fill(key=admin)
        await console.press("Enter")
        await console.until("#find-note", "Offline.")
