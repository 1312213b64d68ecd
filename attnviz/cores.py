"""How many cores can be used: what the system and a container's limits leave."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path

QUOTA = Path("/sys/fs/cgroup/cpu.max")  # where a container reads how much time of the cores it has


def available_cores() -> int:
    """Cores that this process may use, as far as the system says."""
    if hasattr(os, "sched_getaffinity"):
        return min(len(os.sched_getaffinity(0)), _quota())
    return os.cpu_count() or 1


@cache
def _quota() -> int:
    """How many cores' time a container may take (cgroup v2), rounded up."""
    try:
        quota, period = QUOTA.read_text(encoding="ascii").split()
        return max(1, -(-int(quota) // int(period)))
    except (OSError, ValueError):  # none, or "max"
        return sys.maxsize
