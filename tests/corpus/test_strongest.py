"""The strongest links of many texts: of short ones in whole maps, of long ones as they come by."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

import numpy as np
import pytest

import attnviz
from attnviz.corpus import strongest
from attnviz.corpus.here import Here
from attnviz.corpus.lines import Text
from attnviz.corpus.packs import packs_of, refuse_one, taken
from attnviz.corpus.strongest import Asked, TextLinks, strongest_job
from attnviz.errors import InputError, UnknownHead
from attnviz.result import Head
from tests.model.made import small, write

TEXTS = (
    "He took the unbelievably old hats and reexamined them; the hat was not his.",
    "hat",
    "the hat",
    "Nobody else would climb the stairs before the boats came home, said the keeper's brother.",
    "He took the hat, and the hat it was that he took, and he took it and examined it.",
)
ASKED = {
    "words": Asked(7),
    "tokens": Asked(7, tokens=True),
    "all": Asked(1000),
    "a layer": Asked(7, layers=[1]),
    "heads": Asked(7, heads=[Head(1, 2), Head(0, 1), Head(1, 0)]),
}


@pytest.fixture(scope="module", params=["embedded", "gpt2-plain", "bart-plain"])
def model(request, tmp_path_factory) -> attnviz.Model:
    if request.param == "embedded":
        return attnviz.load()
    tokenizer = {"gpt2-plain": "byte-level", "bart-plain": "unigram"}[request.param]
    return write(tmp_path_factory.mktemp("made"), small(request.param, tokenizer), tokenizer)


def found(model: attnviz.Model, asked: Asked, *, together: bool = False) -> list[TextLinks]:
    """Those of each text: alone, as products of other sizes round otherwise, or in one pack."""
    texts = [Text(text, n) for n, text in enumerate(TEXTS)]
    bursts = [texts] if together else [[one] for one in texts]
    packs = (packs_of(burst, lambda one: one.text) for burst in bursts)
    done = Here(model).each(strongest_job(asked, {"truncate": True}), packs)
    return [one for some in taken(done, refuse_one) for one in some]


def without_weights(one: TextLinks) -> tuple[Any, ...]:
    line, links, units, runs, *rest = astuple(one)
    return line, [link[:2] + link[3:] for link in links], tuple(units), [*runs], *rest


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_short_texts_have_the_links_that_are_found_in_long_ones(model, monkeypatch, asked):
    short = found(model, asked)
    monkeypatch.setattr(strongest, "SHORT", 0)
    long = found(model, asked)
    assert [without_weights(one) for one in short] == [without_weights(one) for one in long]
    assert any(one.links for one in short)
    for one, other in zip(short, long, strict=True):
        weights = [[link.weight for link in each.links] for each in (one, other)]
        np.testing.assert_allclose(*weights, atol=1e-6)


def test_texts_of_a_pack_have_what_each_has_alone(model):
    alone, together = (found(model, ASKED["words"], together=packed) for packed in (False, True))
    assert [one.line for one in together] == [*range(len(TEXTS))]
    for one, other in zip(alone, together, strict=True):
        assert (one.texts, tuple(one.units), one.excluded) == (
            other.texts,
            tuple(other.units),
            other.excluded,
        )
        assert len(one.links) == len(other.links)


@pytest.mark.parametrize("short", [0, 256])
def test_a_head_that_is_not_there_or_is_there_twice_is_named(model, monkeypatch, short):
    monkeypatch.setattr(strongest, "SHORT", short)
    with pytest.raises(UnknownHead, match=r"there is no head 1\.99; layer 1 has heads"):
        found(model, Asked(3, heads=[Head(1, 99)]))
    with pytest.raises(InputError, match=r"1\.2"):
        found(model, Asked(3, heads=[Head(1, 2), Head(1, 2)]))
