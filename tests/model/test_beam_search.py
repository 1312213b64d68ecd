"""Beams write what transformers writes with them, whatever a generation config says of scores."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from attnviz import load
from attnviz.core.buffers import FloatArray, IntArray
from attnviz.errors import InputError
from attnviz.model import generate
from attnviz.model.beam_search import beam_search
from attnviz.model.generate import Writer
from attnviz.model.rules import Rules
from tests.model.made import small, write
from tests.support.references import read, recipe
from tests.support.seeded import write_checkpoint

FILE = Path(__file__).resolve().parents[1] / "fixtures" / "generated.json"
ORACLE = json.loads(FILE.read_text(encoding="utf-8"))
GIVEN = [3, 7, 11, 5]


def written(folder: Path, **more: int) -> list[int]:
    """The ids that the checkpoint in this folder writes, those given to a decoder included."""
    model = load(folder)
    if model.spec.encoder:
        result = model.attend(token_ids=GIVEN, max_new_tokens=10, **more)
    else:
        result = model.attend(token_ids=GIVEN, generate=10, **more)
    return [token.id for token in result.target_tokens or result.tokens]


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("name", ORACLE["written"])
def test_ids_are_those_of_transformers(
    name: str, cached: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_checkpoint(tmp_path, recipe(read(name)))
    if not cached:
        monkeypatch.setattr(generate, "can_remember", lambda stack, n: False)
    for way, expected in zip(ORACLE["ways"], ORACLE["written"][name], strict=True):
        if expected is None:
            continue
        if way:
            (tmp_path / "generation_config.json").write_text(json.dumps(way), encoding="utf-8")
        model = load(tmp_path)
        stopped = model.spec.encoder and len(expected) > 1 and expected[-1] in model.rules.stops
        assert written(tmp_path) == (expected[:-1] if stopped else expected), way


def chain(texts: Sequence[IntArray], parents: Sequence[int]) -> FloatArray:
    """A tiny language of three words whose likelihood depends on the last two."""
    table = np.random.RandomState(0).randn(3, 3, 3).astype(np.float32)
    return np.stack([table[text[-2], text[-1]] for text in texts])


def test_with_beams_enough_the_best_of_all_texts_is_found() -> None:
    def score(text: tuple[int, ...]) -> float:
        total = 0.0
        for i in range(2, len(text)):
            row = np.float64(chain([np.asarray(text[:i])], [0])[0])
            total += row[text[i]] - np.log(np.exp(row).sum())
        return total

    best = max(((0, 1, *rest) for rest in product(range(3), repeat=4)), key=score)
    found = beam_search(chain, np.asarray([0, 1]), Rules(length_penalty=0.0), 4, 81)
    assert tuple(found) == best


@pytest.mark.parametrize("beams", [0, 65])
def test_no_beams_and_too_many_are_refused(beams: int, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"no {beams} beams; ask for 1 to 64"):
        write(tmp_path, small("gpt2-plain")).attend(token_ids=[3], generate=2, beams=beams)


def test_beams_are_those_of_the_checkpoint_where_nobody_says(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, recipe(read("gpt2-plain")))
    greedy, four = written(tmp_path), written(tmp_path, beams=4)
    assert greedy != four
    (tmp_path / "generation_config.json").write_text('{"num_beams": 4}', encoding="utf-8")
    assert written(tmp_path) == four
    assert written(tmp_path, beams=1) == greedy


def test_the_unknown_is_written_only_if_asked_for(tmp_path: Path) -> None:
    model = write(tmp_path, small("bart-plain", "unigram"), "unigram")
    (unknown,) = model.tokenizer.special.unknown
    free = [
        [token.id for token in model.attend("hat", max_new_tokens=12, **more).target_tokens]
        for more in ({}, {"allow_unknown": True})
    ]
    assert unknown not in free[0]
    banned = replace(model.rules, banned=(*model.rules.banned, unknown))
    given = model.encode("hat").ids.ids
    start = model.tokenizer.target_start(model.rules.forced_first)
    for ids, rules in zip(free, (banned, model.rules), strict=True):
        expected = Writer(model.spec, model.weights, rules).target(given, 12, start)
        assert ids == expected.tolist()
