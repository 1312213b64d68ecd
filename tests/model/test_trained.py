"""Trained models beside the repository do what they were trained to do, and show how."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

import attnviz
from tests.support.shared import FOLDER

TRANSLATORS = sorted(path.parent for path in FOLDER.glob("trained-*/training.json"))
pytestmark = pytest.mark.skipif(not TRANSLATORS, reason="no checkpoints beside the repository")


def examples(folder: Path) -> list[tuple[str, str]]:
    trained = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    return [(source, target) for source, target in trained["examples"]]


@pytest.mark.parametrize("folder", TRANSLATORS, ids=lambda folder: folder.name)
def test_a_translator_writes_what_it_was_trained_to_write(folder: Path) -> None:
    sources, targets = zip(*examples(folder)[:4], strict=True)
    results = attnviz.load(folder).attend_many(sources)
    assert [result.target_texts for result in results] == [(target,) for target in targets]


@pytest.mark.parametrize("folder", TRANSLATORS, ids=lambda folder: folder.name)
def test_what_it_writes_is_what_it_is_shown_as_a_target(folder: Path) -> None:
    model, (source, target) = attnviz.load(folder), examples(folder)[0]
    written, given = model.attend(source), model.attend(source, target=target)
    assert [token.id for token in given.target_tokens] == [t.id for t in written.target_tokens]
    for kind, found in written.maps.items():
        assert abs(found.weights - given.maps[kind].weights).max() < 1e-5


def test_cross_attention_reads_as_an_alignment() -> None:
    """Where a date is turned around, head 1.0 finds each digit of the year in the source."""
    folder = FOLDER / "trained-marian-dates"
    model = attnviz.load(folder)
    for source, _ in examples(folder):
        result = model.attend(source)
        rows = result.maps["cross"].head(attnviz.Head(1, 0))
        year = range(len(result.target_tokens) - 4, len(result.target_tokens))
        # A token is written by the row of the one before it; the source begins with the year.
        assert [int(rows[place - 1].argmax()) for place in year] == [0, 1, 2, 3]


@pytest.mark.parametrize("numbers", [[2, 0, 1, 1, 0, 2], [0, 2, 1, 0, 1, 1], [2, 2, 1, 1, 0, 0]])
def test_a_sorter_sorts(numbers: list[int]) -> None:
    result = attnviz.load(FOLDER / "gpt-nano-sort").attend(token_ids=numbers, generate=6)
    ids = [token.id for token in result.tokens]
    assert ids == numbers + sorted(numbers)
    assert result.maps["decoder"].weights.shape == (3, 3, 11, 11)  # the last is never read


def test_a_storyteller_tells_its_story() -> None:
    result = attnviz.load(FOLDER / "stories260K").attend("Once upon a time", generate=12)
    (text,) = result.texts
    assert text.startswith("Once upon a time, there was a little girl named")
    ends = [token.end for token in result.tokens if token.end is not None]
    assert all(a <= b for a, b in pairwise(ends))
    assert ends[-1] == len(text)
