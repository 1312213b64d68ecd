"""Attention that is already in memory becomes a result like any other, or one sentence."""

from __future__ import annotations

import io
import re
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tokenizers import Tokenizer as Backend

import attnviz
from attnviz.document import write_json
from attnviz.errors import AttnvizError, InputError

TOKENIZER = Path(attnviz.__file__).parent / "models/all-MiniLM-L6-v2/tokenizer.json"
TEXT = "He took the hat and examined it"


def random(*shape: int, seed: int = 0) -> np.ndarray:
    """Rows that sum to 1."""
    return np.random.default_rng(seed).dirichlet(np.ones(shape[-1]), shape[:-1]).astype(np.float32)


def causal(weights: np.ndarray) -> np.ndarray:
    kept = np.tril(weights)
    return kept / kept.sum(axis=-1, keepdims=True)


LETTERS = ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    "form",
    [
        lambda weights: weights,
        lambda weights: weights[:, None],
        lambda weights: tuple(weights[:, None]),
        lambda weights: list(weights),
        lambda weights: weights.astype(np.float64),
    ],
    ids=["stacked", "stacked with a batch", "transformers' tuple", "one array a layer", "float64"],
)
def test_every_form_is_the_same_result(form: Any) -> None:
    weights = random(3, 2, 4, 4)
    result = attnviz.from_attentions(form(weights), LETTERS)
    np.testing.assert_array_equal(result.maps["encoder"].weights, weights)
    assert [token.text for token in result.tokens] == LETTERS
    assert (result.model.n_layers, result.model.n_heads) == (3, 2)


