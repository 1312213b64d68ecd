"""Heads of texts of any length in blocks of tokens: the map, summed and averaged, and none kept."""

from __future__ import annotations

import io
from functools import partial
from itertools import pairwise

import numpy as np
import pytest

import attnviz.core.multi_head as sublayer
from attnviz import Head, Model, memory
from attnviz.document import read, write_json, write_npz
from attnviz.errors import InputError, TooBig, UnknownHead

TEXT = "He took the unbelievably old hats and reexamined them; the hat was not his."


def expected(weights: np.ndarray, n: int) -> np.ndarray:
    """Pixels of a map (layer, head, query, key), each block of as many tokens as n allows."""
    size = -(-weights.shape[-1] // n)
    starts = list(range(0, weights.shape[-1], size))
    sums = np.add.reduceat(weights, starts, axis=3)
    counts = np.diff([*starts, weights.shape[-1]])
    return np.add.reduceat(sums, starts, axis=2) / counts[:, None]


@pytest.mark.parametrize("n", [1, 3, 4, 7, 1000])
def test_pixels_are_sums_over_keys_and_means_over_queries(embedded: Model, n: int) -> None:
    found = embedded.pooled(TEXT, n)
    whole = embedded.attend(TEXT).maps["encoder"].weights
    np.testing.assert_allclose(found.maps["encoder"].weights, expected(whole, n), atol=1e-5)
    assert len(found.tokens) == found.maps["encoder"].weights.shape[-1] <= n


def test_those_of_a_decoder_are_too_whatever_blocks_it_is_computed_in(
    writer: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = writer.attend(TEXT[:30]).maps["decoder"].weights
    monkeypatch.setattr(sublayer, "BLOCK", 0)
    monkeypatch.setattr(sublayer, "ROWS", 1)
    found = writer.pooled(TEXT[:30], 5).maps["decoder"].weights
    np.testing.assert_allclose(found, expected(whole, 5), atol=1e-5)


def test_they_are_of_the_layers_or_heads_that_are_asked_for(embedded: Model) -> None:
    every = embedded.pooled(TEXT, 4).maps["encoder"]
    of_layer = embedded.pooled(TEXT, 4, layers=[2]).maps["encoder"]
    assert of_layer.layers == (2,)
    np.testing.assert_array_equal(of_layer.weights[0], every.weights[2])
    heads = (Head(3, 1), Head(1, 4))
    picked = embedded.pooled(TEXT, 4, heads=heads).maps["encoder"]
    assert picked.picked == heads
    np.testing.assert_array_equal(picked.head(Head(1, 4)), every.head(Head(1, 4)))


def test_a_translator_is_asked_for_its_encoder(translator: Model) -> None:
    found = translator.pooled("He took the hat", 2)
    whole = translator.attend("He took the hat", target="hat").maps["encoder"].weights
    np.testing.assert_allclose(found.maps["encoder"].weights, expected(whole, 2), atol=1e-5)


def test_masked_tokens_get_nothing(wordless: Model) -> None:
    ids, mask = [3, 4, 5, 6], [1, 1, 0, 0]
    given = wordless.label(ids, None, None, mask)
    whole = wordless.attend(token_ids=ids, attention_mask=mask).maps["encoder"].weights
    found = wordless.pooled(given, 2).maps["encoder"].weights
    np.testing.assert_allclose(found, expected(whole, 2), atol=1e-5)
    assert not found[..., 1].any()


@pytest.mark.parametrize("write", [write_json, write_npz])
def test_documents_say_that_their_tokens_are_blocks(embedded: Model, write) -> None:
    found, stream = embedded.pooled(TEXT, 4, heads=[Head(3, 1)]), io.BytesIO()
    write(found, stream)
    (again,) = read(stream.getvalue())
    assert again.weighting == "pooled"
    assert tuple(again.tokens) == tuple(found.tokens)
    np.testing.assert_array_equal(again.maps["encoder"].weights, found.maps["encoder"].weights)


def test_how_much_is_done_is_told(writer: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sublayer, "BLOCK", 0)
    monkeypatch.setattr(sublayer, "ROWS", 1)
    given = writer.encode(TEXT[:30])
    for run in (
        partial(writer.pooled, TEXT[:30], 2),
        partial(writer.pooled, TEXT[:30], 2, heads=[Head(1, 0)]),
        partial(writer.find_strongest, given, 3),
    ):
        shares: list[float] = []
        run(tell=shares.append)
        assert all(a < b for a, b in pairwise(shares))
        assert shares[0] > 0
        assert shares[-1] == 1


def test_what_is_wrong_is_refused(embedded: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="no 0 blocks"):
        embedded.pooled(TEXT, 0)
    with pytest.raises(UnknownHead, match=r"there is no head 1\.12"):
        embedded.pooled(TEXT, heads=[Head(1, 12)])
    with pytest.raises(UnknownHead, match="there is no layer 6"):
        embedded.pooled(TEXT, layers=[6])
    with pytest.raises(InputError, match="'pooled' is no way to weigh"):
        embedded.attend(TEXT, weights="pooled")
    given = embedded.encode(TEXT)
    monkeypatch.setattr(memory, "available", lambda: 100)
    monkeypatch.setattr(memory, "LITTLE", 0)
    with pytest.raises(TooBig, match="fewer blocks with --pooled"):
        embedded.pooled(given)
