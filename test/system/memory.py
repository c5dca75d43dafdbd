"""The memory a process has, as the kernel counts it."""

import contextlib
import re
from pathlib import Path

from harness import WAYBILL, eventually

MIB = 2**20

# A sanitizer keeps what is freed, and more: there is nothing to measure.
IS_MEASURED = b"__asan_" not in Path(WAYBILL).read_bytes()


def resident(process, kind="VmRSS"):
    """Returns how many bytes a process has in memory, or had at most: `VmHWM`."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(rf"{kind}:\s+(\d+) kB", status)[1]) * 1024


@contextlib.asynccontextmanager
async def bounded_memory(process, peak, rest):
    """Checks that a process takes no more than `peak` bytes more than it had, and
    that of these no more than `rest` remain."""
    before = resident(process)
    # Forgets the peak so far.
    Path(f"/proc/{process.pid}/clear_refs").write_text("5")
    yield
    if not IS_MEASURED:
        return
    most = resident(process, "VmHWM") - before
    assert most <= peak, f"{most / MIB:.1f} MiB more"
    await eventually(lambda: resident(process) - before <= rest, timeout=10)
