"""Weights as whole numbers of few bits, a scale and a zero for each group: GPTQ, AWQ and MLX."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from attnviz.checkpoint.adapter import lies_across
from attnviz.checkpoint.derived import Made, Rows
from attnviz.checkpoint.packed import codes
from attnviz.checkpoint.tensors import Tensors
from attnviz.errors import BadCheckpoint, UnsupportedModel, quote
from attnviz.result import FloatArray

WORDS = ("I32", "U32")
WORD = 32  # bits
GPTQ_BITS, AWQ_BITS, MLX_BITS = (2, 3, 4, 8), (4,), (2, 3, 4, 5, 6, 8)
AWQ_ORDER = (0, 4, 1, 5, 2, 6, 3, 7)
"""Where the column that is i-th of eight lies in its word."""


class Packed(NamedTuple):
    """The tensors of one module; ``inverse`` of GPTQ says which group each input belongs to."""

    weight: str
    zeros: str
    scales: str
    inverse: str | None
    bits: int


def gptq(
    said: Mapping[str, Any], tensors: Tensors, model_type: object
) -> tuple[dict[str, Made], set[str]]:
    """W = scale × (code − zero) (Frantar et al. 2023); the first format stores each zero less 1."""
    bits = _bits(said, GPTQ_BITS)
    version = said.get("checkpoint_format") or "gptq"
    if version not in ("gptq", "gptq_v2"):
        raise _other("checkpoint_format", version, "gptq, gptq_v2")
    less = 1 if version == "gptq" else 0
    made: dict[str, Made] = {}
    used: set[str] = set()
    for module in _modules(tensors, ".qweight"):
        inverse = f"{module}.g_idx" if f"{module}.g_idx" in tensors.names else None
        its = _packed(module, tensors, bits, inverse)
        shape = _gptq_shape(its, tensors)
        read = partial(_read_gptq, tensors, its, less)
        made[f"{module}.weight"] = _module(module, model_type, shape, f"GPTQ-{bits}", read)
        used |= {name for name in its[:4] if name is not None}
    return made, used


def _gptq_shape(its: Packed, tensors: Tensors) -> tuple[int, int]:
    """The shape (out, in); BadCheckpoint where the tensors of a module do not fit each other."""
    n_in, n_out = tensors.shape(its.weight)[0] * WORD // its.bits, tensors.shape(its.weight)[1]
    scales, zeros = tensors.shape(its.scales), tensors.shape(its.zeros)
    even = len(scales) == 2 and scales[0] > 0 and n_in % scales[0] == 0
    inputs = tensors.shape(its.inverse) == (n_in,) if its.inverse else even
    sound = len(scales) == len(zeros) == 2 and scales[1] == n_out and zeros[0] == scales[0]
    if not sound or not inputs or zeros[1] * WORD // its.bits != n_out:
        raise _no_fit(its, tensors)
    return n_out, n_in


def _read_gptq(tensors: Tensors, its: Packed, less: int) -> FloatArray:
    """The weight (out, in): words go down the inputs, those of zeros along the outputs."""
    scales = tensors.read(its.scales)
    zeros = codes(_words(tensors, its.zeros), its.bits)
    zeros = (zeros + np.uint8(less)) & np.uint8((1 << its.bits) - 1)
    stored = codes(_words(tensors, its.weight).T, its.bits)
    if its.inverse is None:
        return _grouped(stored, zeros, scales)
    group = _words(tensors, its.inverse).astype(np.int64)
    if group.min() < 0 or group.max() >= len(scales):
        raise BadCheckpoint(f"tensor {quote(its.inverse)} names groups that there are not")
    if np.array_equal(group, np.repeat(np.arange(len(scales)), -(-len(group) // len(scales)))):
        return _grouped(stored, zeros, scales)
    return _grouped(stored, zeros[group], scales[group])


def _grouped(
    stored: npt.NDArray[np.uint8], zeros: npt.NDArray[np.uint8], scales: FloatArray
) -> FloatArray:
    """scale × (code − zero) of codes (out, in), whose groups (group, out) are equally long."""
    array = stored.astype(np.float32).reshape(len(stored), len(scales), -1)
    array -= np.ascontiguousarray(zeros.T)[..., None]
    array *= np.ascontiguousarray(scales.T)[..., None]
    return array.reshape(stored.shape)


def awq(
    said: Mapping[str, Any], tensors: Tensors, model_type: object
) -> tuple[dict[str, Made], set[str]]:
    """W = scale × (code − zero) (Lin et al. 2024), as AutoAWQ's gemm packs it: words of columns."""
    bits = _bits(said, AWQ_BITS)
    version = str(said.get("version", "gemm")).lower()
    if version != "gemm":
        raise _other("version", version, "gemm")
    made: dict[str, Made] = {}
    used: set[str] = set()
    for module in _modules(tensors, ".qweight"):
        its = _packed(module, tensors, bits, None)
        n_in, n_words = tensors.shape(its.weight)
        n_out = n_words * WORD // bits
        groups = tensors.shape(its.scales)
        sound = len(groups) == 2 and groups[1] == n_out and groups[0] and n_in % groups[0] == 0
        if not sound or tensors.shape(its.zeros) != (groups[0], n_words):
            raise _no_fit(its, tensors)
        read = partial(_read_awq, tensors, its)
        made[f"{module}.weight"] = _module(module, model_type, (n_out, n_in), f"AWQ-{bits}", read)
        used |= {its.weight, its.zeros, its.scales}
    return made, used


def _read_awq(tensors: Tensors, its: Packed) -> FloatArray:
    """The weight (out, in)."""
    stored, zeros = (
        _ordered(codes(_words(tensors, name), its.bits)) for name in (its.weight, its.zeros)
    )
    return _grouped(np.ascontiguousarray(stored.T), zeros, tensors.read(its.scales))


