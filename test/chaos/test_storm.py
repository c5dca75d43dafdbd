"""Clients of nodes that are killed and drained come back, and no faster than nodes take them."""

from harness import scaled
from storm import Plan, run

RATE = 100


def test_no_node_lets_in_more_than_its_rate_and_all_come_back():
    plan = Plan(scaled(600), RATE, drain=1, calm=1)
    storm = run(plan)
    for name, phase in storm.phases.items():
        print(name, phase)
        assert phase.most <= 1.1 * RATE
        # Clients come by chance, some before it is their turn.
        assert phase.seconds <= 1.5 * max(phase.allowed, plan.drain) + 4
    print({name: value for name, value in storm.clients.items() if name != "absences"})
    assert storm.clients["refused"] > 0 and storm.clients["told"] > 0
    assert storm.refused == []
