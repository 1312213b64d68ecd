"""Mixtral (Jiang et al. 2024): Mistral whose tokens each go to two of eight MLPs."""

from __future__ import annotations

from attnviz.core.spec import Experts, ModelSpec
from attnviz.families import experts, llama, mistral
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = llama.BASE
ALIASES = {"num_experts": "num_local_experts"}
DEFAULTS = {
    **mistral.DEFAULTS,
    "rms_norm_eps": 1e-5,
    "rope_theta": 1000000.0,
    "sliding_window": None,
    "num_experts_per_tok": 2,
    "num_local_experts": 8,
}
NO_MLP = {"mlp.gate": None, "mlp.up": None, "mlp.down": None, "mlp.activation": None}
EXPERT = {
    "gate": "layers.{i}.block_sparse_moe.experts.{e}.w1",
    "up": "layers.{i}.block_sparse_moe.experts.{e}.w3",
    "down": "layers.{i}.block_sparse_moe.experts.{e}.w2",
}


def spec(config: Config) -> ModelSpec:
    """A Mixtral decoder."""
    config.ignore(*experts.IDLE)
    back = llama.windows(config, ["sliding_attention"])[0]
    n = experts.number_of(config, "num_local_experts")
    mixture = Experts(n, experts.top(config, n))
    layer = llama.layer(config, llama.attention(config, back=back))
    return llama.decoder(config, experts.with_experts(layer, layer.mlp.d_ff, mixture))


def tensors(config: Config) -> Names:
    """Where a Mixtral checkpoint keeps its tensors; it has no biases."""
    config.refuse_unless({"attention_bias": False, "mlp_bias": False})
    n = experts.number_of(config, "num_local_experts")
    layers = range(config.depth("num_hidden_layers"))
    router = "layers.{i}.block_sparse_moe.gate"
    return llama.names(config, changes=NO_MLP) | experts.expert_names(
        "decoder", layers, EXPERT, n, router=router
    )
