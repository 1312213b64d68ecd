"""Arrays that NumPy saved: what they are taken for, and what is refused."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import attnviz
from attnviz.document import read_plain
from attnviz.errors import AttnvizError, DocumentError
from attnviz.result import AttentionResult
from tests.document.documents import npz_bytes, small

LETTERS = ["a", "b", "c", "d"]
WEIGHTS = np.random.default_rng(0).dirichlet(np.ones(4), (3, 2, 4)).astype(np.float32)
CAUSAL = np.tril(WEIGHTS) / np.tril(WEIGHTS).sum(axis=-1, keepdims=True)


def saved(array: Any = None, /, *layers: Any, **named: Any) -> bytes:
    """What NumPy writes: one array, or several under numbers or names."""
    stream = io.BytesIO()
    if layers or named:
        np.savez(stream, *([] if array is None else [array]), *layers, **named)
    else:
        np.save(stream, array)
    return stream.getvalue()


def shown(data: bytes, **labels: Any) -> AttentionResult:
    """The result of arrays as anybody's in memory."""
    plain = read_plain(data)
    assert plain is not None
    return attnviz.from_attentions(plain.attentions, **{**plain.labels, **labels})


@pytest.mark.parametrize(
    "data",
    [
        saved(WEIGHTS),
        saved(WEIGHTS.astype(">f8")),
        saved(np.asfortranarray(WEIGHTS)),
        saved(WEIGHTS[:, None]),
        saved(anything=WEIGHTS),
        saved(*WEIGHTS[:, None]),
        saved(*WEIGHTS),
        saved(**{f"layer.{number}": WEIGHTS[number] for number in (2, 0, 1)}),
    ],
    ids=[
        *("stacked", "another type", "columns first", "a batch of one", "any name"),
        *("transformers' tuple", "an array a layer", "named by numbers, in any order"),
    ],
)
def test_every_form_is_what_it_is_in_memory(data: bytes) -> None:
    result = shown(data, tokens=LETTERS)
    np.testing.assert_array_equal(result.maps["encoder"].weights, WEIGHTS)
    assert [token.text for token in result.tokens] == LETTERS


def test_ten_layers_and_more_are_in_the_order_of_their_numbers() -> None:
    layers = np.random.default_rng(1).dirichlet(np.ones(4), (12, 2, 4)).astype(np.float32)
    np.testing.assert_array_equal(shown(saved(*layers)).maps["encoder"].weights, layers)


def test_a_lone_matrix_is_a_head() -> None:
    np.testing.assert_array_equal(
        shown(saved(WEIGHTS[0, 0])).maps["encoder"].weights, WEIGHTS[:1, :1]
    )


@pytest.mark.parametrize("batch", [True, False])
def test_steps_of_a_generation_are_one_map(batch: bool) -> None:
    steps = [CAUSAL[:, :, :2, :2], CAUSAL[:, :, 2:3, :3], CAUSAL[:, :, 3:, :4]]
    data = saved(*(step[:, None] if batch else step for step in steps))
    np.testing.assert_array_equal(shown(data).maps["decoder"].weights, CAUSAL)


def test_kinds_are_told_by_their_names_and_labels_lie_beside_them() -> None:
    data = saved(
        encoder_attentions=WEIGHTS[:, None],
        cross_attentions=WEIGHTS[:, None, :, :2],
        decoder=CAUSAL[:, :, :2, :2],
        tokens=LETTERS,
        target_tokens=["x", "y"],
    )
    result = shown(data)
    assert set(result.maps) == {"encoder", "decoder", "cross"}
    assert [token.text for token in result.query_tokens("cross")] == ["x", "y"]


def test_ids_a_mask_and_offsets_are_labels_too() -> None:
    ids, mask = np.array([[7, 8, 9, 10]]), np.array([[1, 1, 1, 0]])
    masked = shown(saved(weights=WEIGHTS, input_ids=ids, attention_mask=mask))
    assert [token.id for token in masked.key_tokens("encoder")] == [7, 8, 9]
    offsets = [[0, 1], [1, 2], [3, 4], [4, 5]]
    placed = shown(saved(weights=WEIGHTS, tokens=LETTERS, offsets=offsets, text=["ab cd"]))
    assert [token.word for token in placed.tokens] == [0, 0, 1, 1]


def test_one_text_of_a_batch_is_chosen() -> None:
    data = saved(np.stack([WEIGHTS, CAUSAL], axis=1))
    np.testing.assert_array_equal(shown(data, item=1).maps["decoder"].weights, CAUSAL)
    with pytest.raises(AttnvizError, match="a batch of 2 texts; choose an item from 0 to 1"):
        shown(data)


def test_a_document_is_not_arrays_alone(tmp_path: Path) -> None:
    assert read_plain(npz_bytes(small())) is None
    assert read_plain(b'{"schema": "attnviz/1"}') is None


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (saved(WEIGHTS > 0), "'weights' holds values of type bool, which are never loaded"),
        (saved(WEIGHTS * 1j), "holds values of type complex64"),
        (saved(np.array(LETTERS)), "holds text, not numbers"),
        (saved(WEIGHTS)[:-4], "declares a shape that its"),
        (saved(WEIGHTS)[:20], "is not in the NPY format"),
        (saved(tokens=LETTERS), "has no array of weights"),
        (saved(a=WEIGHTS, b=WEIGHTS), r"arrays of several names \('a', 'b'\)"),
        (saved(encoder=WEIGHTS, encoder_attentions=WEIGHTS), "several names"),
        (saved(weights=WEIGHTS, tokens=[1, 2]), "'tokens' is not one row of strings"),
        (saved(weights=WEIGHTS, tokens=[LETTERS]), "'tokens' is not one row of strings"),
        (saved(weights=WEIGHTS, ids=LETTERS), "'ids' holds text, not numbers"),
        (saved(a=WEIGHTS)[:-9], "damaged or incomplete"),
    ],
)
def test_what_cannot_be_weights_is_one_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(DocumentError, match=sentence) as refusal:
        read_plain(data)
    assert str(refusal.value).startswith("the document or its arrays cannot be read: ")


def test_objects_are_never_unpickled() -> None:
    stream = io.BytesIO()
    np.save(stream, np.array([print], dtype=object), allow_pickle=True)
    with pytest.raises(DocumentError, match="type object, which are never loaded"):
        read_plain(stream.getvalue())


def test_a_shape_of_more_than_the_file_allocates_nothing() -> None:
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (99999, 99999, 99, 99), }\n"
    data = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(64)
    with pytest.raises(DocumentError, match="declares a shape that its 64 bytes do not have"):
        read_plain(data)


@given(st.data())
def test_damage_gives_a_result_or_a_sentence(data: st.DataObject) -> None:
    whole = saved(weights=WEIGHTS, tokens=LETTERS)
    damaged = bytearray(whole if data.draw(st.booleans()) else saved(WEIGHTS))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=4))
    try:
        plain = read_plain(bytes(damaged))
        if plain is not None:
            attnviz.from_attentions(plain.attentions, **plain.labels)
    except AttnvizError as error:
        assert "\n" not in str(error)
