"""The program as a function, and documents for it to render."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attnviz.cli import main
from attnviz.document import write_json
from attnviz.result import AttentionMap, AttentionResult, ModelInfo
from tests.analysis.results import tokens

TEXT = "He took the hat and liked it"


@dataclass(frozen=True)
class Ended:
    """How a run of the program ended."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def documents(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


Program = Callable[..., Ended]


@pytest.fixture
def attnviz(
    capfdbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Program:
    """Run the program in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "no-cache"))
    monkeypatch.setenv("COLUMNS", "100")
    for name in ("ATTNVIZ_MODEL", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: object, stdin: bytes = b"") -> Ended:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        out, err = capfdbinary.readouterr()
        return Ended(int(ended.value.code or 0), out, err.decode())

    return run


def sentence() -> AttentionResult:
    """Two layers of two heads over one sentence; in head 1.0 "it" looks at "hat" with 0.75."""
    units = tokens(TEXT, "[CLS] He took the hat and lik+ed it [SEP]")
    weights = np.zeros((2, 2, len(units), len(units)), np.float32)
    weights[..., 0] = 1.0
    weights[1, 0, 8, [0, 4]] = 0.25, 0.75
    weights[0, 1] = np.eye(len(units))
    return AttentionResult(
        units,
        {"encoder": AttentionMap(weights)},
        texts=(TEXT,),
        model=ModelInfo("made-by-hand", "bert", 2, 2),
    )


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """A document of one sentence."""
    path = tmp_path / "sentence.json"
    with path.open("wb") as stream:
        write_json(sentence(), stream)
    return path


@pytest.fixture
def two_documents(tmp_path: Path) -> Path:
    """Two documents in one file, one a line."""
    path = tmp_path / "two.json"
    with path.open("wb") as stream:
        write_json(sentence(), stream)
        write_json(sentence(), stream)
    return path
