"""What to say about a model_type that no family translates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attnviz.errors import quote

RECURRENT = "has layers without attention"
LINEAR = "has layers of linear attention, which have no weights"
APPROXIMATE = "approximates attention, so that it has no weights"
CAPACITY = "sends to each expert no more tokens than it has places for"
STREAMS = "runs several streams of hidden states side by side"

MISSING = {
    "big_bird": "attends in blocks, some of them random",
    "bigbird_pegasus": "attends in blocks, some of them random",
    "blenderbot-small": "norms what its decoder embeds before positions are added",
    "canine": "reads characters, which convolutions make shorter",
    "convbert": "mixes attention with convolutions that depend on the text",
    "fnet": "has Fourier transforms in the place of attention",
    "fsmt": "has sinusoidal positions in the manner of fairseq and two vocabularies",
    "funnel": "pools hidden states from block to block",
    "gemma3n": STREAMS,
    "ibert": "computes in whole numbers",
    "layoutlm": "needs places on a page beside its tokens",
    "led": "attends in a band and from global tokens, which have projections of their own",
    "longformer": "attends in a band and from global tokens, which have projections of their own",
    "longt5": "attends in a band, or also to summaries of blocks",
    "luke": "has queries of their own for words and entities",
    "minimax": LINEAR,
    "mobilebert": "makes hidden states narrower before attention and wider behind it",
    "mra": APPROXIMATE,
    "nllb-moe": CAPACITY,
    "nystromformer": APPROXIMATE,
    "prophetnet": "predicts several tokens in streams of their own",
    "reformer": "attends among tokens that hash alike",
    "rwkv": RECURRENT,
    "squeezebert": "has grouped convolutions in the place of its projections",
    "switch_transformers": CAPACITY,
    "tapas": "needs a table's rows and columns beside its tokens",
    "xlnet": "scores distances between tokens with vectors of their own, in two streams",
    "yoso": APPROXIMATE,
}
"""What a type of model has that attnviz does not compute."""

KINDS = {
    "vision_config": "works on images",
    "audio_config": "works on sound",
    "num_mel_bins": "works on sound",
    "image_size": "works on images",
    "patch_size": "works on images",
    "altup_num_inputs": STREAMS,
    "linear_conv_kernel_dim": LINEAR,
    "linear_attn_config": LINEAR,
    "ssm_cfg": "has no attention",
    "state_size": RECURRENT,
    "ssm_state_size": RECURRENT,
    "mamba_d_state": RECURRENT,
    "mamba_d_conv": RECURRENT,
    "conv_L_cache": RECURRENT,
    "lru_width": RECURRENT,
    "num_experts": "sends each token to some of many experts in a way of its own",
    "num_local_experts": "sends each token to some of many experts in a way of its own",
    "n_routed_experts": "sends each token to some of many experts in a way of its own",
    "encoder": "joins two models of other families",
}
"""A key of config.json that tells what kind of model it is."""


def unknown(values: Mapping[str, Any], model_type: str, known: Sequence[str]) -> str:
    """One sentence for a model_type that is not ``known``: what is missing, or else what there is.

    A wrapper is told by its text model, where that says more.
    """
    text = values.get("text_config")
    inside: Mapping[str, Any] = text if isinstance(text, Mapping) else {}
    inner = inside.get("model_type")
    said = f"attnviz does not implement model_type {quote(model_type)}"
    reason = MISSING.get(model_type) or (None if inner in known else _kind(inside))
    reason = reason or _kind(values)
    if reason:
        said += f", which {reason}"
    if inner in known:
        return f"{said}; its text model alone, of model_type {quote(inner)}, would be one it knows"
    return said if reason else f"{said}; it implements {', '.join(known)}"


def _kind(values: Mapping[str, Any]) -> str | None:
    return next((why for key, why in KINDS.items() if values.get(key) is not None), None)
