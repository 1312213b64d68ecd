"""The memory that is free: the least of what the system, the process and its group leave."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from attnviz import memory
from attnviz.errors import TooBig

GIB = 1 << 30


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with 8 GiB free and a process that nothing limits."""
    monkeypatch.setattr(memory, "PROC", tmp_path / "proc")
    monkeypatch.setattr(memory, "GROUPS", tmp_path / "groups")
    monkeypatch.setattr(memory, "_of_process", lambda: iter(()))
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "meminfo").write_text(f"MemAvailable: {8 * GIB // 1024} kB\n")
    return tmp_path


def group(folder: Path, *files: tuple[str, object]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files:
        (folder / name).write_text(f"{content}\n")


def test_without_limits_it_is_what_the_system_has(system: Path) -> None:
    assert memory.available() == 8 * GIB


def test_a_group_of_the_second_version_leaves_its_limit_without_what_it_uses(system: Path) -> None:
    (system / "proc" / "self" / "cgroup").write_text("0::/outer/inner\n")
    group(system / "groups" / "outer" / "inner", ("memory.max", "max"), ("memory.current", 5))
    group(
        system / "groups" / "outer",
        ("memory.max", 2 * GIB),
        ("memory.current", GIB),
        ("memory.stat", f"active_file 7\ninactive_file {GIB // 2}"),
    )
    assert memory.available() == 2 * GIB - GIB + GIB // 2


def test_a_group_of_the_first_version_is_heard_too(system: Path) -> None:
    (system / "proc" / "self" / "cgroup").write_text("4:cpu,memory:/job\n2:pids:/other\n")
    group(
        system / "groups" / "memory" / "job",
        ("memory.limit_in_bytes", GIB),
        ("memory.usage_in_bytes", GIB // 4),
        ("memory.stat", "total_inactive_file 0"),
    )
    assert memory.available() == GIB - GIB // 4


def test_a_group_that_uses_more_than_its_limit_leaves_nothing(system: Path) -> None:
    (system / "proc" / "self" / "cgroup").write_text("0::/\n")
    group(system / "groups", ("memory.max", GIB), ("memory.current", 2 * GIB))
    assert memory.available() == 0


def test_a_limit_of_the_shell_is_what_it_leaves() -> None:
    code = (
        "import resource as r; from attnviz.memory import available;"
        "r.setrlimit(r.RLIMIT_AS, (2 << 30, 2 << 30)); print(available())"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert 1 << 30 < int(ended.stdout) < 2 << 30


def test_what_a_process_is_limited_to_is_there_for_others(
    system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_of_process", lambda: iter([GIB // 8]))
    assert (memory.available(), memory.available_to_others()) == (GIB // 8, 8 * GIB)
    (system / "proc" / "self" / "cgroup").write_text("0::/\n")
    group(system / "groups", ("memory.max", 2 * GIB), ("memory.current", GIB))
    assert memory.available_to_others() == GIB


@pytest.mark.parametrize("limit", ["RLIMIT_AS", "RLIMIT_DATA"])
def test_with_too_little_to_begin_with_nothing_begins(tmp_path: Path, limit: str) -> None:
    """Where NumPy's BLAS would say so by itself, and leave a half-written file."""
    code = (
        f"import resource as r; r.setrlimit(r.{limit}, (150_000_000,) * 2);"
        "from attnviz.__main__ import main; main()"
    )
    command = [sys.executable, "-c", code, "run", "He took the hat", "-o", "hat.png"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert ended.returncode == 1
    said = r"attnviz: this takes 220 MB of memory .* leave \d+ MB; raise ulimit -v or ulimit -d\n"
    assert re.fullmatch(said, ended.stderr)
    assert list(tmp_path.iterdir()) == []
    helped = subprocess.run([*command[:3], "--help"], env=env, capture_output=True)
    assert helped.returncode == 0


def test_what_would_not_fit_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: GIB)
    memory.require(int(memory.SHARE * GIB), "a picture", "draw less")
    with pytest.raises(TooBig, match=r"a picture would take 1\.1 GB, more than 80% .*; draw less"):
        memory.require(GIB, "a picture", "draw less")
