"""Holds what pushers were told against what clients got.

Nothing here does I/O or looks at a clock: whoever saw something writes it down,
with the time in seconds, and asks for the verdict at the end.
"""

import bisect
import collections
import functools
import itertools
import statistics
from dataclasses import dataclass

from history import Push, Session

# The time the cluster and this machine may need to get over a fault after it has
# ended, or to show a client what was written to its socket. In seconds.
GRACE = 1.0

# The time a session may stand after its node has given its address back, while the
# client confirms what it got. In seconds.
FAREWELL = 3.0

# After so many seconds a node that is silent counts as gone.
SILENCE = 10.0

# A node ends an event stream after so many seconds, or up to a fifth more or less.
LIFETIME = 8.0

# The time after which a push is given up that was not answered, in seconds.
UNANSWERED = 5.0

# On average, live pushes must be answered within that time in a fault that is none of
# theirs. In seconds.
PROMPT = 0.05

# Close codes: the node stops, the client reads too slowly, there was no close frame, the
# lifetime of an event stream is over.
STOPS, SLOW, CUT, OVER = 1001, 1013, 1006, 1000

# Counts of sessions in an answer, none larger than those after it.
CLAIMS = ["received", "written", "sessions"]

# Each says that the push was not sent, and must not arrive.
NOTHING_SENT = {404, 503, 507}

# Figures that are failures where they are not 0.
FAILURES = ["lost", "false answers", "sessions ended wrongly", "order broken",
            "twice at one session", "twice at one stream", "again without ttl",
            "streams refused", "late", "wrong in calm"]


@dataclass
class Verdict:
    """Figures by name, and a line for each failure."""

    figures: dict[str, int]
    failures: list[str]

    def __str__(self):
        width = max(map(len, self.figures))
        lines = [f"{name:{width}} {count:8}" for name, count in self.figures.items()]
        return "\n".join([*lines, *self.failures[:20]])


