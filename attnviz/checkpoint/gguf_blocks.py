"""Blocks of GGUF as numbers, by the reader of its own authors, the extra gguf."""

from __future__ import annotations

import numpy as np

from attnviz.checkpoint.derived import Rows
from attnviz.checkpoint.gguf_file import BLOCKS
from attnviz.checkpoint.tensors import Tensors
from attnviz.errors import BadCheckpoint, UnsupportedModel, quote
from attnviz.result import FloatArray


def read_blocks(stored: Tensors, name: str, rows: Rows) -> FloatArray:
    """A tensor in blocks, or some of its rows; UnsupportedModel without the package for it."""
    kind, shape = stored.dtype(name), stored.shape(name)
    try:
        from gguf.constants import GGMLQuantizationType
        from gguf.quants import dequantize

        known = GGMLQuantizationType[kind]
    except (ImportError, KeyError):  # none, or one from before this type
        raise UnsupportedModel(
            f"tensor {quote(name)} is stored as {kind}, which needs the package gguf: run "
            "pip install -U 'attnviz[gguf]'"
        ) from None
    blocks = stored.read_raw(name, rows).reshape(-1, *shape[1:-1], _row_bytes(kind, shape[-1]))
    with np.errstate(all="ignore"):  # what is not finite is refused
        array: FloatArray = dequantize(blocks, known)
    if not np.isfinite(array).all():
        raise BadCheckpoint(f"tensor {quote(name)} holds NaN or infinite numbers")
    return np.ascontiguousarray(array, np.float32).reshape(-1, *shape[1:])


def _row_bytes(kind: str, size: int) -> int:
    """How many bytes a row of so many numbers takes."""
    per_block, nbytes = BLOCKS[kind]
    return size // per_block * nbytes
