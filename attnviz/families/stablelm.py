"""StableLM (Bellagente et al. 2024): Llama with layer norms and partial rotary positions."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec, NormSpec
from attnviz.families import llama
from attnviz.families.config import Config
from attnviz.families.names import QKV, Module, Names, Stored
from attnviz.families.rope import rotary

BASE = "model"
DEFAULTS = {
    **llama.DEFAULTS,
    "vocab_size": 50304,
    "intermediate_size": 6912,
    "hidden_size": 2560,
    "num_key_value_heads": 32,
    "max_position_embeddings": 4096,
    "layer_norm_eps": 1e-5,
    "partial_rotary_factor": 0.25,
    "use_qkv_bias": False,
    "qk_layernorm": False,
    "use_parallel_residual": False,
}

NORMS = {
    "attention.query_norm": "layers.{i}.self_attn.q_layernorm.norms.{n}",
    "attention.key_norm": "layers.{i}.self_attn.k_layernorm.norms.{n}",
}


def spec(config: Config) -> ModelSpec:
    """A StableLM decoder; with use_parallel_residual, attention and MLP share one norm."""
    norm, parallel = (
        NormSpec("layer", config.number("layer_norm_eps")),
        config.flag("use_parallel_residual"),
    )
    d_head = config.split("hidden_size", "num_attention_heads")[1]
    config.refuse_unless({"head_dim": d_head})
    config.ignore("rms_norm_eps")
    attention = llama.attention(
        config,
        rotary=rotary(config, d_head, partial="partial_rotary_factor"),
        qk_norm=norm if config.flag("qk_layernorm") else None,
        qk_norm_over="heads",
    )
    layer = llama.layer(config, attention, norm=norm, parallel=parallel, mlp_norm=not parallel)
    return llama.decoder(config, layer)


def tensors(config: Config) -> Names:
    """Where a StableLM checkpoint keeps its tensors; each head's norms are tensors of their own."""
    config.refuse_unless({"attention_bias": False, "mlp_bias": False})
    n_heads, n_kv_heads, _ = config.grouped_heads()
    changes: dict[str, Module | None] = {}
    if config.flag("use_parallel_residual"):
        changes["mlp.norm_before"] = None
    if config.flag("qk_layernorm"):
        for (ours, theirs), count in zip(NORMS.items(), (n_heads, n_kv_heads), strict=True):
            changes[ours] = Stored(theirs, stacked=count)
    bias = {"attention.norm_before", "mlp.norm_before", "norm"}
    if config.flag("use_qkv_bias"):
        bias |= set(QKV)
    return llama.names(config, bias=bias, changes=changes)