class Checker:
    """The record of one scenario. What is written down here is in order of time."""

    def __init__(self):
        self._pushes = {}
        self._pushes_to = collections.defaultdict(list)
        self._sessions = collections.defaultdict(list)
        # The event streams of each EventSource.
        self._streams = collections.defaultdict(list)
        # How many of them have been confirmed.
        self._confirmed = collections.defaultdict(int)
        self._faults = []
        # When a node was killed or restarted, when one was cut from the others, and when
        # only pushes with a ttl had to suffer.
        self._restarts = []
        self._cuts = []
        self._side_faults = []
        # Ids that were called offline, and when that was asked and answered.
        self._absences = []
        self._calls = collections.Counter()
        self._failures = collections.defaultdict(list)

    # -- what was seen -------------------------------------------------------

    def begin(self, pusher, name, now, connection=None, ttl=False, receipt="routed",
              collapse=""):
        """A pusher begins its next push, on a connection of its own or on one
        that earlier pushes were sent on."""
        self._calls[pusher] += 1
        push = Push(pusher, self._calls[pusher], name, connection or object(), ttl, receipt, now,
                    collapse)
        self._pushes[push.text] = push
        self._pushes_to[name].append(push)
        return push

    def retry(self, push):
        """The pusher sends the same again, with the same Idempotency-Key."""
        if push.answered is None:
            push.attempts += 1
            push.connection = object()

    def answer(self, push, now, status, **counts):
        """A push was answered. If it never is, that is not written down."""
        if push.answered is None:
            push.answered, push.status, push.counts = now, status, counts
        else:
            push.repeats.append((now, status, counts))

    def open(self, name, now, source=None, is_proxied=False):
        """A client begins to connect.

        @param source the EventSource, which knows its position, if it is one
        @param is_proxied whether the stream comes by a proxy
        """
        session = Session(name, now, source, is_proxied)
        self._sessions[name].append(session)
        if source:
            self._streams[source].append(session)
        return session

    def greet(self, session, now):
        """The greeting came. An event stream has then confirmed all that was kept and came
        by those before it."""
        session.greeted = now
        if session.source:
            streams = self._streams[session.source]
            for push in self._kept_texts(streams[self._confirmed[session.source]:]):
                push.confirmed = push.confirmed or now
            self._confirmed[session.source] = len(streams) - 1

    def refuse(self, session, now, status):
        """An event stream was answered with another status than 200, after which an
        EventSource never comes back."""
        self.complain("streams refused", f"{session.name} with {status} at {now:.3f}")

    def arrive(self, session, text, now):
        """Some other text came."""
        push = self._pushes.get(text)
        if push is None or push.name != session.name:
            return self.complain("false answers", f"{text!r} came to {session.name}, unasked")
        if session.greeted is None:
            self.complain("order broken", f"{text!r} came before the greeting")
        if session in push.arrivals:
            self.complain("twice at one session", f"{push} and again {now:.3f}")
        elif session.source and push.ttl and any(
                other.source is session.source for other in push.arrivals):
            self.complain("twice at one stream", f"{push} and again {now:.3f}")
        push.arrivals.setdefault(session, now)
        session.texts.append(text)

    def stall(self, session):
        """The client reads no more, for some time or for ever."""
        session.stalled = True

    def leave(self, session, now):
        """The client ends the session, which one that reads no more may do twice."""
        session.left = session.left or now

    def close(self, session, now, code=None):
        """The session ended, with a close code if it ever was a WebSocket."""
        session.closed, session.code = now, code

    def look(self, name, begun, now, is_online):
        """Somebody asked whether an id is online, and was answered."""
        if not is_online:
            self._absences.append((name, begun, now))

    def fault(self, begin, end):
        """Something was broken, or had to be got over, in this time. All other
        times are calm, but for GRACE. Faults are written down in order."""
        self._faults.append((begin - GRACE, end + GRACE))

    def restart(self, begin, end):
        """A node was killed, or told to stop: its sessions end."""
        self._restarts.append((begin, end + GRACE))

    def cut(self, begin, end, heard):
        """A node was cut from the others, and could be heard again some time after."""
        self._cuts.append((begin, end, heard + GRACE))

    def side_fault(self, begin, end):
        """Something was broken that only pushes with a ttl need."""
        self._side_faults.append((begin, end))

    def complain(self, kind, line):
        """Something failed that a look at what was seen could not show."""
        self._failures[kind].append(f"{kind}: {line}")

    # -- what it comes to ----------------------------------------------------

    def is_calm(self, begin, end):
        """Tells whether there was no fault in this time."""
        first = bisect.bisect_left(self._faults, begin, key=lambda fault: fault[1])
        return first == len(self._faults) or self._faults[first][0] > end

    def verdict(self, ended_calm=True):
        """Holds all against all, once.

        @param ended_calm whether all clients were there at the end, and stayed
        until they had confirmed all that was kept for them
        """
        duplicates = live_lost = 0
        for push in self._pushes.values():
            self._check_promise(push)
            if (ended_calm and push.kept and not push.arrivals
                    and not self._replacements(push)):
                self.complain("lost", push)
            if push.status:
                self._check_counts(push)
            self._check_outage(push)
            self._check_calm(push)
            duplicates += self._check_repeats(push)
            live_lost += not push.ttl and push.status == 200 and not push.arrivals
        for session in itertools.chain.from_iterable(self._sessions.values()):
            self._check_order(map(self._pushes.get, session.texts))
            self._check_end(session)
        for streams in self._streams.values():
            self._check_order(self._kept_texts(streams))
        for name, begun, answered in self._absences:
            if self._must_be_found(name, begun, answered):
                self.complain("false answers", f"{name} is offline, asked {begun:.3f}, "
                                               f"answered {answered:.3f}")
        for begin, end in self._side_faults:
            self._check_promptness(begin, end)
        return Verdict(self._figures(duplicates, live_lost),
                       [line for kind in FAILURES for line in self._failures[kind]])

    def _figures(self, duplicates, live_lost):
        """Returns what is printed, in this order."""
        status = collections.Counter(str(push.status or "no answer")
                                     for push in self._pushes.values())
        sessions = [session for part in self._sessions.values() for session in part]
        return {
            "pushes": len(self._pushes),
            **{f"  {name}": count for name, count in sorted(status.items())},
            "  with a ttl": sum(push.ttl for push in self._pushes.values()),
            "  in calm": sum(self._was_calm(push) for push in self._pushes.values()),
            "faults": len(self._faults),
            "sessions": len(sessions),
            "  event streams": sum(map(len, self._streams.values())),
            "arrivals": sum(len(session.texts) for session in sessions),
            **{kind: len(self._failures[kind]) for kind in FAILURES},
            "duplicates by a lost confirmation": duplicates,
            "live, lost in a fault": live_lost,
        }

    def _was_calm(self, push):
        """Tells whether nothing excuses the push from the best of answers."""
        return self.is_calm(push.begun, push.answered or push.begun + UNANSWERED)

    def _replacements(self, push):
        """Returns the pushes in whose favour this one may have been dropped: others of its key
        that were not answered before it began, and may have been sent. One with a ttl is replaced
        only by another."""
        return [other for other in self._pushes_to[push.name] if push.collapse
                and other is not push and other.collapse == push.collapse
                and other.status not in NOTHING_SENT and (other.ttl or not push.ttl)
                and other.may_follow(push)]

    def _check_promise(self, push):
        """The promise of the status alone."""
        if push.status in NOTHING_SENT and push.attempts == 1 and push.arrivals:
            self.complain("false answers", push)
        if push.status not in {None, 200, 202, 504, *NOTHING_SENT}:
            self.complain("false answers", push)
        if push.status == 202 and not push.ttl:
            self.complain("false answers", push)

    def _check_counts(self, push):
        """The counts of nodes and sessions in an answer."""
        counts = push.counts
        claims = [counts[name] for name in CLAIMS if name in counts]
        false = (
            counts.get("received", 0) > push.arrivals_until(push.answered)
            or counts.get("written", 0) > self._written(push)
            or claims != sorted(claims)
            or push.status == 200 and not self._is_success(push))
        if false:
            self.complain("false answers", push)

    def _is_success(self, push):
        """Tells whether the counts of a 200 are those of one."""
        counts = push.counts
        if counts.get("unknown") or not counts.get("nodes"):
            return False
        # A repeat may be answered with what Redis recorded, which is less.
        needed = (push.receipt != "routed" and push.attempts == 1
                  and not counts.get("superseded"))
        return not needed or counts.get(push.receipt, 0) > 0

    def _written(self, push):
        """Returns to how many sessions the push may have been written before
        the answer: what was on its way when a session ended nobody got."""
        begin, end = push.begun - GRACE, push.answered + GRACE
        return sum(push.arrivals.get(session, end + 1) <= end
                   or session.stalled or session.ended_within(begin, end)
                   or self._is_ghost(session, begin)
                   for session in self._sessions[push.name])

    def _is_ghost(self, session, time):
        """Tells whether a node may not know yet that a client has left. HAProxy learns of the
        end of an event stream by HTTP/1.1 when it cannot write to it: the first write is answered
        by a reset, and the second one fails. In calm a node writes each push."""
        left = session.left or (session.closed if session.code is None else None)
        if not session.is_proxied or left is None or left > time:
            return False
        begun, first = self._written_in_calm(session.name)
        second = bisect.bisect_right(begun, left) + 1
        return second >= len(begun) or time <= GRACE + first[second]

    @functools.cache
    def _written_in_calm(self, name):
        """Returns when the pushes that nodes wrote in calm began, in order, and for each the
        time of the first answer from there on."""
        found = sorted((push.begun, push.answered) for push in self._pushes_to[name]
                       if push.status == 200 and self._was_calm(push))
        first = list(itertools.accumulate((answered for _, answered in reversed(found)), min))
        return [begun for begun, _ in found], first[::-1]

    def _check_outage(self, push):
        """The outcome that a push must have whatever is broken."""
        if push.status == 404 and self._must_be_found(push.name, push.begun, push.answered):
            self.complain("false answers", f"{push}, though a session stands: " + "; ".join(
                map(str, self._standing_at(push.name, push.begun, push.answered))))
        is_unheard = push.status == 200 and not push.arrivals and not any(
            session.ended_within(push.begun, push.answered + GRACE)
            or self._is_ghost(session, push.begun)
            for session in self._sessions[push.name])
        if is_unheard and not self._replacements(push) and any(
                begin + SILENCE + GRACE <= push.begun and push.answered <= end
                for begin, end, _ in self._cuts):
            self.complain("false answers", f"{push}, by a node that is cut off")

    def _must_be_found(self, name, begun, answered):
        """Tells whether nobody may say that an id is offline: a session of it stands, and
        its node does not stop, nor has been silent for long."""
        # It may have been heard for the last time some time before.
        return (not any(begin + SILENCE - GRACE <= answered <= heard
                        for begin, _, heard in self._cuts)
                and bool(self._standing_at(name, begun, answered)))

    def _standing_at(self, name, begun, answered):
        """Returns the sessions of an id that stand, but for those that their node has begun
        to end: because it stops, or a stream has reached its lifetime. A client that does not
        read sees no end."""
        return [session for session in self._sessions[name]
                if session.stands(begun, answered + GRACE)
                and not (session.source and session.stalled
                         and answered >= session.greeted + 0.8 * LIFETIME)
                and not (session.code in (STOPS, OVER)
                         and session.ended_within(answered, answered + FAREWELL))]

    def _check_end(self, session):
        """A session ends because its client or its node does, and else only if it reads
        too slowly."""
        if session.code is None or session.left is not None:
            return
        is_restart = session.code in (STOPS, CUT) and any(
            begin <= session.closed <= end for begin, end in self._restarts)
        is_slow = session.code in (SLOW, CUT) and session.stalled
        is_over = session.source and session.code == OVER
        if not is_restart and not is_slow and not is_over:
            self.complain("sessions ended wrongly",
                          f"{session.name} with {session.code} at {session.closed:.3f}")

    def _check_promptness(self, begin, end):
        """Live pushes do not wait for what only others need."""
        times = [push.answered - push.begun for push in self._pushes.values()
                 if push.answered and not push.ttl and push.receipt == "routed"
                 and push.attempts == 1 and begin <= push.begun <= end]
        if times and (mean := statistics.mean(times)) > PROMPT:
            self.complain("late", f"{len(times)} live pushes from {begin:.3f} on took "
                                  f"{mean * 1000:.0f} ms on average")

    def _check_calm(self, push):
        """The outcome that a push must have where nothing is broken."""
        if not self._was_calm(push):
            return
        for time, *again in push.repeats:
            if again != [push.status, push.counts] and self.is_calm(push.begun, time):
                self.complain("wrong in calm", f"{push}, but repeated {again}")
        if push.status in (None, 503):
            return self.complain("wrong in calm", push)
        standing = self._standing(push)
        # An event stream confirms only when it comes back.
        is_unconfirmed = (push.status in (202, 504) and push.receipt == "received"
                          and all(session.source for session in standing))
        if standing and push.status != 200 and not is_unconfirmed:
            self.complain("wrong in calm", push)
            return
        # A session that still reads its mailbox gets only the last of a key.
        replaced = {session for other in self._replacements(push) for session in other.arrivals}
        if not standing <= push.arrivals.keys() | replaced:
            self.complain("wrong in calm", f"{push}, not by all of {len(standing)}")

    def _standing(self, push):
        """Returns the sessions that were there before a push and some time after
        its answer."""
        return {session for session in self._sessions[push.name]
                if session.stands(push.begun, push.answered + GRACE)}

    def _check_repeats(self, push):
        """Returns to how many sessions the push came again after another that
        had it was over."""
        over = min((session.closed for session in push.arrivals if session.closed is not None),
                   default=None)
        if over is None:
            return 0
        again = [session for session in push.arrivals if session.opened > over]
        for session in again:
            if not push.ttl and not self._may_be_late(push, session):
                self.complain("again without ttl", push)
            elif self._was_confirmed(push, session.opened):
                self.complain("wrong in calm", f"{push}, though confirmed")
        return len(again) if push.ttl else 0

    def _may_be_late(self, push, late):
        """Tells whether a node may have heard of a push late, and taken it to all
        its sessions: its pusher was told so, or another session of the id stood
        since."""
        return push.counts.get("unknown", 0) > 0 or any(
            session.opened < push.begun and (session.closed or late.opened) >= late.opened
            for session in self._sessions[push.name])

    def _was_confirmed(self, push, time):
        """Tells whether a confirmation had all the time it needed until then."""
        times = [push.answered if push.counts.get("received", 0) > 0 else None, push.confirmed]
        return (any(begun is not None and begun + GRACE < time for begun in times)
                and self.is_calm(push.begun, time))

    def _kept_texts(self, sessions):
        """Returns the pushes with a ttl that came to sessions, in order."""
        texts = (text for session in sessions for text in session.texts)
        return [push for push in map(self._pushes.get, texts) if push.ttl]

    def _check_order(self, pushes):
        """The pushes of one connection, in one session, or in all streams of an
        EventSource."""
        last = {}
        for push in dict.fromkeys(pushes):
            if push.number < last.get(push.connection, 0):
                self.complain("order broken", f"after number {last[push.connection]} came {push}")
            last[push.connection] = push.number
