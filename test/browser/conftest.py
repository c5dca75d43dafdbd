"""The fixtures of test/system, and a browser."""

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

CLUSTER = Path(__file__).parents[1] / "system"
sys.path.insert(0, str(CLUSTER))

# By another name: this file is called conftest, too.
spec = importlib.util.spec_from_file_location("cluster_conftest", CLUSTER / "conftest.py")
cluster_conftest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cluster_conftest)

lab = cluster_conftest.lab
pytest_configure = cluster_conftest.pytest_configure
pytest_pyfunc_call = cluster_conftest.pytest_pyfunc_call

# Only now may this be imported.
from chromium import Chromium


def start_chromium():
    """Starts a browser where there is one: app/setup.sh has none for Ubuntu."""
    if not shutil.which("chromium"):
        pytest.skip("there is no Chromium here")
    return Chromium()


@pytest.fixture
def browser():
    """A browser that has never been used."""
    with start_chromium() as result:
        yield result


@pytest.fixture(scope="module")
def chromium():
    """A browser for all tests of a module."""
    with start_chromium() as result:
        yield result
