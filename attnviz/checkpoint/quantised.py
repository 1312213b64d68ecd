"""Checkpoints whose weights are quantised: which method, and the tensors dequantised when read.

Weights alone are dequantised; attention runs in float32, where a runtime of the method may round
activations, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from attnviz.checkpoint.bitsandbytes import bitsandbytes
from attnviz.checkpoint.config import QUANTISATION, quantisation
from attnviz.checkpoint.derived import Derived, Made
from attnviz.checkpoint.float_blocks import fp8, mxfp4
from attnviz.checkpoint.integer_groups import awq, gptq, mlx
from attnviz.checkpoint.tensors import Tensors
from attnviz.errors import BadCheckpoint, UnsupportedModel, quote
from attnviz.result import FloatArray

Method = Callable[[Mapping[str, Any], Tensors, object], tuple[dict[str, Made], set[str]]]

METHODS: dict[str, Method] = {
    "fp8": fp8,
    "mxfp4": mxfp4,
    "gptq": gptq,
    "awq": awq,
    "bitsandbytes": bitsandbytes,
    "mlx": mlx,
}
"""Each gives the tensors that it makes, and the names of those that it makes them from."""


def dequantised(config: dict[str, Any], tensors: Tensors) -> tuple[dict[str, Any], Tensors]:
    """The config and the tensors of a checkpoint as if it had plain weights.

    Nothing is changed where config.json names no quantisation. Raises UnsupportedModel for a
    method that is not read, by its name.
    """
    said = quantisation(config)
    if said is None:
        return config, tensors
    method = _method(said)
    if method not in METHODS:
        raise UnsupportedModel(
            f"config.json has the quant_method {quote(method)}; attnviz dequantises "
            f"{', '.join(METHODS)}; take another checkpoint of this model"
        )
    made, used = METHODS[method](said, tensors, config.get("model_type"))
    made = {name: _checked(name, each) for name, each in made.items()}
    kept = {name: name for name in tensors.names if name not in used and name not in made}
    plain = {key: value for key, value in config.items() if key not in QUANTISATION}
    return plain, Derived(tensors, kept, made)


def _checked(name: str, made: Made) -> Made:
    """The same, refused where it holds NaN or infinite numbers."""

    def finite(read: Callable[[], FloatArray]) -> FloatArray:
        with np.errstate(over="ignore", invalid="ignore"):
            array = read()
        if not np.isfinite(array).all():
            raise BadCheckpoint(f"tensor {quote(name)} holds NaN or infinite numbers")
        return array

    rows = made.rows
    some = None if rows is None else lambda given: finite(lambda: rows(given))
    return made._replace(make=lambda: finite(made.make), rows=some)


def _method(said: Mapping[str, Any]) -> str:
    """The method's name; MLX says the size of its groups and no method."""
    method = said.get("quant_method")
    if method is None and ("load_in_4bit" in said or "load_in_8bit" in said):
        return "bitsandbytes"
    if method is None and "group_size" in said and "bits" in said:
        return "mlx"
    return str(method)
