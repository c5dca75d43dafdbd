"""The checker holds event streams to what they promise: an EventSource comes back with its
position, and so gets each kept push once and in order."""

import pytest

from story import Story

SOURCE = object()


@pytest.fixture
def story():
    return Story()


def kept(story, *sessions, **options):
    """A kept push comes to the sessions, or to none. Returns it."""
    push = story.push(ttl=True, **options)
    story.arrive(push, *sessions)
    story.answer(push, 200 if sessions else 202, nodes=1 if sessions else 0)
    return push


# -- honest clusters -----------------------------------------------------------


def test_an_honest_stream_is_believed(story):
    connection = object()
    for _ in range(3):
        stream = story.later().client(source=SOURCE)
        kept(story, stream, connection=connection)
        story.later().close(stream, 1000)
    assert story.figures() == {
        "pushes": 3, "  200": 3, "  with a ttl": 3, "  in calm": 3, "sessions": 3,
        "  event streams": 3, "arrivals": 3}


def test_what_came_between_two_streams_comes_with_the_next(story):
    story.close(story.client(source=SOURCE), 1000)
    push = kept(story.later())
    story.arrive(push, story.later().client(source=SOURCE))
    assert story.failures() == set()


def test_a_page_that_is_loaded_again_gets_again_what_it_has_not_confirmed(story):
    first = story.client(source=SOURCE)
    push = kept(story, first)
    story.leave(first)
    story.arrive(push, story.later().client(source=object()))
    assert story.failures() == set()
    assert story.figures()["duplicates by a lost confirmation"] == 1


def test_a_live_push_may_come_late_to_a_stream_that_came_back(story):
    """As to any other session, where another of the id stood since."""
    story.client()
    first = story.client(source=SOURCE)
    push = story.later().push()
    story.arrive(push, first)
    story.answer(push, 200, nodes=2)
    story.fault()
    story.later(0.1).close(first, 1000)
    story.arrive(push, story.later(0.1).client(source=SOURCE))
    assert story.failures() == set()


@pytest.mark.parametrize("code", [1000, 1001, 1006, 1013])
def test_a_stream_may_end(story, code):
    stream = story.client(source=SOURCE)
    story.checker.stall(stream)
    story.fault()
    story.checker.restart(story.now, story.now)
    story.close(stream, code)
    assert story.failures() == set()


@pytest.mark.parametrize("status", [202, 504])
def test_a_stream_alone_may_not_confirm_in_time(story, status):
    push = story.push(receipt="received", ttl=True)
    story.arrive(push, story.client(source=SOURCE))
    story.answer(push, status, nodes=1, sessions=1, written=1, received=0)
    story.later().client()
    assert story.failures() == set()


def leave_by_proxy(story):
    """A client leaves its stream, which the proxy does not tell. A push is then
    written to nobody."""
    stream = story.checker.open("456", story.now, SOURCE, True)
    story.checker.greet(stream, story.now)
    story.leave(stream)
    push = story.later().push(receipt="written")
    story.answer(push, 200, nodes=1, sessions=1, written=1)


def write_to_proxy(story):
    """A push is written to a stream, later."""
    push = story.later().push(receipt="written")
    story.answer(push, 200, nodes=1, sessions=1, written=1)


def test_a_proxy_may_not_know_that_a_client_has_left_until_it_has_written_twice(story):
    leave_by_proxy(story)
    write_to_proxy(story)
    assert story.failures() == set()


def test_a_proxy_may_not_know_that_of_a_node_that_hears_of_no_pushes(story):
    leave_by_proxy(story)
    for _ in range(2):
        story.fault()
        write_to_proxy(story)
    assert story.failures() == set()


def test_a_client_that_does_not_read_sees_no_end_of_its_stream(story):
    stream = story.client(source=SOURCE)
    story.checker.stall(stream)
    push = story.later(7).push()
    story.answer(push, 404, nodes=0)
    story.later().leave(stream)
    story.fault(20)
    assert story.failures() == set()


# -- lies ----------------------------------------------------------------------


def test_a_stream_is_never_answered_with_another_status(story):
    stream = story.checker.open("456", story.now, SOURCE)
    story.checker.refuse(stream, story.now, 503)
    story.close(stream, None)
    story.fault()
    assert story.failures() == {"streams refused"}


@pytest.mark.parametrize("age, is_stalled", [(5, True), (7, False)])
def test_a_stream_that_is_young_or_read_is_found(story, age, is_stalled):
    stream = story.client(source=SOURCE)
    if is_stalled:
        story.checker.stall(stream)
    story.answer(story.later(age).push(), 404, nodes=0)
    story.later().leave(stream)
    story.fault(20)
    assert story.failures() == {"false answers"}


def test_a_stream_that_comes_back_does_not_get_again_what_it_has(story):
    first = story.client(source=SOURCE)
    push = kept(story, first)
    story.close(first, 1000)
    story.arrive(push, story.client(source=SOURCE))
    story.fault()
    assert story.failures() == {"twice at one stream"}


def test_an_order_lasts_longer_than_a_stream(story):
    connection = object()
    one, two = (story.push(connection=connection, ttl=True) for _ in range(2))
    for push in [two, one]:
        stream = story.client(source=SOURCE)
        story.arrive(push, stream)
        story.answer(push, 202, nodes=0)
        story.close(stream, 1000)
    story.fault()
    assert story.failures() == {"order broken"}


def test_what_a_stream_has_confirmed_comes_to_nobody_again(story):
    first = story.client(source=SOURCE)
    push = kept(story, first)
    story.close(first, 1000)
    story.later().client(source=SOURCE)
    story.arrive(push, story.later().client(source=object()))
    assert story.failures() == {"wrong in calm"}


@pytest.mark.parametrize("code", [1000, 1001, 1006, 1013, "your token has expired"])
def test_a_stream_does_not_end_by_itself(story, code):
    source = None if code == 1000 else SOURCE
    story.fault()
    story.close(story.client(source=source), code)
    assert story.failures() == {"sessions ended wrongly"}


def test_a_proxy_knows_that_a_client_has_left_when_it_has_written_twice(story):
    leave_by_proxy(story)
    for _ in range(2):
        write_to_proxy(story)
    assert story.failures() == {"false answers"}


def test_a_websocket_confirms_in_time_beside_a_stream(story):
    push = story.push(receipt="received")
    story.arrive(push, story.client(source=SOURCE), story.client())
    story.answer(push, 504, nodes=1, sessions=2, written=2, received=0)
    assert story.failures() == {"wrong in calm"}
