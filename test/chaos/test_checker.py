"""The checker finds each kind of lie, made by hand, and believes an honest cluster."""

import pytest

from story import NAME, Story


@pytest.fixture
def story():
    return Story()


# -- honest clusters -----------------------------------------------------------


def test_an_honest_cluster_is_believed(story):
    one, two = story.client(), story.client()
    for receipt in ["routed", "written", "received"]:
        push = story.push(receipt=receipt, ttl=receipt == "received")
        story.arrive(push, one, two)
        story.answer(push, 200, nodes=1, sessions=2, written=2, received=2)
    nobody = story.push("nobody")
    story.answer(nobody, 404)
    assert story.figures() == {
        "pushes": 4, "  200": 3, "  404": 1, "  with a ttl": 1, "  in calm": 4,
        "sessions": 2, "arrivals": 6}


def test_what_is_unanswered_or_unconfirmed_may_arrive_or_not(story):
    session = story.client()
    for status, arrives in [(504, True), (504, False), (None, True), (None, False)]:
        for ttl in [True, False]:
            push = story.push(ttl=ttl)
            if arrives:
                story.arrive(push, session)
            if status:
                story.answer(push, status, unknown=1)
    story.fault()
    assert story.failures() == set()


def test_a_push_that_was_kept_may_come_later_and_again(story):
    push = story.push(ttl=True)
    story.answer(push, 202, nodes=0)
    for _ in range(3):
        session = story.later().client()
        story.arrive(push, session)
        story.leave(session)
    assert story.failures() == set()
    assert story.figures()["duplicates by a lost confirmation"] == 2


def test_sessions_of_the_same_time_all_get_a_push(story):
    one, two = story.client(), story.client()
    push = story.push()
    story.arrive(push, one)
    story.leave(one)
    story.later().arrive(push, two)
    assert "again without ttl" not in story.failures()


def test_a_node_that_is_late_takes_a_push_to_all_its_sessions(story):
    one, other = story.client(), story.client()
    push = story.later().push()
    story.arrive(push, one)
    story.answer(push, 200, nodes=2)
    story.later(0.1).leave(one)
    new = story.later(0.1).client()
    story.arrive(push, new, other)
    assert story.failures() == set()


def test_a_push_may_come_late_if_its_pusher_was_told_so(story):
    one = story.client()
    push = story.push()
    story.fault()
    story.arrive(push, one)
    story.answer(push, 504, nodes=2, sessions=1, written=1, unknown=1)
    story.leave(one)
    story.arrive(push, story.later(0.1).client())
    assert "again without ttl" not in story.failures()


def test_live_pushes_may_be_lost_in_a_fault_only(story):
    story.client()
    lost = story.push()
    story.answer(lost, 200, nodes=1)
    story.fault()
    assert story.failures() == set()
    assert story.figures()["live, lost in a fault"] == 1


def test_live_pushes_may_be_lost_with_a_session_that_ends(story):
    session = story.client()
    push = story.later().push(receipt="written")
    story.answer(push, 200, nodes=1, sessions=1, written=1)
    story.leave(session)
    assert story.failures() == set()


def test_a_session_that_reads_no_more_was_still_written_to(story):
    session = story.client()
    push = story.push(receipt="written")
    story.checker.stall(session)
    story.answer(push, 200, nodes=1, sessions=1, written=1)
    story.fault()
    assert story.failures() == set()


def test_order_is_that_of_a_connection(story):
    session = story.client()
    connection = object()
    one, two = (story.push(connection=connection) for _ in range(2))
    three, four = story.push(), story.push(pusher="q", connection=object())
    story.arrive(four, session)
    story.arrive(three, session)
    story.arrive(one, session)
    story.arrive(two, session)
    for push in [one, two, three, four]:
        story.answer(push, 200, nodes=1)
    assert story.failures() == set()


def test_order_begins_anew_with_a_session(story):
    connection = object()
    one, two = (story.push(connection=connection, ttl=True) for _ in range(2))
    for push in [one, two]:
        story.answer(push, 202, nodes=0)
    for got in [[one, two], [one, two]]:
        session = story.later().client()
        for push in got:
            story.arrive(push, session)
        story.leave(session)
    assert story.failures() == set()


