"""A sequence-to-sequence model reads a source and a target, and looks across."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz import Model
from attnviz.errors import EmptyText, InputError, TooLong

SOURCE, TARGET = [0, 14, 19, 2], [2, 0, 15, 20, 23]


def texts(tokens: object) -> list[str]:
    return [token.text for token in tokens]


def test_a_source_and_a_target_give_three_maps(translator: Model) -> None:
    result = translator.attend(token_ids=SOURCE, target_ids=TARGET)
    shapes = {kind: found.weights.shape for kind, found in result.maps.items()}
    assert shapes == {"encoder": (2, 4, 4, 4), "decoder": (2, 4, 5, 5), "cross": (2, 4, 5, 4)}
    for found in result.maps.values():
        np.testing.assert_allclose(found.weights.sum(axis=-1), 1, atol=1e-5)


def test_layers_and_heads_of_both_sides_are_known(translator: Model, reader: Model) -> None:
    info = translator.info
    assert (info.n_layers, info.n_heads, info.n_target_layers, info.n_target_heads) == (2, 4, 2, 4)
    assert "n_target_layers" not in reader.info.described()


def test_the_axes_of_each_map_are_labelled(translator: Model) -> None:
    result = translator.attend(token_ids=SOURCE, target_ids=TARGET)
    assert [token.id for token in result.query_tokens("cross")] == TARGET
    assert [token.id for token in result.key_tokens("cross")] == SOURCE
    assert [token.id for token in result.key_tokens("decoder")] == TARGET
    assert [token.id for token in result.key_tokens("encoder")] == SOURCE


def test_hidden_states_are_those_of_the_decoder(translator: Model) -> None:
    result = translator.attend(token_ids=SOURCE, target_ids=TARGET, hidden=True)
    assert result.hidden.shape == (5, 32)


def test_a_target_in_words_starts_as_the_decoder_does(translator: Model) -> None:
    result = translator.attend("The hat", target="the cat")
    assert texts(result.tokens) == ["<s>", "The", "hat", "</s>"]
    assert texts(result.target_tokens) == ["</s>", "<s>", "the", "cat"]  # </s> starts BART's
    assert result.target_texts == ("the cat",)
    ids = [token.id for token in result.tokens], [token.id for token in result.target_tokens]
    plain = translator.attend(token_ids=ids[0], target_ids=ids[1])
    for kind, found in result.maps.items():
        np.testing.assert_array_equal(found.weights, plain.maps[kind].weights)


def test_the_decoder_sees_no_later_word_and_all_of_the_source(translator: Model) -> None:
    maps = translator.attend("The hat", target="the cat").maps
    later = np.triu(np.ones((4, 4), bool), 1)
    assert (maps["decoder"].weights[..., later] == 0).all()
    assert (maps["cross"].weights > 0).all()


def test_layers_choose_of_every_map(translator: Model) -> None:
    whole = translator.attend("The hat", target="the cat").maps
    part = translator.attend("The hat", target="the cat", layers=[1]).maps
    for kind, found in whole.items():
        assert part[kind].layers == (1,)
        np.testing.assert_allclose(part[kind].weights[0], found.weights[1], atol=2e-6)


def test_a_target_that_is_too_long_is_refused_or_cut(translator: Model) -> None:
    target = " ".join(["cat"] * 30)
    with pytest.raises(TooLong) as raised:
        translator.attend("The hat", target=target)
    assert str(raised.value) == (
        f"the target has 32 tokens but {translator.info.name} has 24 positions; "
        "shorten it, or cut it with --truncate"
    )
    result = translator.attend("The hat", target=target, truncate=True)
    assert texts(result.target_tokens) == ["</s>", "<s>", *["cat"] * 22]
    assert result.maps["cross"].weights.shape == (2, 4, 24, 4)


def test_ids_of_a_target_are_checked_too(translator: Model) -> None:
    with pytest.raises(InputError, match="token id 124 is outside"):
        translator.attend(token_ids=SOURCE, target_ids=[2, 124])
    with pytest.raises(TooLong, match="25 target_ids"):
        translator.attend(token_ids=SOURCE, target_ids=[5] * 25)
    with pytest.raises(EmptyText):
        translator.attend("The hat", target=" ")


def test_it_generates_a_target_and_not_a_continuation(translator: Model) -> None:
    with pytest.raises(InputError, match="writes a target of its own"):
        translator.attend("The hat", generate=3)
