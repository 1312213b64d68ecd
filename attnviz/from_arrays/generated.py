"""What ``generate`` returns, step by step, as the maps and the tokens of one text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from attnviz.errors import InputError
from attnviz.from_arrays.arrays import array_of, chosen, row_of
from attnviz.result import FloatArray


class Generated(NamedTuple):
    """One text that was written: its maps by kind, and the arguments of ``from_attentions``."""

    attentions: dict[str, Any]
    labels: dict[str, Any]


def generated(
    attentions: Mapping[str, Any],
    sequences: Any,
    beams: Any = None,
    *,
    item: int | None = None,
    ids: Any = None,
    attention_mask: Any = None,
) -> Generated:
    """The text ``item`` of those in ``sequences`` (text, token).

    ``beams`` (text, step) says in which row of each step it was written, as transformers'
    ``beam_indices``; without it, text and row are the same. A decoder's ids are those of the text,
    of which ``ids``, where they are given, are the beginning.
    """
    texts = _numbers(sequences, "sequences", "token")
    text = chosen(texts, item)
    at = (item or 0) % len(texts)
    stepped = {kind: value for kind, value in attentions.items() if _has_steps(value)}
    rows = [at] * max(map(len, stepped.values()), default=0)
    if beams is not None:
        every = _numbers(beams, "beam_indices", "step")
        if len(every) != len(texts):
            raise InputError(f"beam_indices are of {len(every)} texts, sequences of {len(texts)}")
        rows = [row for row in every[at].tolist() if row >= 0]
        if not rows:
            raise InputError(f"beam_indices say that nothing was written in text {at}")
        text = text[: len(text) - every.shape[1] + len(rows)]
    maps: dict[str, Any] = {kind: _rows(value, rows, kind) for kind, value in stepped.items()}
    n_rows = max((len(_batch(value[0][0], kind)) for kind, value in stepped.items()), default=1)

    def of_batch(n: int) -> int:
        return rows[0] * n // n_rows if stepped and rows else at

    for kind, value in attentions.items():
        if kind not in stepped:
            layers = (
                value
                if isinstance(value, (list, tuple))
                else [*np.atleast_1d(array_of(value, kind))]
            )
            batches = [_batch(layer, kind) for layer in layers]
            maps[kind] = [chosen(layer, of_batch(len(layer)))[None] for layer in batches]
    ids, mask = (
        None if value is None else _row(array_of(value, "ids or mask"), of_batch)
        for value in (ids, attention_mask)
    )
    if "cross" in attentions:
        return Generated(maps, {"ids": ids, "target_ids": text, "attention_mask": mask})
    if ids is not None and (len(ids) > len(text) or (ids != text[: len(ids)]).any()):
        raise InputError("the ids are not how the generated sequence begins; leave them out")
    if mask is not None:
        n_read = len(text) - 1  # nothing has looked at the last token
        mask = np.pad(mask, (0, max(n_read - len(mask), 0)), constant_values=1)
    return Generated(maps, {"ids": text, "attention_mask": mask})


def _row(array: npt.NDArray[Any], of_batch: Callable[[int], int]) -> npt.NDArray[Any] | None:
    return row_of(array, of_batch(len(array)) if array.ndim == 2 else None)


def _has_steps(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and isinstance(value[0], (list, tuple))


def _rows(steps: Sequence[Any], rows: Sequence[int], kind: str) -> list[list[npt.NDArray[Any]]]:
    """Of each step the row in which the text was written, as a batch of one."""
    found = []
    for step, row in zip(steps, rows, strict=False):
        batches = [_batch(layer, kind) for layer in step]
        if not batches or min(map(len, batches)) <= row:
            raise InputError(f"a step of the {kind} weights has no row {row}, where the text is")
        found.append([layer[row : row + 1] for layer in batches])
    return found


def _batch(layer: Any, kind: str) -> npt.NDArray[Any]:
    """The weights (batch, head, query, key) of a layer."""
    array = array_of(layer, kind)
    if array.ndim != 4 or not len(array):
        raise InputError(
            f"the {kind} weights of a layer have the shape {array.shape}; generate gives "
            "(batch, head, query, key)"
        )
    return array


def _numbers(value: Any, name: str, axis: str) -> npt.NDArray[Any]:
    array = array_of(value, name)
    if array.ndim != 2 or array.dtype.kind not in "iu" or not array.size:
        raise InputError(f"{name} are whole numbers (text, {axis})")
    return array


def joined(steps: Sequence[Sequence[npt.NDArray[Any]]], name: str) -> FloatArray:
    """The steps (layer) of (head, query, key) below each other: (layer, head, query, key).

    What a step could not see yet weighs nothing, and neither does what a cache of a window has
    dropped: each step's keys end with its last query. Room that a cache keeps is left out. Without
    a cache every step reads all tokens anew, so that the last has all.
    """
    if any(len(step) != len(steps[0]) for step in steps):
        raise InputError(f"the steps of the {name} weights differ in their layers")
    if any(0 in layer.shape for step in steps for layer in step) or not steps[0]:
        raise InputError(f"a step of the {name} weights is empty")
    if any(layer.shape[:2] != step[0].shape[:2] for step in steps for layer in step):
        raise InputError(f"the layers of a step of the {name} weights differ in heads or queries")
    if len({step[0].shape[0] for step in steps}) > 1:
        raise InputError(f"the steps of the {name} weights differ in their heads")
    if name == "cross" and len({layer.shape[2] for step in steps for layer in step}) > 1:
        raise InputError("the steps of the cross weights differ in their keys")
    counts = [step[0].shape[1] for step in steps]
    if len(steps) > 1 and counts == [*range(counts[0], counts[0] + len(steps))]:
        steps, counts = steps[-1:], counts[-1:]
    if name == "cross":
        return np.stack([np.concatenate(layers, axis=1) for layers in zip(*steps, strict=True)])
    end = _begun(steps[0], counts[0]) + np.cumsum(counts)
    n_keys = int(end[-1])
    layers = [
        [_placed(layer, int(seen), n_keys, name) for layer in step]
        for step, seen in zip(steps, end, strict=True)
    ]
    return np.stack([np.concatenate(each, axis=1) for each in zip(*layers, strict=True)])


def _begun(first: Sequence[npt.NDArray[Any]], n: int) -> int:
    """How many tokens a cache held before the first step of n tokens."""
    longest = max(first, key=lambda layer: layer.shape[2])
    return longest.shape[2] - n if longest[:, -1, n:].any() else 0


def _placed(layer: npt.NDArray[Any], seen: int, n_keys: int, name: str) -> FloatArray:
    """The weights (head, query, key) of a step over all keys, of which it had ``seen`` so many."""
    n = layer.shape[2]
    if layer[:, -1, seen:].any():  # rows of padding before it may look anywhere
        raise InputError(f"a step of the {name} weights looks at tokens that come after it")
    placed = np.zeros((*layer.shape[:2], n_keys), np.float32)
    placed[:, :, max(seen - n, 0) : seen] = layer[:, :, :seen]
    return placed
