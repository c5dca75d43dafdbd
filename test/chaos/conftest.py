"""Lends these tests the helpers of test/system."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "system"))
pytest.register_assert_rewrite("attack", "clients", "harness", "redis_server")
