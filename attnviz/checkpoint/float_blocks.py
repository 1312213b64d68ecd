"""Weights as small floats with a scale for each block: FP8 as DeepSeek-V3 has it, and MXFP4."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

from attnviz.checkpoint.derived import Made, Rows
from attnviz.checkpoint.packed import EIGHT_BITS, FP4, eight_bits, exponents, nibbles, spread
from attnviz.checkpoint.tensors import Tensors
from attnviz.errors import BadCheckpoint, quote
from attnviz.result import FloatArray

SCALE = "_scale_inv"
UNUSED = (".activation_scale", ".input_scale")  # of activations, which stay as they are
BLOCKS, SCALES = "_blocks", "_scales"
EXPONENTS = ("U8", "F8_E8M0")
IN_BLOCK = 32
"""Numbers in a block of MXFP4."""


def fp8(
    said: Mapping[str, Any],
    tensors: Tensors,
    model_type: object,  # noqa: ARG001
) -> tuple[dict[str, Made], set[str]]:
    """W = code × scale, a scale for each block (DeepSeek-AI 2024, section 3.3.2), or for all."""
    made: dict[str, Made] = {}
    used = {name for name in tensors.names if name.endswith(UNUSED)}
    for stored in tensors.names:
        name = stored.removesuffix(SCALE)
        if name == stored or name not in tensors.names or tensors.dtype(name) not in EIGHT_BITS:
            continue
        blocks = _blocks(said.get("weight_block_size"), tensors.shape(name), tensors.shape(stored))
        if blocks is None:
            raise _no_fit(name, tensors.shape(name), tensors.shape(stored))
        read = partial(_read_fp8, tensors, name, stored, blocks)
        made[name] = Made(tensors.shape(name), tensors.dtype(name), read, read)
        used.add(stored)
    return made, used


def _blocks(
    given: object, shape: tuple[int, ...], scales: tuple[int, ...]
) -> tuple[int, int] | None:
    """The height and width of the blocks; None where weights and scales do not fit."""
    if len(shape) < 2 or 0 in shape:
        return None
    sizes = shape[-2:]
    if math.prod(scales) == 1:
        return sizes[0], sizes[1]
    if len(scales) != len(shape) or scales[:-2] != shape[:-2] or 0 in scales:
        return None
    if isinstance(given, list) and len(given) == 2 and all(type(n) is int for n in given):
        fits = all(
            n > 0 and -(-s // n) == k for n, s, k in zip(given, sizes, scales[-2:], strict=True)
        )
        if fits:
            return given[0], given[1]
    if any(size % count for size, count in zip(sizes, scales[-2:], strict=True)):
        return None
    return sizes[0] // scales[-2], sizes[1] // scales[-1]


def _read_fp8(
    tensors: Tensors, name: str, stored: str, blocks: tuple[int, int], rows: Rows = None
) -> FloatArray:
    """All of a weight, or these rows of its first axis."""
    shape = tensors.shape(name)
    taken = eight_bits(tensors.read_raw(name, rows), tensors.dtype(name))
    array = taken.reshape(-1, *shape[1:])
    scales = _scales(tensors, stored)
    if scales.size == 1:
        array *= scales.reshape(-1)[0]
        return array
    if rows is not None:
        scales = scales[rows // blocks[0] if len(shape) == 2 else rows]
    if len(shape) > 2 or rows is None:
        scales = spread(scales, -2, blocks[0], shape[-2])
    array *= spread(scales, -1, blocks[1], shape[-1])
    return array


def _scales(tensors: Tensors, name: str, rows: Rows = None) -> FloatArray:
    if tensors.dtype(name) in EXPONENTS:
        return exponents(tensors.read_raw(name, rows)).reshape(-1, *tensors.shape(name)[1:])
    return tensors.read(name) if rows is None else tensors.read_rows(name, rows)


def mxfp4(
    said: Mapping[str, Any],  # noqa: ARG001
    tensors: Tensors,
    model_type: object,  # noqa: ARG001
) -> tuple[dict[str, Made], set[str]]:
    """GPT-OSS's experts: blocks of 32 numbers of 4 bits share a power of two.

    ``…_blocks`` (expert, out, block, 16) become (expert, in, out), as transformers keeps them.
    """
    made: dict[str, Made] = {}
    used: set[str] = set()
    for blocks in tensors.names:
        name = blocks.removesuffix(BLOCKS)
        if name == blocks or name + SCALES not in tensors.names:
            continue
        scales, shape = name + SCALES, tensors.shape(blocks)
        fits = len(shape) == 4 and shape[3] == IN_BLOCK // 2 and tensors.shape(scales) == shape[:3]
        if not fits or tensors.dtype(blocks) != "U8" or tensors.dtype(scales) not in EXPONENTS:
            raise _no_fit(blocks, shape, tensors.shape(scales))
        read = partial(_read_mxfp4, tensors, blocks, scales)
        made[name] = Made((shape[0], shape[2] * IN_BLOCK, shape[1]), "MXFP4", read, read)
        used |= {blocks, scales}
    return made, used


def _read_mxfp4(tensors: Tensors, blocks: str, scales: str, rows: Rows = None) -> FloatArray:
    """All experts, or those of these numbers."""
    shape = tensors.shape(blocks)
    packed = tensors.read_raw(blocks, rows).reshape(-1, *shape[1:])
    array = FP4[nibbles(packed)]
    array *= _scales(tensors, scales, rows).reshape(-1, *shape[1:3])[..., None]
    return array.reshape(len(array), shape[1], -1).swapaxes(1, 2)


def _no_fit(name: str, shape: tuple[int, ...], scales: tuple[int, ...]) -> BadCheckpoint:
    return BadCheckpoint(f"tensor {quote(name)} has the shape {shape} and scales {scales}")
