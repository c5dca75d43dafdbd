"""The events of a scenario, told by a test with a clock of its own."""

from checker import FAILURES, Checker

NAME = "456"


class Story:
    """Writes a checker, with a clock that its teller moves."""

    def __init__(self):
        self.checker = Checker()
        self.now = 100.0

    def later(self, seconds=5.0):
        """Lets time pass, by default more than any grace."""
        self.now += seconds
        return self

    def client(self, name=NAME, source=None):
        """A client connects and is greeted; an event stream where it has a source."""
        session = self.checker.open(name, self.now, source)
        self.checker.greet(session, self.now)
        return session

    def push(self, name=NAME, pusher="p", **options):
        """A push begins."""
        return self.checker.begin(pusher, name, self.now, **options)

    def arrive(self, push, *sessions):
        """A push arrives."""
        for session in sessions:
            self.checker.arrive(session, push.text, self.now)

    def answer(self, push, status, **counts):
        """A push is answered."""
        self.checker.answer(push, self.now, status, **counts)

    def leave(self, *sessions):
        """Clients end their sessions."""
        for session in sessions:
            self.checker.leave(session, self.now)
            self.close(session)

    def close(self, session, code=1006):
        """A session ends."""
        self.checker.close(session, self.now, code)

    def fault(self, before=0.0):
        """Something was broken from so many seconds ago until now."""
        self.checker.fault(self.now - before, self.now)

    def figures(self):
        """Returns the verdict's figures, but those that are 0."""
        verdict = self.checker.verdict()
        assert len(verdict.failures) == sum(verdict.figures[kind] for kind in FAILURES)
        return {name: count for name, count in verdict.figures.items() if count}

    def failures(self):
        """Returns the kinds of what failed."""
        return set(FAILURES) & self.figures().keys()
