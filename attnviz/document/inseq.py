"""What Inseq saves of attention (Sarti et al. 2023): ``FeatureAttributionOutput.save``.

Each sequence has ``source`` and ``target`` tokens, and arrays as safetensors in base64, with the
axes (key, step, layer, head): each step is the query of the token before the one it writes.
"""

from __future__ import annotations

import binascii
import json
import math
from base64 import b64decode
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from attnviz.document.arrays import fail, shown
from attnviz.document.labels import SCHEMA
from attnviz.result import FloatArray

CLASS = "FeatureAttributionOutput"
METHOD = "attention"
TYPES = {"F32": "<f4", "F16": "<f2"}
AXES = 4
LARGEST_HEADER = 1 << 16
Document = tuple[dict[str, Any], dict[str, FloatArray]]


class Steps(NamedTuple):
    """The queries that there are steps for, of so many tokens on the target side."""

    first: int
    n_target: int


def is_inseq(value: Mapping[str, Any]) -> bool:
    """Whether a JSON object is what Inseq saves, with its classes named or as plain values."""
    kind = value.get("__instance_type__")
    named = isinstance(kind, list) and bool(kind) and kind[-1] == CLASS
    return named or ("sequence_attributions" in value and "info" in value)


def from_inseq(value: Mapping[str, Any]) -> list[Document]:
    """Labels and weights of each sequence; DocumentError for what is not of attention."""
    output = _fields(value, "it")
    info = _fields(output.get("info"), "info")
    method = info.get("attribution_method")
    if method != METHOD:
        fail("info.attribution_method", f"is {shown(method)}; '{METHOD}' alone has weights")
    sequences = output.get("sequence_attributions")
    if not isinstance(sequences, list) or not sequences:
        fail("sequence_attributions", "is missing or empty")
    name = info.get("model_name")
    return [
        _sequence(_fields(each, where := f"sequence_attributions[{number}]"), where, name)
        for number, each in enumerate(sequences)
    ]


def _sequence(fields: Mapping[str, Any], where: str, name: object) -> Document:
    source, target = (_tokens(fields.get(side), f"{where}.{side}") for side in ("source", "target"))
    start = fields.get("attr_pos_start")
    if type(start) is not int or not 1 <= start <= len(target):
        fail(f"{where}.attr_pos_start", f"is {shown(start)}; the {len(target)} tokens begin at 1")
    steps = Steps(start - 1, len(target))
    weights: dict[str, FloatArray] = {}
    cross, own = (fields.get(f"{side}_attributions") for side in ("source", "target"))
    scores = fields.get("sequence_scores")
    whole = scores.get("encoder_self_attentions") if isinstance(scores, dict) else None
    own = (
        own
        if own is not None or not isinstance(scores, dict)
        else scores.get("decoder_self_attentions")
    )
    if whole is not None:
        weights["encoder"] = _array(whole, f"{where}.sequence_scores")
    if own is not None:
        weights["decoder"] = _without_future(_array(own, f"{where}.target_attributions"), steps)
    if cross is not None:
        weights["cross"] = _array(cross, f"{where}.source_attributions")
    maps = {
        kind: {"queries": list(range(steps.first, steps.first + array.shape[2]))}
        for kind, array in weights.items()
        if kind != "encoder"
    }
    sides = {"tokens": target} if cross is None else {"tokens": source, "target_tokens": target}
    return {"schema": SCHEMA, "model": str(name or "Inseq"), "maps": maps, **sides}, weights


def _without_future(array: FloatArray, steps: Steps) -> FloatArray:
    """Weights of a decoder, in which what a query could not see yet is no number."""
    keys = np.arange(array.shape[3])
    queries = steps.first + np.arange(array.shape[2])
    later = keys > queries[:, None]
    return np.where(later & np.isnan(array), np.float32(0), array)


def _tokens(value: object, where: str) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        fail(where, f"is {shown(value)}, not a list of tokens")
    found = [_fields(token, f"{where}[{number}]") for number, token in enumerate(value)]
    return [{"text": token.get("token"), "id": token.get("id")} for token in found]


def _fields(value: object, where: str) -> Mapping[str, Any]:
    """The fields of an object, whether it says of which class it is or not."""
    fields = value.get("attributes") if isinstance(value, dict) and _names(value) else value
    if not isinstance(fields, dict):
        fail(where, f"is {shown(fields)}, not an object")
    return fields


def _names(value: Mapping[str, Any]) -> bool:
    return "__instance_type__" in value


def _array(value: object, where: str) -> FloatArray:
    """An array (layer, head, query, key) of a safetensors file in base64."""
    if not isinstance(value, str):
        fail(where, f"is {shown(value)}, not safetensors in base64, as Inseq saves since 0.7")
    try:
        raw = b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        fail(where, "is not base64")
    array = _tensor(raw, where)
    if array.ndim != AXES:
        fail(where, f"has {array.ndim} axes; save it before layers and heads are aggregated")
    return np.ascontiguousarray(array.transpose(2, 3, 1, 0), np.float32)


def _tensor(raw: bytes, where: str) -> npt.NDArray[Any]:
    """The one tensor of a safetensors file."""
    length = int.from_bytes(raw[:8], "little")
    try:
        header = json.loads(raw[8 : 8 + min(length, LARGEST_HEADER)])
        its = header["attribution"]
        dtype, shape = np.dtype(TYPES[its["dtype"]]), its["shape"]
        counts = all(type(size) is int and size > 0 for size in shape) and len(shape) <= AXES
    except (ValueError, KeyError, TypeError, RecursionError):
        fail(where, f"is no safetensors file of numbers in {', '.join(TYPES)}")
    if not counts or math.prod(shape) * dtype.itemsize != len(raw) - 8 - length:
        fail(where, f"has a shape that its {len(raw)} bytes do not have")
    return np.frombuffer(raw, dtype, offset=8 + length).reshape(shape)
