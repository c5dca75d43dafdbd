"""The checker finds what no fault excuses: who stands is found, and no session ends by
itself."""

import pytest

from story import NAME, Story


@pytest.fixture
def story():
    return Story()


# -- honest clusters -----------------------------------------------------------


def test_a_session_that_takes_its_leave_may_be_gone(story):
    session = story.client()
    story.fault()
    story.checker.leave(session, story.now)
    story.answer(story.push(), 404)
    story.checker.look(NAME, story.now, story.now, False)
    story.later(2).close(session)
    assert story.failures() == set()


def test_a_session_of_a_node_that_stops_may_be_gone_before_its_end(story):
    session = story.client()
    story.answer(story.push(), 404)
    story.fault()
    story.later(2).close(session, 1001)
    story.checker.restart(story.now - 2, story.now)
    assert story.failures() == set()


def test_a_session_of_a_node_that_was_silent_for_long_may_be_gone(story):
    story.client()
    begun = story.now
    story.answer(story.later(12).push(), 404)
    story.checker.look(NAME, story.now, story.now, False)
    story.later(1).checker.cut(begun, story.now, story.now)
    story.fault(before=13)
    assert story.failures() == set()


@pytest.mark.parametrize("code", [1001, 1006])
def test_a_session_may_end_with_its_node(story, code):
    session = story.client()
    begun = story.now
    story.later(1).close(session, code)
    story.checker.restart(begun, story.now)
    assert story.failures() == set()


@pytest.mark.parametrize("code", [1013, 1006])
def test_a_session_may_end_because_its_client_reads_no_more(story, code):
    session = story.client()
    story.checker.stall(session)
    story.later().close(session, code)
    assert story.failures() == set()


def test_an_upgrade_may_be_refused(story):
    story.checker.close(story.checker.open(NAME, story.now), story.now)
    assert story.failures() == set()


# -- lies ----------------------------------------------------------------------


def test_who_stands_is_found_in_any_fault(story):
    story.client()
    story.answer(story.push(), 404)
    story.checker.look(NAME, story.now, story.now, False)
    story.fault()
    assert story.figures()["false answers"] == 2


def test_who_stands_on_a_silent_node_is_found_for_ten_seconds(story):
    story.client()
    begun = story.now
    story.answer(story.later(8).push(), 404)
    story.later(5).checker.cut(begun, story.now, story.now)
    story.fault(before=14)
    assert story.failures() == {"false answers"}


@pytest.mark.parametrize("collapse", ["", "a"])
def test_no_push_succeeds_by_a_node_that_was_silent_for_long(story, collapse):
    story.client()
    begun = story.now
    story.answer(story.later(12).push(collapse=collapse), 200, nodes=1)
    story.later(1).checker.cut(begun, story.now, story.now)
    story.fault(before=13)
    assert story.failures() == {"false answers"}


@pytest.mark.parametrize("code", [1000, 1001, 1006, 1008, 1011, 1013])
def test_a_session_does_not_end_by_itself(story, code):
    story.fault()
    story.close(story.client(), code)
    assert story.failures() == {"sessions ended wrongly"}


@pytest.mark.parametrize("code", [1008, 1011, 1013])
def test_a_session_is_not_closed_because_its_node_stops(story, code):
    session = story.client()
    story.fault()
    story.checker.restart(story.now, story.now)
    story.close(session, code)
    assert story.failures() == {"sessions ended wrongly"}


def test_a_session_is_not_closed_before_its_greeting(story):
    story.close(story.checker.open(NAME, story.now), 1011)
    assert story.failures() == {"sessions ended wrongly"}


def test_a_live_push_does_not_wait_for_what_is_kept(story):
    session = story.client()
    begun = story.now
    push = story.push()
    story.arrive(push, session)
    story.later(0.3).answer(push, 200, nodes=1)
    story.checker.side_fault(begun, story.now)
    story.fault(before=1)
    assert story.failures() == {"late"}
