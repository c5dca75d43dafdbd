"""Under attack, those who behave get every push, and in the end the memory is back."""

import pytest

from attack import Plan, run
from harness import scaled
from memory import IS_MEASURED

SESSIONS = scaled(300)


@pytest.mark.parametrize("plan", [
    pytest.param(Plan(SESSIONS, 4, attackers=(
        ("deaf", scaled(60)), ("flood", scaled(60)), ("vanish", scaled(150)))),
        id="deaf, floods and vanishing"),
    pytest.param(Plan(SESSIONS, 3, attackers=(("hog", scaled(200)), ("vanish", scaled(100))),
                      descriptors=60), id="no descriptor left"),
])
def test_who_behaves_gets_every_push(plan):
    attack = run(plan)
    print(attack)
    if IS_MEASURED:
        assert attack.memory_after <= 1.2 * attack.memory_before
