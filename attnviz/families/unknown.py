"""What to say about a model_type that no family translates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attnviz.errors import quote

__all__ = ["unknown"]

KINDS = {
    "vision_config": "works on images",
    "audio_config": "works on sound",
    "num_mel_bins": "works on sound",
    "image_size": "works on images",
    "patch_size": "works on images",
    "altup_num_inputs": "runs several streams of hidden states side by side",
    "linear_conv_kernel_dim": "has layers of linear attention, which have no weights",
    "num_experts": "sends each token to some of many experts",
    "num_local_experts": "sends each token to some of many experts",
    "n_routed_experts": "sends each token to some of many experts",
    "ssm_cfg": "has no attention",
    "state_size": "has layers without attention",
    "encoder": "joins two models of other families",
}
"""A key of config.json that tells what kind of model it is."""


def unknown(values: Mapping[str, Any], model_type: str, known: Sequence[str]) -> str:
    """One sentence for a model_type that is not ``known``."""
    kind = next((why for key, why in KINDS.items() if values.get(key) is not None), None)
    text = values.get("text_config")
    inner = text.get("model_type") if isinstance(text, Mapping) else None
    said = f"attnviz does not implement model_type {quote(model_type)}"
    if kind:
        said += f", which {kind}"
    if inner in known:
        return f"{said}; its text model alone, of model_type {quote(inner)}, would be one it knows"
    return f"{said}; it implements {', '.join(known)}"