def test_a_push_may_be_refused_after_an_attempt_that_was_not_answered(story):
    session = story.client()
    push = story.push(ttl=True)
    story.checker.retry(push)
    story.answer(push, 503)
    story.arrive(push, session)
    story.fault()
    assert story.failures() == set()


def test_a_repeat_may_be_answered_otherwise_in_a_fault(story):
    session = story.client()
    push = story.push(receipt="written")
    story.arrive(push, session)
    story.answer(push, 200, nodes=1, sessions=1, written=1)
    story.checker.retry(push)
    story.answer(push, 503)
    story.fault()
    assert story.failures() == set()


# -- lies ----------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 503, 507])
def test_what_was_not_sent_must_not_arrive(story, status):
    session = story.client()
    push = story.push(ttl=True)
    story.answer(push, status)
    story.later().arrive(push, session)
    story.fault(before=10)
    assert story.failures() == {"false answers"}


@pytest.mark.parametrize("status", [200, 202])
@pytest.mark.parametrize("receipt", ["routed", "written", "received"])
def test_what_was_kept_must_arrive(story, status, receipt):
    push = story.push(ttl=True, receipt=receipt)
    story.answer(push, status, nodes=1, sessions=0)
    story.fault()
    assert "lost" in story.failures()


def test_what_was_kept_may_still_arrive_if_the_end_was_not_calm(story):
    story.answer(story.push(ttl=True), 202, nodes=0)
    assert story.checker.verdict(ended_calm=False).figures["lost"] == 0


def test_a_live_push_is_never_kept(story):
    story.answer(story.push(), 202, nodes=0)
    assert story.failures() == {"false answers"}


@pytest.mark.parametrize("status", [400, 418, 500])
def test_no_other_answer_is_expected(story, status):
    story.answer(story.push(), status)
    assert story.failures() == {"false answers"}


def test_a_push_comes_once_to_a_session(story):
    session = story.client()
    push = story.push(ttl=True)
    story.arrive(push, session)
    story.arrive(push, session)
    story.answer(push, 200, nodes=1)
    assert story.failures() == {"twice at one session"}


def test_a_live_push_comes_to_no_later_session(story):
    push = story.push()
    for _ in range(2):
        session = story.later(0.1).client()
        story.arrive(push, session)
        story.leave(session)
    story.answer(push, 200, nodes=1)
    assert story.failures() == {"again without ttl"}


@pytest.mark.parametrize("status", [200, 504])
def test_a_connection_keeps_its_order(story, status):
    session = story.client()
    connection = object()
    one, two = (story.push(connection=connection) for _ in range(2))
    story.arrive(two, session)
    story.arrive(one, session)
    for push in [one, two]:
        story.answer(push, status, nodes=1)
    story.fault()
    assert story.failures() == {"order broken"}


def test_nothing_comes_before_the_greeting(story):
    session = story.checker.open(NAME, story.now)
    push = story.push()
    story.answer(push, 200, nodes=1)
    story.arrive(push, session)
    assert story.failures() == {"order broken"}


def test_nothing_comes_to_another(story):
    push = story.push()
    story.answer(push, 200, nodes=1)
    story.arrive(push, story.client("457"))
    assert story.failures() == {"false answers"}


@pytest.mark.parametrize("counts", [
    {"nodes": 1, "sessions": 1, "written": 1},
    {"nodes": 1, "sessions": 1, "written": 1, "received": 0},
    {"nodes": 1, "sessions": 1, "written": 1, "received": 2},
    {"nodes": 1, "sessions": 2, "written": 0, "received": 1},
    {"nodes": 2, "sessions": 1, "written": 1, "received": 1, "unknown": 1},
    {"nodes": 0, "sessions": 1, "written": 1, "received": 1},
])
def test_the_counts_of_a_success_are_true(story, counts):
    session = story.client()
    push = story.push(receipt="received")
    story.arrive(push, session)
    story.answer(push, 200, **counts)
    story.fault()
    assert story.failures() == {"false answers"}


@pytest.mark.parametrize("status", [200, 202, 504])
def test_what_was_received_was_so_before_it_is_said(story, status):
    session = story.client()
    push = story.push(receipt="received", ttl=True)
    story.answer(push, status, nodes=1, sessions=1, written=1, received=1)
    story.later(0.1).arrive(push, session)
    story.fault()
    assert story.failures() == {"false answers"}


