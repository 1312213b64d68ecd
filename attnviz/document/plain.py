"""Arrays that any program saved with NumPy: which of them are weights, and what belongs to them.

A file has one array of weights, or one for each layer or step, numbered; of several kinds, each
by its name. Beside them may be ``tokens``, ``ids``, ``attention_mask``, ``offsets`` and ``text``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from attnviz.document.arrays import fail, shown
from attnviz.document.members import looks_like_npy, looks_like_npz, read_member, read_members
from attnviz.document.npz import HIDDEN, LABELS
from attnviz.errors import DocumentError

Array = npt.NDArray[Any]
STRINGS = ("tokens", "target_tokens")
NUMBERS = {
    "ids": "ids",
    "input_ids": "ids",
    "target_ids": "target_ids",
    "attention_mask": "attention_mask",
    "offsets": "offsets",
    "offset_mapping": "offsets",
}
TEXT = "text"
KINDS = {
    "encoder": "encoder",
    "encoder_attentions": "encoder",
    "decoder": "decoder",
    "decoder_attentions": "decoder",
    "cross": "cross",
    "cross_attentions": "cross",
}
NUMBERED = re.compile(r"(.*?)[_.-]?(\d{1,9})", re.ASCII | re.DOTALL)


class Plain(NamedTuple):
    """Weights by kind, "" where nothing says which, and labels, as ``from_attentions`` takes them.

    The weights of a kind are an array, or a list of layers, or of steps that are lists of layers.
    """

    attentions: Mapping[str, Any]
    labels: Mapping[str, Any]


def read_plain(data: bytes) -> Plain | None:
    """What arrays alone say; None for a document, which has its labels as JSON, and for text.

    Raises DocumentError for arrays that are damaged, hostile or no weights; nothing is unpickled.
    """
    try:
        if looks_like_npy(data):
            return Plain({"": _weights([read_member(data, "weights")])}, {})
        if not looks_like_npz(data) or read_members(data, LABELS.__eq__):
            return None
        return _plain(read_members(data, HIDDEN.__ne__))
    except DocumentError as error:
        raise DocumentError(f"the document or its arrays cannot be read: {error}") from None


def _plain(arrays: Mapping[str, Array]) -> Plain:
    labels: dict[str, Any] = {}
    weights: dict[str, dict[int, Array]] = {}
    for name, array in arrays.items():
        if name in STRINGS:
            labels[name] = _strings(array, name)
        elif name in NUMBERS:
            labels[NUMBERS[name]] = _numbers(array, name)
        elif name == TEXT:
            labels[name] = "".join(_strings(array.reshape(-1)[:1], name))
        else:
            stem, number = _stem(name)
            weights.setdefault(stem, {})[number] = _numbers(array, name)
    return Plain(_by_kind(weights), labels)


def _stem(name: str) -> tuple[str, int]:
    """A name without the number at its end, and the number."""
    found = NUMBERED.fullmatch(name)
    return (found[1], int(found[2])) if found else (name, -1)


def _by_kind(weights: Mapping[str, Mapping[int, Array]]) -> dict[str, Any]:
    kinds = {stem: KINDS.get(stem, "") for stem in weights}
    if not kinds:
        fail("the NPZ file", "has no array of weights")
    if len(set(kinds.values())) < len(kinds):
        names = ", ".join(shown(stem) for stem in list(kinds)[:4])
        fail(
            "the NPZ file",
            f"has arrays of several names ({names}); save one array, one for each layer with "
            f"numbers, or arrays named {', '.join(kind for kind in KINDS if '_' not in kind)}",
        )
    return {
        kinds[stem]: _weights([numbered[number] for number in sorted(numbered)])
        for stem, numbered in weights.items()
    }


def _weights(arrays: Sequence[Array]) -> Any:
    """One array of weights, or the list of them by layers or by steps.

    Steps have five axes, (layer, batch, head, query, key), or four where the keys grow from one
    to the next, which those of layers cannot.
    """
    for array in arrays:
        _numbers(array, "weights")
    if len(arrays) == 1:
        return arrays[0][None, None] if arrays[0].ndim == 2 else arrays[0]
    n_axes = {array.ndim for array in arrays}
    n_keys = [array.shape[-1] for array in arrays]
    grows = n_axes == {4} and all(np.diff(n_keys) > 0)
    return [list(array) for array in arrays] if grows or n_axes == {5} else list(arrays)


def _numbers(array: Array, name: str) -> Array:
    if array.dtype.kind not in "fiu":
        fail(f"array {shown(name)}", "holds text, not numbers")
    return array


def _strings(array: Array, name: str) -> list[str]:
    if array.dtype.kind not in "US" or array.ndim != 1:
        fail(f"array {shown(name)}", "is not one row of strings")
    listed = array.tolist()
    return [s if isinstance(s, str) else s.decode(errors="replace") for s in listed]
