"""The examples of samples/pipelines run, and print what they say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "samples" / "pipelines"


def printed(name: str, *arguments: object) -> list[str]:
    given = [sys.executable, str(FOLDER / name), *map(str, arguments)]
    return subprocess.run(given, capture_output=True, check=True, text=True).stdout.splitlines()


def test_dicts_go_in_and_tables_come_out(tmp_path):
    pytest.importorskip("pandas")
    texts = ["He took the hat", "She saw the hat and took it", "The hat was red"]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(json.dumps({"id": n, "body": one}) for n, one in enumerate(texts)))
    heads, first, *rest = printed("records.py", path, "--field", "body")
    assert heads.split() == ["layer", "head", "previous"]
    assert float(first.split()[2]) > 0.5  # some head looks at the word before
    assert len(rest) == 7 and "size" in rest[2]


def test_a_service_answers_line_by_line():
    said = printed("service.py", "He took the hat", "It was cold")
    assert said == ["1 He took the hat 6 × 6 weights", "2 It was cold 5 × 5 weights"]
