"""Cohere (Cohere For AI 2024): Llama with attention beside the MLP and layer norms without bias."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from attnviz.core.spec import AttentionSpec, HeadSpec, ModelSpec, NormSpec
from attnviz.families import llama, qwen3
from attnviz.families.config import Config
from attnviz.families.names import Names
from attnviz.families.rope import rotary

BASE = llama.BASE
DEFAULTS = {
    **llama.DEFAULTS,
    "vocab_size": 256000,
    "hidden_size": 8192,
    "intermediate_size": 22528,
    "num_hidden_layers": 40,
    "num_attention_heads": 64,
    "max_position_embeddings": 8192,
    "layer_norm_eps": 1e-5,
    "logit_scale": 0.0625,
    "rope_theta": 500000.0,
    "tie_word_embeddings": True,
    "use_qk_norm": False,
}


def spec(config: Config) -> ModelSpec:
    """A Cohere decoder."""
    normed: dict[str, Any] = {}
    if config.flag("use_qk_norm"):
        normed = {"qk_norm": norm(config), "qk_norm_over": "heads"}
    return decoder(config, attention(config, turned=True, **normed))


def norm(config: Config) -> NormSpec:
    """The layer norm of a config."""
    return NormSpec("layer", config.number("layer_norm_eps"))


def attention(config: Config, *, turned: bool, **changes: Any) -> AttentionSpec:
    """Attention whose rotary positions, where it is ``turned``, pair neighbouring dimensions."""
    rotation = replace(rotary(config, config.grouped_heads()[2]), interleaved=True)
    return llama.attention(config, rotary=rotation if turned else None, **changes)


def decoder(config: Config, *attentions: AttentionSpec) -> ModelSpec:
    """A decoder whose attention and MLP share one norm and are added together."""
    config.ignore("rms_norm_eps")
    changes: dict[str, Any] = {"norm": norm(config), "parallel": True, "mlp_norm": False}
    layers = [llama.layer(config, each, **changes) for each in attentions]
    found = llama.decoder(config, *layers)
    head = HeadSpec(config.whole("vocab_size"), scale=config.number("logit_scale"))
    return replace(found, head=head)


def tensors(config: Config) -> Names:
    """Where a Cohere checkpoint keeps its tensors."""
    config.refuse_unless({"mlp_bias": False})
    norms = qwen3.NORMS if config.flag("use_qk_norm") else {}
    changes = {**norms, "mlp.norm_before": None}
    return llama.names(config, bias=llama.biases(config), changes=changes)
