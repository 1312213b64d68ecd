"""Activations that are trained: their functions, and what their parameters are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attnviz.core.activations import prelu_, xielu_
from attnviz.core.buffers import FloatArray

TRAINED: Mapping[str, tuple[Callable[..., FloatArray], tuple[str, ...]]] = {
    "prelu": (prelu_, ("weight",)),
    "xielu": (xielu_, ("alpha_p", "alpha_n", "beta", "eps")),
}
"""Functions of x and their parameters, one number each."""
