"""Models that also read images: the text model inside them, and where its tensors are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from attnviz.errors import UnsupportedModel, quote
from attnviz.families.config import REFUSED_IF_SET

BASES = (
    "model.language_model", "language_model.model", "language_model", "model.text_model",
    "text_model", "model",
)  # fmt: skip
"""What the text model's tensors begin with, today, in old checkpoints and where it is alone."""

PREFIX: Mapping[str, Any] = {
    "is_causal": False,
    "sliding_window": None,
    "use_bidirectional_attention": None,
}
"""What is said to a text model whose prompt sees all of itself, however far away."""


@dataclass(frozen=True, slots=True)
class Wrapper:
    """A model around a text model of type ``text``.

    That is the only type it has, whatever text_config says, unless ``free``; a ``flat`` one may
    keep the text model's keys among its own; ``tied`` is what it assumes of its embeddings.
    ``prefix`` says that all that it is given sees all of it, and only what it writes is causal.
    """

    about: str
    text: str
    free: bool = False
    flat: bool = False
    tied: bool = False
    prefix: bool = False


WRAPPERS = {
    "clip": Wrapper("Text part of CLIP (Radford et al. 2021)", "clip_text_model"),
    "gemma3": Wrapper("Text part of Gemma 3 (Gemma Team 2025)", "gemma3_text", tied=True),
    "idefics3": Wrapper("Text part of Idefics3 (Laurençon 2024)", "llama", free=True),
    "llava": Wrapper("Text part of LLaVA (Liu et al. 2023)", "llama", free=True),
    "llava_next": Wrapper("Text part of LLaVA-NeXT (Liu et al. 2024)", "llama", free=True),
    "mistral3": Wrapper("Text part of Mistral Small 3.1", "mistral", free=True, tied=True),
    "paligemma": Wrapper(
        "Text part of PaliGemma 1 and 2 (Beyer 2024)", "gemma", free=True, tied=True, prefix=True
    ),
    "qwen2_5_vl": Wrapper(
        "Text part of Qwen2.5-VL (Bai et al. 2025)", "qwen2_5_vl_text", flat=True
    ),
    "qwen2_vl": Wrapper("Text part of Qwen2-VL (Wang et al. 2024)", "qwen2_vl_text", flat=True),
    "qwen3_vl": Wrapper("Text part of Qwen3-VL (Bai et al. 2025)", "qwen3_vl_text"),
    "siglip": Wrapper("Text part of SigLIP (Zhai et al. 2023)", "siglip_text_model"),
    "smolvlm": Wrapper("Text part of SmolVLM (Marafioti 2025)", "llama", free=True),
}
"""model_type → what it is around."""


def unwrap(values: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The values of the text model that a config.json describes, and its prefixes if wrapped.

    Raises UnsupportedModel where the wrapper says nothing of its text model.
    """
    model_type = values.get("model_type")
    wrapper = WRAPPERS.get(model_type) if isinstance(model_type, str) else None
    if wrapper is None:
        return dict(values), ()
    text = values.get("text_config")
    if text is None and wrapper.flat:
        text = {
            key: value
            for key, value in values.items()
            if not key.endswith(("_config", "_id", "_index"))
        }
    if not isinstance(text, Mapping):
        raise UnsupportedModel(
            f"config.json has text_config {quote(text)}; {model_type} needs an object there, "
            "which describes its text model"
        )
    kind = text.get("model_type", wrapper.text) if wrapper.free else wrapper.text
    tied = bool(values.get("tie_word_embeddings", wrapper.tied) or text.get("tie_word_embeddings"))
    refused = {key: values[key] for key in REFUSED_IF_SET if values.get(key)}
    found = {**text, **refused, "model_type": kind, "tie_word_embeddings": tied}
    return {**found, **(PREFIX if wrapper.prefix else {})}, BASES
