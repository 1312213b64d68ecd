"""The rules that the page repeats, in Python; tests/browser/test_rules.py asks the same of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attnviz.analysis.ask import find_word, numbered
from attnviz.errors import UnknownWord
from attnviz.render.cells import resample
from attnviz.render.colour import is_dark, scale_of, table
from attnviz.render.numbers import short
from attnviz.render.sentences import percent
from attnviz.render.style import Colouring
from attnviz.result import Token
from tests.support.rules import RULES


@pytest.mark.parametrize("case", RULES["scale"])
def test_weights_have_the_same_colours(case: dict[str, Any]) -> None:
    given = np.array(case["weights"], np.float32)
    scale = scale_of(Colouring(**case["choice"]), [given], signed=case["signed"])
    assert (scale.low, scale.high, scale.clipped) == (*case["ends"], case["clipped"])
    assert scale.ticks == pytest.approx(case["ticks"])
    weights, levels = zip(*case["levels"], strict=True)
    assert scale.levels(np.array(weights, np.float32)).tolist() == list(levels)


@pytest.mark.parametrize("case", RULES["table"])
def test_palettes_have_the_same_tables(case: dict[str, Any]) -> None:
    rows = table(case["palette"], case["ground"], signed=case["signed"])
    assert len(rows) == 256
    assert [[i, rows[i].tolist()] for i, _ in case["rows"]] == case["rows"]


@pytest.mark.parametrize(("rgb", "dark"), RULES["dark"])
def test_the_same_colours_are_dark(rgb: list[int], dark: bool) -> None:
    assert bool(is_dark(np.array(rgb, np.uint8))) is dark


@pytest.mark.parametrize("case", RULES["pool"])
def test_the_same_weight_of_a_block_is_seen(case: dict[str, Any]) -> None:
    found = resample(np.array(case["values"], np.float32), case["rows"], case["columns"])
    np.testing.assert_array_equal(found, np.array(case["pooled"], np.float32))


@pytest.mark.parametrize("case", RULES["occurrence"])
def test_a_word_asked_for_is_the_same(case: dict[str, Any]) -> None:
    units = [Token(word) for word in case["words"]]
    if case["found"] is None:
        with pytest.raises(UnknownWord):
            find_word(units, case["asked"])
    else:
        assert find_word(units, case["asked"]).position == case["found"]


@pytest.mark.parametrize("case", RULES["numbered"])
def test_words_are_told_apart_by_names_that_can_be_asked_for(case: dict[str, Any]) -> None:
    units = [Token(word) for word in case["words"]]
    assert numbered(case["words"]) == case["named"]
    assert [find_word(units, name).position for name in case["named"]] == list(range(len(units)))


@pytest.mark.parametrize(("value", "text"), RULES["short"])
def test_numbers_beside_a_scale_read_the_same(value: float, text: str) -> None:
    assert short(value) == text


@pytest.mark.parametrize(("share", "text"), RULES["percent"])
def test_shares_read_the_same(share: float, text: str) -> None:
    assert percent(share) == text
