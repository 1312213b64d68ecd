"""How much memory can still be used: what the system, this process and its group leave."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from attnviz.errors import TooBig

LITTLE = 1 << 26
"""Bytes that are there without asking."""

SHARE = 0.8
"""How much of the free memory one thing may take."""

LEAST = 220_000_000
"""Bytes that loading takes. NumPy's BLAS ends the process by itself, and tidies nothing up, where
it finds no memory."""

PROC, GROUPS = Path("/proc"), Path("/sys/fs/cgroup")
VIRTUAL = ("VmSize:", "VmData:")  # what a process has of its address space, and of its data
# Where a group says its limit, what it uses, and how much of that are files that can be dropped.
UNIFIED = ("memory.max", "memory.current", "inactive_file")
LEGACY = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def require(size: int, what: str, instead: str) -> None:
    """Raise TooBig where ``what`` takes more bytes than are free; ``instead`` says what to do."""
    free = available() if size > LITTLE else None
    if free is not None and size > SHARE * free:
        raise TooBig(
            f"{what} would take {size / 1e9:.1f} GB, more than {SHARE:.0%} of the "
            f"{free / 1e9:.1f} GB that are free; {instead}"
        )


def require_least() -> None:
    """Raise TooBig where limits of this process leave too little to begin with."""
    left = min(_of_process(), default=LEAST)
    if left < LEAST:
        raise TooBig(
            f"this takes {LEAST / 1e6:.0f} MB of memory to begin with and the limits of the shell "
            f"leave {left / 1e6:.0f} MB; raise ulimit -v or ulimit -d"
        )


def available() -> int | None:
    """Bytes of memory that this process can still use, where anything says so."""
    return min((*_of_system(), *_of_process(), *_of_groups()), default=None)


def available_to_others() -> int | None:
    """Bytes of memory that other processes can still use, which have limits of their own."""
    return min((*_of_system(), *_of_groups()), default=None)


def peak() -> int | None:
    """The most memory that this process has had, in bytes; None where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most << 10


def _of_system() -> Iterator[int]:
    for line in _lines(PROC / "meminfo"):
        if line.startswith("MemAvailable:"):
            yield int(line.split()[1]) * 1024
            return
    try:
        yield os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError, AttributeError):
        return


def _of_process() -> Iterator[int]:
    """What ``ulimit -v`` and ``ulimit -d`` leave of the address space and of the data."""
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    status = (line.split() for line in _lines(PROC / "self" / "status"))
    used = {words[0]: int(words[1]) for words in status if words and words[0] in VIRTUAL}
    for limit, field in zip((resource.RLIMIT_AS, resource.RLIMIT_DATA), VIRTUAL, strict=True):
        most = resource.getrlimit(limit)[0]
        if most != resource.RLIM_INFINITY:
            yield max(most - used.get(field, 0) * 1024, 0)


def _of_groups() -> Iterator[int]:
    """What the control groups above this process leave, of either version."""
    for line in _lines(PROC / "self" / "cgroup"):
        _, controllers, path = line.split(":", 2)
        if not controllers:
            root, names = GROUPS, UNIFIED
        elif "memory" in controllers.split(","):
            root, names = GROUPS / "memory", LEGACY
        else:
            continue
        place = root / path.lstrip("/")
        for folder in (place, *place.parents):
            if folder.is_relative_to(root):
                yield from _of_group(folder, *names)


def _of_group(folder: Path, limit: str, usage: str, droppable: str) -> Iterator[int]:
    most, used = _lines(folder / limit), _lines(folder / usage)
    if most and used and most[0].isdigit() and used[0].isdigit():
        files = (
            line.split()[1]
            for line in _lines(folder / "memory.stat")
            if line.startswith(droppable + " ")
        )
        yield max(int(most[0]) - int(used[0]) + int(next(files, "0")), 0)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
