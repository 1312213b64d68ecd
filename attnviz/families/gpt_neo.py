"""GPT-Neo (Black et al. 2021): GPT-2 with local layers and unscaled scores."""

from __future__ import annotations

from typing import Any

from attnviz.core.spec import (
    AttentionSpec,
    EmbeddingSpec,
    HeadSpec,
    LayerSpec,
    MLPSpec,
    ModelSpec,
    NormSpec,
    PositionSpec,
    StackSpec,
)
from attnviz.families.config import Config
from attnviz.families.names import Names, expand, vocabulary

BASE = "transformer"
ALIASES = {"num_attention_heads": "num_heads", "num_hidden_layers": "num_layers"}
DEFAULTS = {
    "vocab_size": 50257,
    "max_position_embeddings": 2048,
    "hidden_size": 2048,
    "num_layers": 24,
    "num_heads": 16,
    "attention_types": [[["global", "local"], 12]],
    "window_size": 256,
    "activation_function": "gelu_new",
    "layer_norm_epsilon": 1e-5,
}

LAYER = {
    "attention.norm_before": "h.{i}.ln_1",
    "attention.query": "h.{i}.attn.attention.q_proj",
    "attention.key": "h.{i}.attn.attention.k_proj",
    "attention.value": "h.{i}.attn.attention.v_proj",
    "attention.output": "h.{i}.attn.attention.out_proj",
    "mlp.norm_before": "h.{i}.ln_2",
    "mlp.up": "h.{i}.mlp.c_fc",
    "mlp.activation": "h.{i}.mlp.act",
    "mlp.down": "h.{i}.mlp.c_proj",
}


def spec(config: Config) -> ModelSpec:
    """A GPT-Neo decoder; local layers see window_size tokens back."""
    config.refuse_unless({"is_causal": True})
    d_model, d_head = config.split("hidden_size", "num_heads")
    n_heads, size = config.whole("num_heads"), config.whole("max_position_embeddings")
    norm = NormSpec("layer", config.number("layer_norm_epsilon"))
    mlp = MLPSpec(
        config.whole("intermediate_size", 4 * d_model), config.activation("activation_function")
    )
    window = config.whole("window_size") - 1
    layers = tuple(
        LayerSpec(
            AttentionSpec(
                n_heads, n_heads, d_head, 1.0, left=window if kind == "local" else None, right=0
            ),
            mlp,
            norm,
            norms=("before",),
        )
        for kind in _attention_layers(config)
    )
    vocab_size = config.whole("vocab_size")
    embedding = EmbeddingSpec(vocab_size, d_model, positions=PositionSpec("learned", size))
    stack = StackSpec("decoder", d_model, embedding, layers, norm, max_positions=size)
    return ModelSpec(decoder=stack, head=HeadSpec(vocab_size))


def _attention_layers(config: Config) -> list[str]:
    """ "global" or "local" for each layer: as listed, or from [[[kinds], times], …]."""
    n_layers, types = config.depth("num_layers"), config.get("attention_types")
    key = "attention_layers" if config.has("attention_layers") else "attention_types"
    kinds: Any = config.get("attention_layers") or []
    if key == "attention_types":
        try:
            for pattern, times in types:
                kinds += list(pattern) * min(times, n_layers + 1)
        except (TypeError, ValueError) as error:
            raise config.bad(key, types, "a list of [kinds, times]") from error
    known = isinstance(kinds, list) and all(kind in ("global", "local") for kind in kinds)
    if not known or len(kinds) != n_layers:
        raise config.bad(key, config.get(key), f"global or local for each of {n_layers} layers")
    return [str(kind) for kind in kinds]


def tensors(config: Config) -> Names:
    """Where a GPT-Neo checkpoint keeps its tensors; only the output projection has a bias."""
    bias = LAYER.keys() - {"attention.query", "attention.key", "attention.value"}
    return (
        vocabulary("decoder", "wte", "lm_head", tied=config.tied())
        | expand("decoder", {"position": "wpe"}, bias=False)
        | expand("decoder", {"norm": "ln_f"})
        | expand("decoder", LAYER, layers=config.depth("num_layers"), bias=bias)
    )
