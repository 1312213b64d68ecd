"""How many cores this process may use."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from attnviz import cores as cores_module


@pytest.mark.parametrize(
    ("text", "cores"), [("150000 100000", 2), ("50000 100000", 1), ("max 100000", sys.maxsize)]
)
def test_a_container_may_use_the_cores_it_was_given(
    text: str, cores: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpu.max").write_text(text + "\n")
    monkeypatch.setattr(cores_module, "QUOTA", tmp_path / "cpu.max")
    assert cores_module._quota.__wrapped__() == cores
