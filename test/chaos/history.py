"""The records that a checker holds of one session and of one push."""

from dataclasses import dataclass, field


@dataclass(eq=False)
class Session:
    """One WebSocket of a client, or one event stream."""

    name: str
    opened: float
    # The EventSource that an event stream belongs to, None for a WebSocket.
    source: object | None = None
    # Whether an event stream came by a proxy.
    is_proxied: bool = False
    greeted: float | None = None
    # When its client said good-bye, or went without.
    left: float | None = None
    closed: float | None = None
    # The close code, or the one that the end of an event stream stands for.
    code: int | None = None
    stalled: bool = False
    texts: list[str] = field(default_factory=list)

    def stands(self, begin, end):
        """Tells whether it was there for the whole of a time."""
        ends = [time for time in (self.left, self.closed) if time is not None]
        return (self.greeted is not None and self.greeted <= begin
                and all(time > end for time in ends))

    def ended_within(self, begin, end):
        """Tells whether it ended in a time."""
        return self.closed is not None and begin <= self.closed <= end


@dataclass(eq=False)
class Push:
    """One push, and what its pusher was told."""

    pusher: str
    number: int
    name: str
    connection: object
    ttl: bool
    receipt: str
    begun: float
    # The key by which it replaces older pushes to the same id.
    collapse: str = ""
    attempts: int = 1
    answered: float | None = None
    status: int | None = None
    counts: dict = field(default_factory=dict)
    # The answers to repeats, and when: time, status, counts.
    repeats: list[tuple] = field(default_factory=list)
    # Of each session that got it, when that was first.
    arrivals: dict[Session, float] = field(default_factory=dict)
    # When an event stream that had it came back with its position.
    confirmed: float | None = None

    @property
    def text(self):
        """The text that is pushed; no two are equal."""
        return f"{self.pusher}:{self.number}:{self.name}"

    @property
    def kept(self):
        """Whether it was promised that the push arrives, whatever happens."""
        return self.ttl and self.status in (200, 202)

    def may_follow(self, other):
        """Tells whether a node may have taken it after another push."""
        return self.answered is None or self.answered >= other.begun

    def arrivals_until(self, time):
        """Returns how many sessions had got it by then."""
        return sum(arrival <= time for arrival in self.arrivals.values())

    def __str__(self):
        return (f"{self.text}{' ttl' if self.ttl else ''} {self.receipt}: "
                f"{self.status} {self.counts}, begun {self.begun:.3f}, "
                f"answered {self.answered and round(self.answered, 3)}, got by "
                f"{[round(arrival, 3) for arrival in self.arrivals.values()]}")
