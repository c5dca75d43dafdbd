"""The scripts that measure print what docs/reference/performance.md shows."""

import subprocess
from pathlib import Path

import pytest

from harness import CLEAN_ENVIRONMENT, WAYBILL
from reference import REFERENCE, tables_of
from routers import KINDS

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def printed():
    """The output of runs that are too short to measure anything."""
    return "".join(subprocess.run(
        ["/usr/bin/python3", HERE / script, "--seconds", "0.1", "--rounds", "1"], check=True,
        stdout=subprocess.PIPE, text=True, timeout=300,
        env=CLEAN_ENVIRONMENT | {"WAYBILL": str(WAYBILL)}).stdout
        for script in ("compare.py", "variants.py", "masters.py"))


def frames_of(text):
    """Returns what is the same each time of the tables in a text: headers and first cells."""
    return [[header, *(row[0] for row in rows)] for header, *rows in tables_of(text)]


def test_the_document_shows_the_tables_that_are_printed(printed):
    documented = frames_of((REFERENCE / "performance.md").read_text())
    found = frames_of(printed)
    assert len(found) >= 8
    # Without Google Benchmark that of the steps is not there.
    assert [frame for frame in documented if frame in found or frame[0][0] != "step"] == found


def test_all_figures_are_there(printed):
    missing = {kind.name for kind in KINDS if kind.is_missing}
    assert not {"Waybill", "bare", "Node router"} & missing
    for header, *rows in tables_of(printed):
        for name, *figures in rows:
            for column, figure in zip(header[1:], figures, strict=True):
                if column in missing:
                    assert figure == "missing"
                # The work that the router is not made for.
                elif figure != "–" or column not in ("Nchan", "centrifuge"):
                    number = float(figure.replace(",", ""))
                    may_be_none = "of Redis" in header[0] or "no part" in name
                    assert number > 0 or may_be_none, (name, column)
