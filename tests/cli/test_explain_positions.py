"""``attnviz explain positions``: sinusoids, and what tells a model where tokens are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

POSITIONS = ("explain", "positions")


def test_sinusoids_are_drawn_and_told(attnviz, tmp_path: Path) -> None:
    ended = attnviz(*POSITIONS, "-n", "12", "--d-model", "16")
    assert (ended.code, ended.err) == (0, "")
    text = " ".join(ended.text.split())
    assert text.startswith("12 positions as sinusoids of 16 numbers")
    assert (
        "PE(pos, 2i) = sin(pos / 10000^(2i/d))" in text and "Vaswani et al. 2017, sec. 3.5" in text
    )
    files = [part for name in ("p.png", "p.pdf", "p.html") for part in ("-o", name)]
    assert attnviz(*POSITIONS, *files).code == 0
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")


def test_a_models_positions_are_its_own(attnviz) -> None:
    text = " ".join(attnviz(*POSITIONS, "-m", "all-MiniLM-L6-v2").text.split())
    assert "How all-MiniLM-L6-v2 knows where tokens are" in text
    assert "384 learned numbers" in text and "there are 512 of them" in text


def test_every_number_is_in_the_document(attnviz) -> None:
    (document,) = attnviz(*POSITIONS, "-n", "3", "--d-model", "4", "--json").documents
    (table,) = document["tables"]
    assert (document["explains"], table["kind"], table["places"]) == (
        "positions", "sinusoidal", [0, 1, 2],
    )  # fmt: skip
    np.testing.assert_allclose(table["values"][0], [0, 1, 0, 1])
    assert json.dumps(table["alike"][1][1]).startswith(("1.0", "0.99999"))


def test_help_names_it(attnviz) -> None:
    assert "attnviz explain positions -n 50" in attnviz(*POSITIONS, "--help").text
    assert "explain positions" in attnviz("--help").text


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (("-n", "0"), 2, "--positions '0' is not a whole number from 1"),
        (("-n", "5000"), 1, "take 1 to 4096"),
        (("--d-model", "4", "-m", "all-MiniLM-L6-v2"), 2, "leave it out"),
        (("-o", "p.csv"), 2, "no suffix that can be written"),
        (("--size", "1x1", "-o", "p.png"), 1, "no room"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, tuple) else None,
)
def test_every_failure_is_one_sentence(attnviz, given, code: int, said: str) -> None:
    ended = attnviz(*POSITIONS, *given)
    assert (ended.code, ended.out) == (code, b"")
    assert said in ended.err and ended.err.count("\n") == 1
