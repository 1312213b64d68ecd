"""From hidden states to logits over the vocabulary."""

from __future__ import annotations

import numpy as np

from attnviz.core.buffers import FloatArray
from attnviz.core.functional import softcap_
from attnviz.core.spec import HeadSpec
from attnviz.core.weights import Weights

ROWS = 8192  # how much of the vocabulary is read at a time


def logits(spec: HeadSpec, weights: Weights, hidden: FloatArray) -> FloatArray:
    """Logits (token, vocabulary) of last hidden states (token, d), the head read in blocks."""
    n, d = hidden.shape
    out = np.empty((n, spec.vocab_size), np.float32)
    for start in range(0, spec.vocab_size, ROWS):
        rows = slice(start, min(start + ROWS, spec.vocab_size))
        np.matmul(hidden, weights.rows("head.weight", rows, d).T, out=out[:, rows])
    if spec.scale != 1.0:
        out *= np.float32(spec.scale)
    bias = weights.get("head.bias", spec.vocab_size) if spec.bias else None
    if bias is not None:
        out += bias
    return softcap_(out, spec.softcap) if spec.softcap else out
