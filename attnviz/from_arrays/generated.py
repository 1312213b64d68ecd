"""What ``generate`` returns, step by step, as the maps and the tokens of one text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    texts = array_of(sequences, "ids")
    text = chosen(texts, item)
    at = item or 0
    stepped = {kind: value for kind, value in attentions.items() if _has_steps(value)}
    n_steps = max(map(len, stepped.values()), default=0)
    rows = [at % len(texts)] * n_steps
    if beams is not None:
        every = array_of(beams, "beam_indices")
        rows = [row for row in every[at].tolist() if row >= 0]
        text = text[: len(text) - every.shape[1] + len(rows)]
    n_rows = max((len(value[0][0]) for value in stepped.values()), default=len(texts))

    def of_batch(n: int) -> int:
        return rows[0] * n // n_rows if rows else at

    maps = {
        kind: _rows(value, rows)
        if kind in stepped
        else [layer[(one := of_batch(len(layer))) : one + 1] for layer in value]
        for kind, value in attentions.items()
    }
    ids, mask = (
        None if value is None else row_of(value, of_batch(len(value)))
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


def _has_steps(value: Any) -> bool:
    return bool(len(value)) and isinstance(value[0], (list, tuple))


def _rows(steps: Sequence[Any], rows: Sequence[int]) -> list[list[Any]]:
    """Of each step the row in which the text was written, as a batch of one."""
    return [
        [layer[row : row + 1] for layer in step] for step, row in zip(steps, rows, strict=False)
    ]


def joined(steps: Sequence[Sequence[npt.NDArray[Any]]], name: str) -> FloatArray:
    """The steps (layer) of (head, query, key) below each other: (layer, head, query, key).

    What a step could not see yet weighs nothing, and neither does what a cache of a window has
    dropped: each step's keys end with its last query. Room that a cache keeps is left out. Without
    a cache every step reads all tokens anew, so that the last has all.
    """
    if any(len(step) != len(steps[0]) for step in steps):
        raise InputError(f"the steps of the {name} weights differ in their layers")
    if len({layer.shape[0] for step in steps for layer in step}) > 1:
        raise InputError(f"the steps of the {name} weights differ in their heads")
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
