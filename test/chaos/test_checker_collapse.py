"""The checker lets a push make way for a later one of its `collapse`, and for nothing else."""

import pytest

from story import Story


@pytest.fixture
def story():
    return Story()


def kept(story, collapse, *sessions, ttl=True, **options):
    """A push with a `collapse` comes to the sessions, or to none. Returns it."""
    push = story.push(ttl=ttl, collapse=collapse, **options)
    story.later(0.1).arrive(push, *sessions)
    story.answer(push, 200 if sessions else 202, nodes=1 if sessions else 0)
    return push


def test_a_kept_push_may_make_way_for_the_last_of_its_key(story):
    for _ in range(3):
        kept(story, "a")
        story.later()
    last = kept(story, "a")
    story.arrive(last, story.later().client())
    assert story.failures() == set()


def test_the_last_of_a_key_must_come(story):
    session = story.client()
    kept(story, "a", session)
    story.later()
    kept(story, "a")
    story.fault(60)
    assert story.failures() == {"lost"}


def test_pushes_of_the_same_time_may_replace_one_another(story):
    one, two = story.push(ttl=True, collapse="a"), story.push(ttl=True, collapse="a")
    story.answer(one, 202, nodes=0)
    story.answer(two, 202, nodes=0)
    story.arrive(one, story.later().client())
    story.fault(60)
    assert story.failures() == set()


@pytest.mark.parametrize("other", [
    {"collapse": "b"}, {"collapse": ""}, {"collapse": "a", "ttl": False},
    {"collapse": "a", "name": "457"}])
def test_no_other_push_takes_its_place(story, other):
    kept(story, "a")
    story.later()
    kept(story, other.pop("collapse"), story.client(other.get("name", "456")), **other)
    story.fault(60)
    assert story.failures() == {"lost"}


def test_a_push_that_was_not_sent_takes_no_place(story):
    kept(story, "a")
    push = story.later().push(ttl=True, collapse="a")
    story.answer(push, 503)
    story.fault(60)
    assert story.failures() == {"lost"}


def test_a_session_that_reads_its_mailbox_may_miss_what_was_replaced(story):
    session = story.client()
    one, two = story.push(ttl=True, collapse="a"), story.push(ttl=True, collapse="a")
    story.answer(one, 200, nodes=1)
    story.arrive(two, session)
    story.answer(two, 200, nodes=1)
    assert story.failures() == set()


def test_a_receipt_may_say_that_all_sessions_got_a_later_one(story):
    session = story.client()
    one = story.push(ttl=True, receipt="written", collapse="a")
    two = story.push(ttl=True, receipt="written", collapse="a")
    story.answer(one, 200, nodes=1, sessions=1, superseded=1)
    story.arrive(two, session)
    story.answer(two, 200, nodes=1, sessions=1, written=1)
    assert story.failures() == set()
