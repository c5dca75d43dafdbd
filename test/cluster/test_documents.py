"""The documents name what is there."""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.mark.parametrize("name", sorted(set(
    re.findall(r"`(\w+::test_\w+|fuzz\.\w+|[\w/]+\.py)`",
               (ROOT / "docs/reference/attacks.md").read_text()))))
def test_a_test_that_answers_an_attack_is_there(name):
    suite, _, test = name.partition("::")
    if test:
        assert f"def {test}(" in (HERE / f"test_{suite}.py").read_text()
    elif name.startswith("fuzz."):
        target = name.removeprefix("fuzz.")
        assert f"waybill_fuzz_target({target} " in (ROOT / "test/fuzz/CMakeLists.txt").read_text()
    else:
        assert (ROOT / "test" / name).exists()
