"""The strongest links of a text of any length: those of its maps, with no map in memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import attnviz.core.multi_head as sublayer
from attnviz import AttentionResult, Head, Model
from attnviz.analysis import streamed_links
from attnviz.analysis.links import strongest_links
from attnviz.analysis.specificity import head_statistics
from attnviz.analysis.streamed_links import StreamedLinks
from attnviz.analysis.view import make_view, select_heads
from attnviz.core.attention import Heads
from attnviz.core.hooks import AttentionBlock
from attnviz.errors import BadCheckpoint, InputError
from attnviz.result import AttentionMap, Link, Token

TEXT = "He took the unbelievably old hats and reexamined them; the hat was not his."


def of_maps(
    result: AttentionResult,
    kind: str,
    n: int,
    *,
    tokens: bool = False,
    heads: tuple[Head, ...] = (),
) -> list[Link]:
    """What the rule of every picture finds in whole maps."""
    view = make_view(select_heads(result, heads=heads), words=not tokens)
    return strongest_links(view, kind, head_statistics(view, kind), n)


def check_alike(found: list[Link], expected: list[Link]) -> None:
    assert [link[:2] + link[3:] for link in found] == [link[:2] + link[3:] for link in expected]
    np.testing.assert_allclose(
        [link.weight for link in found], [link.weight for link in expected], atol=1e-6
    )


@pytest.mark.parametrize("tokens", [False, True], ids=["words", "tokens"])
@pytest.mark.parametrize("n", [1, 7, 40, 1000])
def test_they_are_those_of_the_whole_maps(embedded: Model, n: int, tokens: bool) -> None:
    expected = of_maps(embedded.attend(TEXT), "encoder", n, tokens=tokens)
    check_alike(embedded.strongest(embedded.encode(TEXT), n, tokens=tokens), expected)


def test_they_are_what_a_result_calls_its_links(embedded: Model) -> None:
    check_alike(embedded.strongest(embedded.encode(TEXT), 6), embedded.attend(TEXT).links())


def test_a_text_is_taken_as_it_is(embedded: Model) -> None:
    assert embedded.strongest(TEXT) == embedded.strongest(embedded.encode(TEXT))


def test_of_blocks_of_queries_they_are_the_same(
    embedded: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = of_maps(embedded.attend(TEXT), "encoder", 15)
    monkeypatch.setattr(sublayer, "BLOCK", 0)
    monkeypatch.setattr(sublayer, "ROWS", 1)
    check_alike(embedded.strongest(embedded.encode(TEXT), 15), expected)


def test_where_few_links_can_wait_the_text_is_read_again(
    embedded: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = of_maps(embedded.attend(TEXT), "encoder", 40)
    monkeypatch.setattr(streamed_links, "LEAST_WAITING", 0)
    monkeypatch.setattr(streamed_links, "WAITING", 0)
    check_alike(embedded.strongest(embedded.encode(TEXT), 40), expected)


def test_asked_for_some_layers_or_heads_they_are_of_those(embedded: Model) -> None:
    expected = of_maps(embedded.attend(TEXT, layers=[1]), "encoder", 5)
    check_alike(embedded.strongest(embedded.encode(TEXT), 5, layers=[1]), expected)
    heads = (Head(1, 4), Head(3, 1))
    expected = of_maps(embedded.attend(TEXT), "encoder", 5, heads=heads)
    check_alike(embedded.strongest(embedded.encode(TEXT), 5, heads=heads), expected)


def test_a_decoder_has_strongest_links_too(writer: Model) -> None:
    text = TEXT[:30]
    for tokens in (False, True):
        expected = of_maps(writer.attend(text), "decoder", 9, tokens=tokens)
        check_alike(writer.strongest(writer.encode(text), 9, tokens=tokens), expected)


def test_a_translator_is_asked_for_its_encoder(translator: Model) -> None:
    given = translator.encode("He took the hat")
    result = translator.attend("He took the hat", target="hat")
    check_alike(translator.strongest(given, 5), of_maps(result, "encoder", 5))


def test_of_one_word_there_are_none(reader: Model) -> None:
    assert reader.strongest(reader.encode("hat"), 5) == []


@pytest.mark.parametrize("n", [0, -3])
def test_no_links_at_all_cannot_be_asked_for(reader: Model, n: int) -> None:
    with pytest.raises(InputError, match="ask for at least one"):
        reader.strongest(reader.encode("hat"), n)


def test_nothing_of_the_size_of_a_map_is_kept(
    reader: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("attnviz.model.model.Recorder", lambda *given: pytest.fail("a map"))
    assert reader.strongest(reader.encode("he took the hat"))


def test_scores_that_left_float32_are_refused(
    reader: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AttentionBlock, "finite", property(lambda _: False, lambda *_: None))
    with pytest.raises(BadCheckpoint, match="grow beyond float32"):
        reader.strongest(reader.encode("he took the hat"))


# On made weights: many ties, words of several pieces, blocks of any height, little room to wait


def blocks(weights: np.ndarray, height: int, kind: str) -> Iterator[AttentionBlock]:
    nothing = Heads(weights[0], weights[0], None)
    for layer, start in np.ndindex(len(weights), -(-weights.shape[2] // height)):
        rows = weights[layer, :, start * height : (start + 1) * height]
        at = start * height
        yield AttentionBlock(kind, layer, 0, at, at + rows.shape[1], rows.copy(), nothing)


def tokens_of(shape: list[tuple[int, str]]) -> list[Token]:
    """Tokens of words that have so many pieces; "." is no word, "[S]" is special."""
    return [
        Token(text, word=None if text == "[S]" else word, special=text == "[S]")
        for word, (pieces, text) in enumerate(shape)
        for _ in range(pieces)
    ]


shapes = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from(["a", "b", "c", ".", "[S]"])),
    min_size=1,
    max_size=9,
)


NOTHING = [(1, "a"), (1, "a"), (1, "a"), (1, "a"), (1, "a"), (3, "a"), (3, "a"), (3, "a"), (1, "a")]
THIRDS = [(1, "a"), (3, "[S]"), (3, "a"), (2, "[S]"), (2, "a"), (3, "a"), (3, "[S]"), (3, "a")]


@given(
    shapes,
    st.integers(0, 999),
    st.integers(1, 12),
    st.sampled_from([1, 3, 50, 1000]),
    st.booleans(),
    st.sampled_from(["encoder", "decoder"]),
    st.sampled_from([0, 1 << 15]),
)
@example([(1, "a"), (1, "a"), (2, "a")], 229, 1, 1, True, "decoder", 0)  # a tie for the one place
@example(NOTHING, 956, 1, 50, False, "decoder", 0)  # nothing particular, but for rounding
@example(THIRDS, 328, 1, 3, False, "encoder", 0)  # 1/3 in two heads, whose sums round apart
def test_streamed_they_are_those_of_the_maps(
    shape: list[tuple[int, str]],
    seed: int,
    height: int,
    n: int,
    by_token: bool,
    kind: str,
    waiting: int,
) -> None:
    tokens = tokens_of(shape)
    weights = np.random.RandomState(seed).randint(0, 5, (2, 3, len(tokens), len(tokens)))
    weights = weights.astype(np.float32) / 8
    weights[:, 0] = np.eye(len(tokens), k=-2)  # a positional head in each layer
    weights = np.tril(weights) if kind == "decoder" else weights
    result = AttentionResult(tokens, {kind: AttentionMap(weights)})
    expected = of_maps(result, kind, n, tokens=by_token)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streamed_links, "LEAST_WAITING", waiting)
        patch.setattr(streamed_links, "WAITING", 0)
        found = StreamedLinks(n, tokens, words=not by_token, causal=kind == "decoder")
    for _ in range(2):
        for block in blocks(weights, height, kind):
            found.visit(block)
        if found.finish():
            break
    assert [link.weight for link in found.links()] == pytest.approx(
        [link.weight for link in expected]
    )
    assert {link[:2] for link in found.links()} == {link[:2] for link in expected} or n < 1000
