"""The strongest links between words, in memory that does not grow with the square of a text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import attnviz.core.multi_head as sublayer
from attnviz import AttentionResult, Head, Model
from attnviz.core.attention import Heads
from attnviz.core.hooks import AttentionBlock
from attnviz.errors import BadCheckpoint, InputError
from attnviz.model.record import Strongest
from attnviz.result import Link

TEXT = "He took the hats and examined them carefully; the hat was not his."


def brute_force(result: AttentionResult, kind: str) -> list[Link]:
    """All links of a whole map between two words, strongest first."""
    found, tokens = result.maps[kind], result.tokens
    pairs = [
        (query, key)
        for query, key in np.ndindex(len(tokens), len(tokens))
        if not (tokens[query].special or tokens[key].special)
        and tokens[query].word != tokens[key].word
    ]
    rows = {head: found.head(head).tolist() for head in found.all_heads()}
    links = [Link(q, k, row[q][k], head) for head, row in rows.items() for q, k in pairs]
    return sorted(links, key=lambda link: -link.weight)


def check_alike(found: list[Link], expected: list[Link]) -> None:
    assert len(found) == len(expected)
    np.testing.assert_allclose(
        [link.weight for link in found], [link.weight for link in expected], atol=1e-6
    )
    assert {link[:2] + link[3:] for link in found} == {link[:2] + link[3:] for link in expected}


@pytest.mark.parametrize("n", [1, 7, 40])
def test_they_are_those_of_the_whole_maps(embedded: Model, n: int) -> None:
    expected = brute_force(embedded.attend(TEXT), "encoder")[:n]
    check_alike(embedded.strongest(embedded.encode(TEXT), n), expected)


def test_of_blocks_of_queries_they_are_the_same(
    reader: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = brute_force(reader.attend(TEXT[:40]), "encoder")[:15]
    monkeypatch.setattr(sublayer, "BLOCK", 0)
    check_alike(reader.strongest(reader.encode(TEXT[:40]), 15), expected)


def test_asked_for_some_layers_they_are_of_those(reader: Model) -> None:
    expected = brute_force(reader.attend(TEXT[:40], layers=[1]), "encoder")[:5]
    found = reader.strongest(reader.encode(TEXT[:40]), 5, layers=[1])
    assert {link.head.layer for link in found} == {1}
    check_alike(found, expected)


def test_a_decoder_has_strongest_links_too(writer: Model) -> None:
    text = TEXT[:30]
    expected = brute_force(writer.attend(text), "decoder")[:9]
    check_alike(writer.strongest(writer.encode(text), 9), expected)


def test_a_translator_is_asked_for_its_encoder(translator: Model) -> None:
    given = translator.encode("He took the hat")
    result = translator.attend("He took the hat", target="hat")
    check_alike(translator.strongest(given, 5), brute_force(result, "encoder")[:5])


def test_fewer_links_than_asked_for_are_all_there_are(reader: Model) -> None:
    given = reader.encode("the hat")  # two words: two pairs in each of six heads
    assert len(reader.strongest(given, 1000)) == 12
    assert reader.strongest(reader.encode("hat"), 5) == []


@pytest.mark.parametrize("n", [0, -3])
def test_no_links_at_all_cannot_be_asked_for(reader: Model, n: int) -> None:
    with pytest.raises(InputError, match="ask for at least one"):
        reader.strongest(reader.encode("hat"), n)


def test_nothing_of_the_size_of_a_map_is_kept(
    reader: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("attnviz.model.model.Recorder", lambda *given: pytest.fail("a map"))
    assert reader.strongest(reader.encode("the hat"))


# The keeper itself, on weights with many ties


def step(weights: np.ndarray, layer: int, start: int, *, finite: bool = True) -> AttentionBlock:
    nothing = Heads(weights, weights, None)
    return AttentionBlock(
        "encoder", layer, 0, start, start + weights.shape[1], weights, nothing, finite
    )


weights_of_tenths = st.integers(0, 99).map(
    lambda seed: np.random.RandomState(seed).randint(0, 5, (2, 2, 6, 6)).astype(np.float32) / 10
)


@given(weights_of_tenths, st.integers(1, 30), st.integers(1, 6), st.integers(0, 63))
def test_whatever_the_blocks_ties_and_tokens_that_count(
    weights: np.ndarray, n: int, height: int, bits: int
) -> None:
    counts = np.array([bits >> i & 1 for i in range(6)], bool)
    groups = np.array([0, 0, 1, 2, 2, 3])
    keeper = Strongest(n, counts, counts, groups)
    for layer in range(2):
        for start in range(0, 6, height):
            keeper.visit(step(weights[layer, :, start : start + height], layer, start))
    allowed = counts[:, None] & counts & (groups[:, None] != groups)
    expected = np.sort(weights[:, :, allowed].ravel())[::-1][:n]
    links = keeper.links()
    assert [link.weight for link in links] == [w for w in expected.tolist() if w > 0]
    assert len({link[:2] + link[3:] for link in links}) == len(links)
    for query, key, weight, (layer, head) in links:
        assert weights[layer, head, query, key] == np.float32(weight)
        assert allowed[query, key]


def test_equal_links_come_in_the_order_of_layers_heads_and_tokens() -> None:
    everything = np.ones(3, bool)
    keeper = Strongest(4, everything, everything, np.arange(3))
    for layer in range(2):
        keeper.visit(step(np.full((2, 3, 3), 0.25, np.float32), layer, 0))
    assert [(link.head, link.query, link.key) for link in keeper.links()] == [
        (Head(0, 0), 0, 1), (Head(0, 0), 0, 2), (Head(0, 0), 1, 0), (Head(0, 0), 1, 2),
    ]  # fmt: skip


def test_scores_that_left_float32_are_refused() -> None:
    everything = np.ones(3, bool)
    keeper = Strongest(4, everything, everything, None)
    with pytest.raises(BadCheckpoint, match="grow beyond float32"):
        keeper.visit(step(np.full((2, 3, 3), 0.25, np.float32), 0, 0, finite=False))