class Lent:
    """An array of a library that NumPy does not know, which lends its memory by DLPack alone."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array
        self.shape = array.shape

    def __len__(self) -> int:
        return len(self._array)

    def __dlpack__(self, **how: Any) -> Any:
        return self._array.__dlpack__(**how)

    def __dlpack_device__(self) -> Any:
        return self._array.__dlpack_device__()


def test_memory_that_is_lent_by_dlpack_is_an_array_too() -> None:
    weights = random(2, 3, 4, 4)
    for form in (Lent(weights), tuple(Lent(layer) for layer in weights)):
        result = attnviz.from_attentions(form, LETTERS)
        np.testing.assert_array_equal(result.maps["encoder"].weights, weights)


@pytest.mark.parametrize("kind", ["float32", "bfloat16"])
def test_arrays_of_jax_are_arrays(kind: str) -> None:
    jnp = pytest.importorskip("jax.numpy")
    weights = random(2, 3, 4, 4)
    result = attnviz.from_attentions(jnp.asarray(weights, kind), LETTERS)
    largest = np.abs(result.maps["encoder"].weights - weights).max()
    assert largest == 0 if kind == "float32" else largest < 1 / 256


def test_a_model_in_memory_is_the_model_from_its_files() -> None:
    """The arrays, ids and tokenizer of a run give what the run gives, tokens and words too."""
    ours = attnviz.load().attend(TEXT)
    backend = Backend.from_file(str(TOKENIZER))
    ids = np.array([[token.id for token in ours.tokens]])
    outputs = SimpleNamespace(attentions=tuple(ours.maps["encoder"].weights[:, None]))
    theirs = attnviz.show(outputs, tokenizer=backend, ids=ids)
    np.testing.assert_array_equal(theirs.maps["encoder"].weights, ours.maps["encoder"].weights)
    assert [token.special for token in theirs.tokens] == [token.special for token in ours.tokens]
    assert [token.word for token in theirs.tokens] == [token.word for token in ours.tokens]


def test_what_never_looks_ahead_is_a_decoder() -> None:
    assert set(attnviz.from_attentions(causal(random(1, 2, 4, 4)), LETTERS).maps) == {"decoder"}
    named = attnviz.from_attentions(random(1, 2, 4, 4), LETTERS, kind="decoder")
    assert set(named.maps) == {"decoder"}


def test_the_queries_of_a_run_with_a_cache_are_the_last_tokens() -> None:
    map = attnviz.from_attentions(random(2, 2, 1, 4), LETTERS, kind="decoder").maps["decoder"]
    assert (map.queries, map.keys) == ((3,), (0, 1, 2, 3))


def test_the_steps_of_a_generation_are_one_map() -> None:
    whole = causal(random(2, 2, 4, 4))
    steps = (
        tuple(layer[None, :, :2, :2] for layer in whole),
        tuple(layer[None, :, 2:3, :3] for layer in whole),
        tuple(layer[None, :, 3:, :4] for layer in whole),
    )
    outputs = {"attentions": steps, "sequences": np.array([[7, 8, 9, 10, 11]])}
    result = attnviz.show(outputs)
    np.testing.assert_array_equal(result.maps["decoder"].weights, whole)
    assert [token.id for token in result.tokens] == [7, 8, 9, 10]


LAYER = np.full((1, 2, 1, 1), 1.0)
WIDE = np.full((1, 2, 1, 2), 0.5)


@pytest.mark.parametrize(
    ("steps", "more", "said"),
    [
        ([[None, None]], {}, "attn_implementation='eager'"),
        ([[LAYER], []], {}, "no row 0, where the text is"),
        ([[LAYER], [WIDE, WIDE]], {}, "differ in their layers"),
        ([[LAYER[0]]], {}, "have the shape (2, 1, 1)"),
        ([[LAYER[:, :0]]], {}, "is empty"),
        ([[LAYER[..., :0]]], {}, "is empty"),
        ([[LAYER[:0]]], {}, "have the shape (0, 2, 1, 1)"),
        ([[LAYER], [WIDE[:, :1]]], {}, "differ in their heads"),
        ([[LAYER, LAYER[:, :1]]], {}, "differ in heads or queries"),
        ([[LAYER]], {"sequences": [7, 8]}, "sequences are whole numbers (text, token)"),
        ([[LAYER]], {"sequences": [[0.5]]}, "sequences are whole numbers"),
        ([[LAYER]], {"beam_indices": [[3]]}, "has no row 3"),
        ([[LAYER]], {"beam_indices": [[-1]]}, "nothing was written in text 0"),
        ([[LAYER]], {"beam_indices": [[0], [0]]}, "beam_indices are of 2 texts"),
        ([[LAYER]], {"beam_indices": [0]}, "beam_indices are whole numbers (text, step)"),
    ],
)
def test_steps_that_do_not_fit_are_one_sentence(
    steps: Any, more: dict[str, Any], said: str
) -> None:
    outputs = {"attentions": steps, "sequences": [[7, 8]], **more}
    with pytest.raises(InputError, match=re.escape(said)):
        attnviz.show(outputs)


def test_both_sides_of_a_sequence_to_sequence_model() -> None:
    outputs = {
        "encoder_attentions": tuple(random(2, 1, 2, 3, 3)),
        "decoder_attentions": tuple(causal(random(2, 1, 2, 2, 2))),
        "cross_attentions": tuple(random(2, 1, 2, 2, 3)),
    }
    result = attnviz.show(outputs, tokens=["a", "b", "c"], target_tokens=["x", "y"])
    assert [token.text for token in result.query_tokens("cross")] == ["x", "y"]
    assert [token.text for token in result.key_tokens("cross")] == ["a", "b", "c"]
    assert [token.text for token in result.key_tokens("decoder")] == ["x", "y"]


def test_a_mask_leaves_the_padding_of_one_text_out() -> None:
    weights = random(2, 3, 2, 4, 4)
    mask = [[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 0, 0]]
    ids = np.arange(12).reshape(3, 4)
    result = attnviz.from_attentions(weights, ids=ids, attention_mask=mask, item=1)
    np.testing.assert_array_equal(result.maps["encoder"].weights, weights[:, 1, :, :3, :3])
    assert [token.id for token in result.key_tokens("encoder")] == [4, 5, 6]


def test_offsets_give_words_and_places() -> None:
    result = attnviz.from_attentions(
        random(1, 1, 4, 4),
        ["[CLS]", "un", "##do", "it"],
        text="undo it",
        offsets=[(0, 0), (0, 2), (2, 4), (5, 7)],
    )
    assert [token.word for token in result.tokens] == [None, 0, 0, 1]
    assert [token.text for token in result.tokens] == ["[CLS]", "un", "do", "it"]


@pytest.mark.parametrize(
    ("attentions", "labels", "sentence"),
    [
        ((None, None), {}, "attn_implementation='eager'"),
        ((), {}, "attn_implementation='eager'"),
        (random(4, 4), {}, r"have the shape \(4, 4\); give \(layer, head, query, key\)"),
        ("weights", {}, "no array of numbers but str"),
        (random(2, 3, 2, 4, 4), {}, "a batch of 3 texts; choose an item from 0 to 2"),
        (random(2, 3, 2, 4, 4), {"item": 3}, "there is no item 3; the batch has 3 texts"),
        (random(1, 1, 4, 4), {"tokens": ["a"]}, "there are 1 tokens but the weights have 4"),
        (random(1, 1, 4, 4), {"kind": "both"}, "no kind of attention 'both'"),
        (np.full((1, 1, 2, 2), np.nan), {}, r"hold nan at .* \(0, 0, 0, 0\)"),
        (np.full((1, 1, 2, 2), 3.0), {}, r"row .*\(0, 0, 0\).* sums to 6"),
        ([random(2, 4, 4), random(3, 4, 4)], {}, "the layers of the attention weights differ"),
        (random(1, 1, 2, 2), {"ids": [0.5, 1.0]}, "whole numbers"),
        (random(1, 1, 2, 2), {"attention_mask": [0, 0]}, "leaves no token"),
        (random(1, 1, 2, 2), {"ids": [1, 2], "tokenizer": object()}, "is no tokenizer"),
        (random(1, 1, 1, 1), {"tokens": ["a"], "offsets": [(0, 1)]}, "offsets need the text"),
        (random(1, 1, 1, 1), {"tokens": ["a"], "offsets": [(0,)], "text": "a"}, r"\(token, 2\)"),
        (random(1, 1, 1, 1), {"tokens": ["a"], "offsets": [0.5, 1], "text": "a"}, "whole numbers"),
        (random(1, 1, 1, 1), {"tokens": ["a"], "offsets": [[0], [0, 1]], "text": "a"}, "offsets"),
        (random(1, 1, 3, 2), {}, "have 3 queries and 2 keys.* kind='cross'"),
        (random(1, 1, 0, 0), {}, "are empty"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    attentions: Any, labels: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        attnviz.from_attentions(attentions, **labels)


@pytest.mark.parametrize("labels", [{}, {"text": "a\ud800", "offsets": [(0, 1), (1, 2)]}])
@pytest.mark.parametrize("mark", ["", "▁", "##"])
def test_halves_of_characters_become_what_a_file_can_hold(
    labels: dict[str, Any], mark: str
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = attnviz.from_attentions(
            random(1, 1, 2, 2), [mark + "a", mark + "\ud800"], model="\udcff", **labels
        )
    stream = io.BytesIO()
    write_json(result, stream)
    assert result.model.name == "\ufffd"
    assert "\ufffd".encode() in stream.getvalue()


def test_outputs_without_weights_say_what_to_do() -> None:
    with pytest.raises(InputError, match="attn_implementation='eager'"):
        attnviz.show({"logits": np.zeros(3), "attentions": None})


@given(arrays(np.float32, st.lists(st.integers(0, 3), min_size=0, max_size=6).map(tuple)))
def test_any_array_is_a_result_or_a_sentence(array: np.ndarray) -> None:
    try:
        result = attnviz.from_attentions(array)
    except AttnvizError as error:
        assert "\n" not in str(error)
    else:
        assert all(np.isfinite(map.weights).all() for map in result.maps.values())