# -- lies in calm --------------------------------------------------------------


@pytest.mark.parametrize("status", [202, 404, 503, 504, None])
def test_a_push_to_a_standing_session_succeeds(story, status):
    story.client()
    push = story.push(ttl=True)
    if status:
        story.later(1).answer(push, status)
    assert "wrong in calm" in story.failures()


def test_a_live_push_in_calm_reaches_a_standing_session(story):
    story.client()
    story.answer(story.push(), 200, nodes=1)
    story.later().client()
    assert story.failures() == {"wrong in calm"}


def test_all_standing_sessions_are_reached(story):
    session, _ = story.client(), story.client()
    push = story.push()
    story.arrive(push, session)
    story.answer(push, 200, nodes=2)
    assert story.failures() == {"wrong in calm"}


def test_calm_lasts_from_one_fault_to_the_next(story):
    for _ in range(3):
        story.later(10).fault(before=1)
    story.later(-15).client()
    story.answer(story.push(), 200, nodes=1)
    assert story.failures() == {"wrong in calm"}


def test_what_was_confirmed_does_not_come_again(story):
    session = story.client()
    push = story.push(receipt="received", ttl=True)
    story.arrive(push, session)
    story.answer(push, 200, nodes=1, sessions=1, written=1, received=1)
    story.later().leave(session)
    story.arrive(push, story.later().client())
    assert story.failures() == {"wrong in calm"}


def test_a_repeat_is_answered_as_the_first_was(story):
    session = story.client()
    push = story.push(receipt="written")
    story.arrive(push, session)
    for written in [1, 2]:
        story.answer(push, 200, nodes=1, sessions=written, written=written)
        story.checker.retry(push)
    assert story.failures() == {"wrong in calm"}


# -- what three products broken on purpose would do ------------------------------


def reconnect(story, old_end):
    """A client reconnects to its node, which sees the end of its old session only
    then. Returns the old and the new session."""
    old = story.client()
    new = story.later().client()
    story.later(old_end).leave(old)
    return old, new


def test_skips_the_compare_at_the_end_of_a_session(story):
    """The late end of a session takes the id from its successor, which is then
    not found, though it stands."""
    _, new = reconnect(story, 0.1)
    push = story.later().push()
    story.answer(push, 404)
    story.later().leave(new)
    assert story.failures() == {"wrong in calm", "false answers"}


def test_skips_the_compare_at_the_end_of_one_of_two_sessions(story):
    """So too where another node still holds the id."""
    _, new = reconnect(story, 0.1)
    other = story.client()
    push = story.later().push(receipt="received")
    story.arrive(push, other)
    story.answer(push, 200, nodes=1, sessions=1, written=1, received=1)
    story.later().leave(new, other)
    assert story.failures() == {"wrong in calm"}


def test_trims_the_mailbox_one_too_far(story):
    """A client confirms the first of two; the second is trimmed with it, and the
    next session gets the third only."""
    connection = object()
    one, two, three = (story.push(ttl=True, connection=connection) for _ in range(3))
    for push in [one, two, three]:
        story.answer(push, 202, nodes=0)
    first = story.later().client()
    story.arrive(one, first)
    story.leave(first)
    second = story.later().client()
    story.arrive(three, second)
    assert story.failures() == {"lost"}


def frozen(story, **counts):
    """A push waits for a node that is frozen, until its time is up. The node then
    goes on. Returns the push and its session."""
    session = story.client()
    push = story.push(receipt="written")
    story.later(1).answer(push, 200, nodes=1, **counts)
    story.later(3).fault(before=4)
    return push, session


@pytest.mark.parametrize("arrives", [True, False])
def test_counts_an_unknown_as_written(story, arrives):
    """A node that has not answered is counted as one that has written: before it
    did, or though it never will."""
    push, session = frozen(story, sessions=1, written=1)
    if arrives:
        story.arrive(push, session)
    assert story.failures() == {"false answers"}


def test_calls_a_push_with_an_unknown_a_success(story):
    push, session = frozen(story, sessions=1, written=1, unknown=1)
    story.arrive(push, session)
    assert story.failures() == {"false answers"}
