"""An encoder and a decoder of two families in one model: what joins them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from attnviz.core.spec import ModelSpec, StackSpec
from attnviz.errors import UnsupportedModel, quote
from attnviz.families.config import Config
from attnviz.families.names import Names, Stored, expand

JOINED = {"encoder-decoder": "Encoder and decoder of two families (Rothe et al. 2020)"}
"""model_type → what it is; encoder and decoder of its config.json are configs of their own."""

DECODERS = ("bert", "camembert", "data2vec-text", "ernie", "gpt2", "roberta", "xlm-roberta")
"""The families that can read an encoder's states."""


def require_decoder(values: Mapping[str, Any]) -> None:
    """Raise UnsupportedModel for a decoder that reads no encoder, or is of another family."""
    if values.get("model_type") not in DECODERS:
        raise UnsupportedModel(
            f"config.json has a decoder of model_type {quote(values.get('model_type'))}; beside "
            f"an encoder attnviz implements those of {', '.join(DECODERS)}"
        )
    for key in ("is_decoder", "add_cross_attention"):
        if values.get(key) is not True:
            raise UnsupportedModel(
                f"config.json has a decoder with {key} {quote(values.get(key))}; beside an "
                "encoder attnviz implements true"
            )


def join(
    config: Config, encoder: tuple[ModelSpec, Names], decoder: tuple[ModelSpec, Names], base: str
) -> tuple[ModelSpec, Names]:
    """One model of two; ``base`` is the decoder's prefix, which the encoder does without.

    Where the encoder is of another width than the decoder, its states are projected.
    """
    (first, its_names), (second, names) = encoder, decoder
    if first.encoder is None or second.decoder is None:
        raise config.bad("encoder", "decoder", "an encoder and a decoder, in this order,")
    joined = _named(its_names, "encoder", "") | _named(names, "decoder", base)
    stack = _as_wide(first.encoder, second.decoder.d_model)
    if stack.project_out:
        apart = Stored("enc_to_dec_proj", base=False)
        joined |= expand("encoder", {"project_out": apart})
    return ModelSpec(stack, second.decoder, second.head), joined


def _as_wide(stack: StackSpec, width: int) -> StackSpec:
    return stack if stack.d_model == width else replace(stack, project_out=width)


def _named(names: Names, side: str, base: str) -> Names:
    """Names of one model as they are inside the whole: those of its base have the prefix too."""
    prefixes = {True: f"{side}.{base}." if base else f"{side}.", False: f"{side}."}
    return {
        ours: replace(
            its,
            name=prefixes[its.base] + its.name,
            also=tuple(
                prefix + name for name in its.also for prefix in dict.fromkeys(prefixes.values())
            ),
            base=False,
        )
        for ours, its in names.items()
    }