def _ordered(columns: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Columns in their order again, eight by eight."""
    eights = columns.reshape(len(columns), -1, len(AWQ_ORDER))
    return eights[..., AWQ_ORDER].reshape(columns.shape)


def mlx(
    said: Mapping[str, Any], tensors: Tensors, model_type: object
) -> tuple[dict[str, Made], set[str]]:
    """W = scale × code + bias, a scale and a bias for each group of a row, as mlx.core.quantize."""
    mode = said.get("mode", "affine")
    if mode != "affine":
        raise _other("mode", mode, "affine")
    made: dict[str, Made] = {}
    used: set[str] = set()
    for module in _modules(tensors, ".scales"):
        names = Packed(f"{module}.weight", f"{module}.biases", f"{module}.scales", None, 0)
        if names.weight not in tensors.names or tensors.dtype(names.weight) not in WORDS:
            continue
        its, n_in = _mlx_sizes(names, said, module, tensors)
        n_out = tensors.shape(its.weight)[0]
        read = partial(_read_mlx, tensors, its)
        whole = _module(module, model_type, (n_out, n_in), f"MLX-{its.bits}", read)
        made[its.weight] = whole if lies_across(model_type, module) else whole._replace(rows=read)
        used |= {its.zeros, its.scales}
    return made, used


def _mlx_sizes(
    its: Packed, said: Mapping[str, Any], module: str, tensors: Tensors
) -> tuple[Packed, int]:
    """The tensors with their bits, and how long a row is; a module may have sizes of its own."""
    own = said.get(module)
    sizes = {**said, **own} if isinstance(own, Mapping) else said
    size, wanted = sizes.get("group_size"), sizes.get("bits")
    words, scales = tensors.shape(its.weight), tensors.shape(its.scales)
    if type(size) is not int or not 1 <= size <= 1 << 20 or len(words) != 2 or len(scales) != 2:
        raise _no_fit(its, tensors)
    n_in = scales[1] * size
    bits = words[1] * WORD // n_in if n_in else 0
    if bits not in MLX_BITS or bits != wanted or bits * n_in != words[1] * WORD:
        raise _no_fit(its, tensors)
    if scales[0] != words[0]:
        raise _no_fit(its, tensors)
    if its.zeros not in tensors.names or tensors.shape(its.zeros) != scales:
        raise _no_fit(its, tensors)
    return its._replace(bits=bits), n_in


def _read_mlx(tensors: Tensors, its: Packed, rows: Rows = None) -> FloatArray:
    """The weight (out, in), or these rows of it."""
    scales, biases = (
        tensors.read(name) if rows is None else tensors.read_rows(name, rows)
        for name in (its.scales, its.zeros)
    )
    array = codes(_words(tensors, its.weight, rows), its.bits).astype(np.float32)
    grouped = array.reshape(*scales.shape, -1)
    grouped *= scales[..., None]
    grouped += biases[..., None]
    return grouped.reshape(array.shape)


def _modules(tensors: Tensors, end: str) -> list[str]:
    return [name.removesuffix(end) for name in tensors.names if name.endswith(end)]


def _packed(module: str, tensors: Tensors, bits: int, inverse: str | None) -> Packed:
    """The tensors of a module; BadCheckpoint where one is missing or holds no words."""
    names = [f"{module}.{end}" for end in ("qweight", "qzeros", "scales")]
    missing = next((name for name in names if name not in tensors.names), None)
    if missing is not None:
        raise BadCheckpoint(f"the checkpoint has {quote(names[0])} but no tensor {quote(missing)}")
    for name in (*names[:2], *([inverse] if inverse else [])):
        if tensors.dtype(name) not in WORDS:
            raise BadCheckpoint(
                f"tensor {quote(name)} is stored as {tensors.dtype(name)} where I32 is needed"
            )
    if len(tensors.shape(names[0])) != 2 or 0 in tensors.shape(names[0]):
        raise BadCheckpoint(f"tensor {quote(names[0])} has the shape {tensors.shape(names[0])}")
    return Packed(names[0], names[1], names[2], inverse, bits)


def _module(
    module: str, model_type: object, shape: tuple[int, int], stored: str, read: Any
) -> Made:
    """A module's weight (out, in), or turned where its family keeps it (in, out)."""
    if not lies_across(model_type, module):
        return Made(shape, stored, read)
    return Made(shape[::-1], stored, lambda: np.ascontiguousarray(read().T))


def _words(tensors: Tensors, name: str, rows: Rows = None) -> npt.NDArray[np.uint32]:
    return tensors.read_raw(name, rows).view("<u4").reshape(-1, *tensors.shape(name)[1:])


def _bits(said: Mapping[str, Any], known: tuple[int, ...]) -> int:
    bits = said.get("bits", said.get("w_bit", 4))
    if bits not in known or isinstance(bits, bool):
        raise _other("bits", bits, ", ".join(map(str, known)))
    return int(bits)


def _other(key: str, value: object, known: str) -> UnsupportedModel:
    return UnsupportedModel(
        f"config.json has the {key} {quote(value)} in its quantisation; attnviz dequantises {known}"
    )


def _no_fit(its: Packed, tensors: Tensors) -> BadCheckpoint:
    shapes = {
        name: tensors.shape(name)
        for name in (its.zeros, its.scales, its.inverse)
        if name is not None and name in tensors.names
    }
    said = ", ".join(f"{name.rpartition('.')[2]} {shape}" for name, shape in shapes.items())
    return BadCheckpoint(
        f"tensor {quote(its.weight)} has the shape {tensors.shape(its.weight)}, which {said} "
        "do not fit"
    )
