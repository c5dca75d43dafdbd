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


def anchors_of(text):
    """Returns what can stand behind # in a link to a document in Markdown: its headings as
    GitHub and others write them there."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


DOCUMENTS = sorted(path for path in ROOT.rglob("*.md")
                   if not {"build", "node_modules"} & set(path.relative_to(ROOT).parts))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_link_leads_to_something(path):
    text = re.sub(r"^```.*?^```|`[^`\n]*`", "", path.read_text(), flags=re.M | re.S)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        assert target.exists(), link
        assert not anchor or anchor in anchors_of(target.read_text()), link
