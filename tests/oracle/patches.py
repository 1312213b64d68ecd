"""Where eager transformers departs from what a model was trained with, put right."""

from __future__ import annotations

from typing import Any

import torch
from transformers.models.falcon.modeling_falcon import FalconAttention


def patch(model: torch.nn.Module) -> None:
    """Patch a model in place; most need nothing."""
    for module in model.modules():
        if isinstance(module, FalconAttention):
            add_alibi_once(module)


def add_alibi_once(attention: FalconAttention) -> None:
    """Falcon's mask already holds ALiBi / sqrt(d_head); eager attention adds it a second time.

    Its other attention paths add it once, softmax((q k + alibi) / sqrt(d_head)), which is what
    Falcon-RW was trained with. Zeros in place of the second one leave only the mask's.
    """
    forward = attention.forward

    def once(hidden: torch.Tensor, alibi: torch.Tensor | None, *rest: Any, **named: Any) -> Any:
        return forward(hidden, None if alibi is None else torch.zeros_like(alibi), *rest, **named)

    attention.forward = once
