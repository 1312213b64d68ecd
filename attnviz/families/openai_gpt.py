"""The first GPT (Radford et al. 2018): learned positions, norms behind its sublayers."""

from __future__ import annotations

from dataclasses import replace

from attnviz.core.spec import MLPSpec, ModelSpec
from attnviz.families import gpt2
from attnviz.families.config import Config
from attnviz.families.names import QKV, Module, Names, Stored, expand, vocabulary

BASE = gpt2.BASE
ALIASES = gpt2.ALIASES
DEFAULTS = {**gpt2.DEFAULTS, "vocab_size": 40478, "n_positions": 512, "afn": "gelu"}
ACTIVATIONS = {"gelu": "gelu_new", "relu": "relu", "silu": "silu", "swish": "silu"}
LAYER: dict[str, Module] = {
    "attention.norm_after": "h.{i}.ln_1",
    "attention.output": Stored("h.{i}.attn.c_proj", transposed=True),
    "mlp.norm_after": "h.{i}.ln_2",
    "mlp.up": Stored("h.{i}.mlp.c_fc", transposed=True),
    "mlp.down": Stored("h.{i}.mlp.c_proj", transposed=True),
}


def spec(config: Config) -> ModelSpec:
    """A GPT decoder, whose gelu is the one of GPT-2."""
    config.refuse_unless({"scale_attn_weights": True, "scale_attn_by_inverse_layer_idx": False})
    found, act = gpt2.spec(config), config.text("afn")
    if act not in ACTIVATIONS:
        raise config.unsupported("afn", act, ", ".join(ACTIVATIONS))
    if found.decoder is None:
        return found
    mlp = MLPSpec(4 * found.decoder.d_model, ACTIVATIONS[act])
    layers = tuple(replace(layer, mlp=mlp, norms=("after",)) for layer in found.decoder.layers)
    return replace(found, decoder=replace(found.decoder, layers=layers, norm=None))


def tensors(config: Config) -> Names:
    """Where a GPT checkpoint keeps its tensors."""
    qkv = gpt2.parts("h.{i}.attn.c_attn", QKV, config.whole("n_embd"))
    return (
        vocabulary("decoder", "tokens_embed", "lm_head", tied=config.tied())
        | expand("decoder", {"position": "positions_embed"}, bias=False)
        | expand("decoder", LAYER | qkv, layers=config.depth("n_layer"))
    )
