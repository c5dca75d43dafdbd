"""Lends these tests the helpers of test/system."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "system"))
