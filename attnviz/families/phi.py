"""Phi and Phi-2 (Gunasekar et al. 2023): partial rotary positions, attention beside the MLP."""

from __future__ import annotations

from dataclasses import replace

from attnviz.core.spec import LayerSpec, MLPSpec, ModelSpec, NormSpec
from attnviz.families import llama
from attnviz.families.config import Config
from attnviz.families.names import Names
from attnviz.families.rope import rotary

BASE = "model"
DEFAULTS = {
    **llama.DEFAULTS,
    "vocab_size": 51200,
    "hidden_size": 2048,
    "intermediate_size": 8192,
    "num_hidden_layers": 24,
    "hidden_act": "gelu_new",
    "layer_norm_eps": 1e-5,
    "partial_rotary_factor": 0.5,
    "qk_layernorm": False,
}

MODULES = {
    "attention.output": "layers.{i}.self_attn.dense",
    "mlp.norm_before": None,
    "mlp.gate": None,
    "mlp.up": "layers.{i}.mlp.fc1",
    "mlp.activation": "layers.{i}.mlp.activation_fn",
    "mlp.down": "layers.{i}.mlp.fc2",
}
NORMS = {
    "attention.query_norm": "layers.{i}.self_attn.q_layernorm",
    "attention.key_norm": "layers.{i}.self_attn.k_layernorm",
}


def spec(config: Config) -> ModelSpec:
    """A Phi decoder; attention and MLP share one norm."""
    norm, d_head = NormSpec("layer", config.number("layer_norm_eps")), config.grouped_heads()[2]
    attention = llama.attention(
        config,
        rotary=rotary(config, d_head, partial="partial_rotary_factor"),
        qk_norm=norm if config.flag("qk_layernorm") else None,
    )
    mlp = MLPSpec(config.whole("intermediate_size"), config.activation("hidden_act"))
    layer = LayerSpec(attention, mlp, norm, ("before",), parallel=True, mlp_norm=False)
    found = llama.decoder(config, layer)
    return replace(found, head=found.head and replace(found.head, bias=True))


def tensors(config: Config) -> Names:
    """Where a Phi checkpoint keeps its tensors; everything has a bias."""
    changes = MODULES | (NORMS if config.flag("qk_layernorm") else {})
    bias = {*llama.LAYER, *changes, "norm"}
    return llama.names(
        config, bias=bias, changes=changes, final_norm="final_layernorm", head_bias=True
    )
