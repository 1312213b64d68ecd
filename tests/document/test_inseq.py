"""What Inseq saves of attention is a document, too, one for each sequence."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.document import read
from attnviz.errors import AttnvizError, DocumentError

RANDOM = np.random.default_rng(0)


def weights(*shape: int) -> np.ndarray:
    """Weights (layer, head, query, key)."""
    return RANDOM.dirichlet(np.ones(shape[-1]), shape[:-1]).astype(np.float32)


def stored(array: np.ndarray, dtype: str = "F32") -> str:
    """Weights as Inseq stores them: (key, step, layer, head), safetensors, base64."""
    turned = np.ascontiguousarray(array.transpose(3, 2, 0, 1)[..., :])
    raw = turned.astype("<f4" if dtype == "F32" else "<f2").tobytes()
    entry = {"dtype": dtype, "shape": turned.shape, "data_offsets": [0, len(raw)]}
    header = json.dumps({"attribution": entry}).encode()
    return b64encode(len(header).to_bytes(8, "little") + header + raw).decode()


def tokens(text: str) -> list[dict[str, Any]]:
    return [{"id": number, "token": token} for number, token in enumerate(text.split())]


def output(*sequences: dict[str, Any], method: str = "attention") -> dict[str, Any]:
    info = {"attribution_method": method, "model_name": "org/model"}
    return {"info": info, "sequence_attributions": list(sequences), "step_attributions": None}


def classed(value: Any, depth: int = 0) -> Any:
    """The same with the class of each object, as it is saved unless plain values are asked for."""
    if isinstance(value, list):
        return [classed(each, depth + 1) for each in value]
    if not isinstance(value, dict) or "attribution_method" in value:
        return value
    kind = "FeatureAttributionOutput" if depth == 0 else "Other"
    fields = {
        key: each if key.endswith("scores") else classed(each, depth + 1)
        for key, each in value.items()
    }
    return {"__instance_type__": ["inseq", kind], "attributes": fields}


DECODER = weights(2, 3, 2, 4)
DECODER[:, :, 0, 2:] = np.nan  # the queries are tokens 1 and 2
DECODER[:, :, 1, 3:] = np.nan
SEEN = np.nan_to_num(DECODER)
ONE = {
    "source": tokens("He took"),
    "target": tokens("He took a hat"),
    "attr_pos_start": 2,
    "source_attributions": None,
    "target_attributions": stored(DECODER),
    "sequence_scores": {},
}
ENCODER, CROSS, OWN = weights(1, 2, 3, 3), weights(1, 2, 1, 3), weights(1, 2, 1, 2)
TWO = {
    "source": tokens("He took it"),
    "target": tokens("il prit"),
    "attr_pos_start": 1,
    "source_attributions": stored(CROSS),
    "target_attributions": stored(OWN),
    "sequence_scores": {"encoder_self_attentions": stored(ENCODER)},
}


@pytest.mark.parametrize("form", [lambda value: value, classed], ids=["plain", "with classes"])
def test_a_decoder_s_steps_are_the_queries_before_what_they_write(form: Callable[..., Any]) -> None:
    (result,) = read(json.dumps(form(output(ONE))).encode())
    map = result.maps["decoder"]
    assert map.queries == (1, 2)
    np.testing.assert_array_equal(map.weights, SEEN)
    assert [token.text for token in result.tokens] == ["He", "took", "a", "hat"]
    assert [token.id for token in result.tokens] == [0, 1, 2, 3]
    assert result.model.name == "org/model"


@pytest.mark.parametrize("own", ["target_attributions", "sequence_scores"])
def test_two_sides_are_three_maps(own: str) -> None:
    sequence: dict[str, Any] = dict(TWO)
    if own == "sequence_scores":  # where the target was not asked for
        sequence["target_attributions"] = None
        scores = {**TWO["sequence_scores"], "decoder_self_attentions": stored(OWN)}  # type: ignore[dict-item]
        sequence["sequence_scores"] = scores
    (result,) = read(json.dumps(classed(output(sequence))).encode())
    for kind, expected in (("encoder", ENCODER), ("decoder", OWN), ("cross", CROSS)):
        np.testing.assert_array_equal(result.maps[kind].weights, expected)
    assert result.maps["cross"].queries == (0,)
    assert [token.text for token in result.target_tokens] == ["il", "prit"]


def test_every_sequence_is_a_result_and_half_precision_is_read() -> None:
    half = {**ONE, "target_attributions": stored(DECODER, "F16")}
    first, second = read(json.dumps(output(ONE, half)).encode())
    np.testing.assert_allclose(
        first.maps["decoder"].weights, second.maps["decoder"].weights, atol=1e-3
    )


def changed(**fields: Any) -> dict[str, Any]:
    return output({**ONE, **fields})


LATE = DECODER.copy()
LATE[0, 0, 0, 0] = np.nan


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (output(ONE, method="saliency"), "attribution_method is 'saliency'; 'attention' alone has"),
        (output(), "sequence_attributions is missing or empty"),
        (changed(attr_pos_start=0), "attr_pos_start is 0; the 4 tokens begin at 1"),
        (changed(attr_pos_start=9), "attr_pos_start is 9"),
        (changed(target_attributions=None), "maps is missing or empty"),
        (changed(target_attributions=[[1.0]]), "is a list, not safetensors in base64"),
        (changed(target_attributions="§"), "is not base64"),
        (changed(target_attributions="AAAA"), "is no safetensors file"),
        (changed(target_attributions=stored(DECODER)[:-8]), "has a shape that its"),
        (changed(target_attributions=stored(LATE)), "is nan, but weights lie from 0 to 1"),
        (changed(target_attributions=stored(weights(1, 1, 2, 9))), "9 keys but there are 4"),
        (changed(target="He"), "target is 'He', not a list of tokens"),
        (changed(target=["He"]), r"target\[0\] is 'He', not an object"),
        ({"info": 1, "sequence_attributions": []}, "info is 1, not an object"),
    ],
)
def test_what_has_no_weights_is_one_sentence(value: Any, sentence: str) -> None:
    with pytest.raises(DocumentError, match=sentence):
        read(json.dumps(value).encode())


def test_arrays_that_were_aggregated_are_refused() -> None:
    flat = np.ones((4, 2), np.float32)
    header = json.dumps({"attribution": {"dtype": "F32", "shape": [4, 2]}}).encode()
    raw = b64encode(len(header).to_bytes(8, "little") + header + flat.tobytes()).decode()
    with pytest.raises(DocumentError, match="has 2 axes; save it before layers and heads"):
        read(json.dumps(changed(target_attributions=raw)).encode())


@given(st.binary(max_size=60), st.integers(0, 200))
def test_damaged_arrays_are_a_result_or_a_sentence(damage: bytes, at: int) -> None:
    raw = bytearray(stored(DECODER).encode())
    raw[at : at + len(damage)] = b64encode(damage)
    try:
        read(json.dumps(changed(target_attributions=raw.decode())).encode())
    except AttnvizError as error:
        assert "\n" not in str(error)
