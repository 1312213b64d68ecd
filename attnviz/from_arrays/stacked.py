"""Weights of one text from any of the forms that they are kept in."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from attnviz.errors import InputError
from attnviz.from_arrays.arrays import NO_WEIGHTS, array_of, chosen
from attnviz.from_arrays.generated import joined
from attnviz.result import FloatArray


def stacked(value: Any, name: str, item: int | None) -> FloatArray:
    """Weights float32 (layer, head, query, key) of one text, from any of the forms."""
    if isinstance(value, (list, tuple)):
        if not value or value[0] is None:
            raise InputError(NO_WEIGHTS)
        if isinstance(value[0], (list, tuple)):
            steps = [[_layer(array_of(one, name), name, item) for one in step] for step in value]
            return joined(steps, name)
        layers = [_layer(array_of(layer, name), name, item) for layer in value]
    else:
        array = array_of(value, name)
        if array.ndim not in (4, 5) or not len(array):
            raise _wrong_shape(array.shape, name)
        layers = [_layer(layer, name, item) for layer in array]
    shapes = {layer.shape for layer in layers}
    if len(shapes) > 1:
        first, second = sorted(shapes)[:2]
        raise InputError(
            f"the layers of the {name} weights differ: one is (head, query, key) {first}, "
            f"another {second}; show them one by one"
        )
    return np.stack(layers).astype(np.float32)


def _layer(array: npt.NDArray[Any], name: str, item: int | None) -> npt.NDArray[Any]:
    """The weights (head, query, key) of one layer and one text."""
    if array.ndim == 3:
        return array
    if array.ndim != 4:
        raise _wrong_shape(array.shape, name)
    one: npt.NDArray[Any] = chosen(array, item)
    return one


def _wrong_shape(shape: tuple[int, ...], name: str) -> InputError:
    return InputError(
        f"the {name} weights have the shape {shape}; give (layer, head, query, key), or for each "
        "layer (batch, head, query, key)"
    )
