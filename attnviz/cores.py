"""How many cores can be used, and BLAS on one of them for each of our threads."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

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


def one_blas_thread() -> None:
    """Keep BLAS to one thread, from the first run on: its threads and ours fight for the cores.

    It stays so, as a product has other bits on more threads, and others may be in a run.
    """
    for library in _libraries():
        if library.num_threads != 1:  # threadpoolctl ≥ 3.8 hears one thread until it is released
            release = getattr(library, "clear_controlling_thread", lambda **_: None)
            release(force=True)
            library.set_num_threads(1)
            release(force=True)


@cache
def _libraries() -> list[Any]:
    """The BLAS libraries of this process."""
    from threadpoolctl import ThreadpoolController

    return list(ThreadpoolController().select(user_api="blas").lib_controllers)
