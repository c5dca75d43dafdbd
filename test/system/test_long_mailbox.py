"""A mailbox is read part by part, while pushes go on."""

import asyncio
import time

from clients import Http, confirm, joined, keep, receive, receive_many, silent


async def test_a_long_mailbox_comes_before_what_is_pushed_meanwhile(lab):
    one, _, three = lab.cluster("--mailbox-limit", "3000").nodes
    body = "x" * 1000
    expected = []
    stop = asyncio.Event()

    async def push_on(http):
        """Pushes with and without ttl, and notes what must arrive."""
        number = 1000
        while not stop.is_set():
            query = "?ttl=600" if number % 2 else ""
            answer = await http.push("456", f"{number:04}{body}", query)
            assert answer.status in ((200, 202) if query else (200, 404)), answer
            if answer.status != 404:
                expected.append(number)
            number += 1

    async with Http(three) as http:
        for number in range(1000):
            answer = await http.push("456", f"{number:04}{body}", "?ttl=600")
            assert answer.status == 202
            expected.append(number)
        pushing = asyncio.create_task(push_on(http))
        began = time.monotonic()
        async with joined(one, "456") as ws:
            got = [int((await receive(ws))[:4]) for _ in range(1500)]
            stop.set()
            await pushing
            print(f"1,500 of 1 KB, 1,000 of them kept, in {time.monotonic() - began:.2f} s")
            got += [int((await receive(ws))[:4]) for _ in range(len(expected) - 1500)]
            assert got == expected
            await confirm(three, "456", ws)


async def test_a_mailbox_larger_than_the_queue_arrives_whole(lab):
    one, _, three = lab.cluster("--max-queue", "1MiB").nodes
    texts = [f"{i:05}" + "x" * 200_000 for i in range(40)]
    await keep(three, "456", *texts)
    async with joined(one, "456") as ws:
        assert await receive_many(ws, 40) == texts
        await confirm(three, "456", ws)


async def test_so_it_does_where_the_queue_has_room_for_one_byte(lab):
    one, _, three = lab.cluster("--max-queue", "1", "--max-body", "1").nodes
    await keep(three, "456", *"abc")
    async with joined(one, "456") as ws:
        assert await receive_many(ws, 3) == [*"abc"]


async def test_so_it_does_on_one_node_and_for_a_slow_reader(lab):
    node = lab.node("--max-queue", "1MiB")
    texts = [f"{i:05}" + "x" * 200_000 for i in range(40)]
    await keep(node, "456", *texts)
    with silent(node, "456") as ws:
        assert ws.read_messages(40) == texts
