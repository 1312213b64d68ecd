"""Measures of a text as its weights come by: those of its whole map, block by block."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import attnviz
import attnviz.core.multi_head as sublayer
from attnviz import AttentionResult, Model, Token
from attnviz.analysis import streamed_measures
from attnviz.analysis.measured import HeadSums, head_sums
from attnviz.analysis.streamed_measures import PIECE, StreamedMeasures
from attnviz.analysis.words import merge_words
from attnviz.core.attention import Heads
from attnviz.core.hooks import AttentionBlock
from attnviz.corpus.head_measures import heads_job
from attnviz.model import long_texts
from attnviz.result import AttentionMap

TEXT = "The hats, the old hats and THE hat: he reexamined the unbelievably old hats."


def check_alike(found: HeadSums, expected: HeadSums) -> None:
    assert found.names == expected.names
    assert (found.kind, found.layers, found.heads) == (
        expected.kind, expected.layers, expected.heads,
    )  # fmt: skip
    assert (found.n_texts, found.n_queries) == (expected.n_texts, expected.n_queries)
    np.testing.assert_allclose(found.sums, expected.sums, rtol=1e-4, atol=1e-4)


@st.composite
def texts(draw: st.DrawFn) -> tuple[Token, ...]:
    """Words of some pieces each, which come again, punctuation, and special tokens around them."""
    tokens: list[Token] = [Token("[CLS]", special=True)] if draw(st.booleans()) else []
    for word, spelt in enumerate(
        draw(st.lists(st.sampled_from(["a", "B", "b", "cde", "fg", "."])))
    ):
        tokens += [Token(letter, word=word) for letter in spelt]
    return (*tokens, Token("[SEP]", special=True)) if draw(st.booleans()) else (
        *tokens, Token("z", word=99),
    )  # fmt: skip


@settings(deadline=None)
@given(
    tokens=texts(),
    height=st.integers(1, 9),
    causal=st.booleans(),
    words=st.booleans(),
    piece=st.sampled_from([1, 30, PIECE]),
    seed=st.integers(0, 99),
)
def test_they_are_those_of_the_whole_map(
    tokens: tuple[Token, ...], height: int, causal: bool, words: bool, piece: int, seed: int
) -> None:
    n = len(tokens)
    weights = np.random.default_rng(seed).random((2, 3, n, n), np.float32)
    weights *= np.tri(n, dtype=np.float32) if causal else 1
    weights /= weights.sum(axis=-1, keepdims=True)
    kind = "decoder" if causal else "encoder"
    result = AttentionResult(tokens, {kind: AttentionMap(weights)})
    streamed = StreamedMeasures(tokens, (), (2, 3), words=words, causal=causal)
    none = np.zeros((3, n, 1), np.float32)
    for layer in range(2):
        for start in range(0, n, height):
            stop = min(n, start + height)
            some, heads = weights[layer, :, start:stop], Heads(none, none, None)
            with mock.patch.object(streamed_measures, "PIECE", piece):
                streamed.visit(AttentionBlock(kind, layer, 0, start, stop, some, heads))
    check_alike(streamed.sums(), head_sums(merge_words(result) if words else result))


@pytest.mark.parametrize("causal", [True, False], ids=["decoder", "encoder"])
@pytest.mark.parametrize(
    ("offsets", "expected"),
    [([-3, -2, -1], 2.0), ([-200, -199, -1], 400 / 3), ([-30_000], 30_000.0), (None, None)],
    ids=["just before", "some of them far", "far", "even"],
)
def test_distances_are_exact_at_the_end_of_a_long_text(
    offsets: list[int] | None, expected: float | None, causal: bool
) -> None:
    n, height = 1 << 15, 64
    queries = np.arange(n - height, n)
    if not causal and offsets:  # the same the other way round
        queries, offsets = np.arange(height), [-offset for offset in offsets]
    weights = np.zeros((1, height, n), np.float32)
    for offset in offsets or ():
        weights[0, np.arange(height), queries + offset] = 1 / len(offsets)
    if not offsets:
        weights[0] = np.tri(height, n, n - height, np.float32) if causal else 1
        weights /= weights.sum(axis=-1, keepdims=True)
        expected = np.mean([np.abs(q - np.arange(q + 1 if causal else n)).mean() for q in queries])

    streamed = StreamedMeasures(
        [Token(f"w{i}") for i in range(n)], (), (1, 1), words=False, causal=causal
    )
    none = np.zeros((1, n, 1), np.float32)
    start, stop = int(queries[0]), int(queries[-1]) + 1
    kind = "decoder" if causal else "encoder"
    streamed.visit(AttentionBlock(kind, 0, 0, start, stop, weights, Heads(none, none, None)))
    found = streamed.sums()
    above, below = found.sums[:, found.names.index("distance"), 0, 0]
    np.testing.assert_allclose(above / below, expected, rtol=1e-5)


@pytest.mark.parametrize("tokens", [False, True], ids=["words", "tokens"])
def test_a_long_text_is_measured_as_a_short_one_is(
    embedded: Model, writer: Model, monkeypatch: pytest.MonkeyPatch, tokens: bool
) -> None:
    for model, text in ((embedded, TEXT), (writer, TEXT[:30])):
        job = heads_job(model.spec.stacks[0].kind, tokens=tokens)
        given = [(one, job.read(model, one)) for one in (text, text[:10])]
        expected = job.compute(model, given, None)
        with monkeypatch.context() as patched:
            patched.setattr(long_texts, "LONG", 0)
            patched.setattr(sublayer, "BLOCK", 0)
            patched.setattr(sublayer, "ROWS", 1)
            check_alike(job.compute(model, given, None), expected)


def test_a_text_that_has_no_room_for_its_maps_is_measured(
    embedded: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_texts, "LONG", 0)
    monkeypatch.setattr(embedded, "attend_pack", None)
    assert attnviz.heads(embedded, [TEXT]).n_texts == 1
