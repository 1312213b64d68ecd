"""GPT-OSS (OpenAI 2025): Llama with experts, windows in turn and sinks that take weight."""

from __future__ import annotations

from dataclasses import replace

from attnviz.core.spec import Experts, ModelSpec
from attnviz.families import experts, gemma2, llama, mixtral
from attnviz.families.config import Config
from attnviz.families.names import Names, Part, Stored, expand

BASE = llama.BASE
ALIASES = {"num_experts": "num_local_experts"}
DEFAULTS = {
    **llama.DEFAULTS,
    "vocab_size": 201088,
    "hidden_size": 2880,
    "intermediate_size": 2880,
    "num_hidden_layers": 36,
    "num_attention_heads": 64,
    "num_key_value_heads": 8,
    "head_dim": 64,
    "max_position_embeddings": 131072,
    "rms_norm_eps": 1e-5,
    "rope_theta": 150000.0,
    "rope_parameters": {
        "rope_type": "yarn",
        "factor": 32.0,
        "beta_fast": 32.0,
        "beta_slow": 1.0,
        "truncate": False,
        "original_max_position_embeddings": 4096,
    },
    "sliding_window": 128,
    "num_local_experts": 128,
    "num_experts_per_tok": 4,
    "swiglu_alpha": 1.702,
    "swiglu_limit": 7.0,
    "attention_bias": True,
}


def spec(config: Config) -> ModelSpec:
    """A GPT-OSS decoder; every second layer sees everything."""
    config.ignore(*experts.IDLE, "hidden_act", "experts_per_token", "initial_context_length")
    config.refuse_unless({"swiglu_alpha": 1.702})
    n = experts.number_of(config, "num_local_experts")
    mixture = Experts(n, experts.top(config, n))
    types = config.layer_types(gemma2.alternating(config, 2), llama.LAYER_TYPES)
    layers = []
    for back in llama.windows(config, types):
        layer = llama.layer(config, llama.attention(config, back=back, sinks=True))
        mlp = replace(layer.mlp, activation="quick_gelu", limit=config.number("swiglu_limit"))
        layers.append(experts.with_experts(replace(layer, mlp=mlp), mlp.d_ff, mixture))
    return llama.decoder(config, *layers)


def tensors(config: Config) -> Names:
    """Where a GPT-OSS checkpoint keeps its tensors: all experts of a layer in one, (in, out)."""
    config.refuse_unless({"mlp_bias": False})
    n_layers, n = config.depth("num_hidden_layers"), experts.number_of(config, "num_local_experts")
    found = llama.names(config, bias=llama.biases(config), changes=mixtral.NO_MLP)
    found |= expand("decoder", {"mlp.router": "layers.{i}.mlp.router"}, layers=n_layers)
    for layer in range(n_layers):
        found[f"decoder.{layer}.attention.sinks"] = Stored(f"layers.{layer}.self_attn.sinks")
        for expert in range(n):
            found |= _expert(config, layer, expert)
    return found


def _expert(config: Config, layer: int, expert: int) -> Names:
    """One expert, whose gate and up take turns in their tensor."""
    prefix, theirs = f"decoder.{layer}.mlp.expert.{expert}", f"layers.{layer}.mlp.experts"
    n, d_ff = experts.number_of(config, "num_local_experts"), config.whole("intermediate_size")
    found: Names = {}
    for kind, end in (("weight", ""), ("bias", "_bias")):
        turned = kind == "weight"
        for index, ours in enumerate(("gate", "up")):
            part, name = Part(d_ff, (1, 1), index), f"{theirs}.gate_up_proj{end}"
            found[f"{prefix}.{ours}.{kind}"] = Stored(name, turned, part, slots=n, slot=expert)
        found[f"{prefix}.down.{kind}"] = Stored(
            f"{theirs}.down_proj{end}", turned, slots=n, slot=expert
        )
    return found
