"""Qwen2 MoE (Yang et al. 2024): Qwen2 with experts, of which one that all tokens share."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec
from attnviz.families import experts, llama, qwen2
from attnviz.families.config import Config
from attnviz.families.names import QKV, Names

BASE = llama.BASE
DEFAULTS = {
    **qwen2.DEFAULTS,
    "hidden_size": 2048,
    "intermediate_size": 5632,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "num_key_value_heads": 16,
    "decoder_sparse_step": 1,
    "moe_intermediate_size": 1408,
    "shared_expert_intermediate_size": 5632,
    "num_experts_per_tok": 4,
    "num_experts": 60,
    "norm_topk_prob": False,
    "qkv_bias": True,
}
EXPERT = {
    "gate": "layers.{i}.mlp.experts.{e}.gate_proj",
    "up": "layers.{i}.mlp.experts.{e}.up_proj",
    "down": "layers.{i}.mlp.experts.{e}.down_proj",
}
SHARED = {
    "mlp.gate": "layers.{i}.mlp.shared_expert.gate_proj",
    "mlp.up": "layers.{i}.mlp.shared_expert.up_proj",
    "mlp.down": "layers.{i}.mlp.shared_expert.down_proj",
    "mlp.shared_gate": "layers.{i}.mlp.shared_expert_gate",
}


def spec(config: Config) -> ModelSpec:
    """A Qwen2 MoE decoder; some of its layers may have no experts."""
    config.ignore(*experts.IDLE)
    mixture, d_ff = experts.qwen(config, shared=True), config.whole("moe_intermediate_size")
    layers = [llama.layer(config, llama.attention(config, back=back)) for back in _windows(config)]
    return llama.decoder(
        config,
        *(
            experts.with_experts(layer, d_ff, mixture) if sparse else layer
            for layer, sparse in zip(layers, experts.sparse_layers(config), strict=True)
        ),
    )


def _windows(config: Config) -> list[int | None]:
    """Windows on every second of the first max_window_layers, where use_sliding_window is on."""
    first, on = config.whole("max_window_layers", least=0), config.flag("use_sliding_window")
    n_layers = config.depth("num_hidden_layers")
    default = [llama.LAYER_TYPES[i % 2 == 0 and i < first and on] for i in range(n_layers)]
    types = config.layer_types(default, llama.LAYER_TYPES)
    return llama.windows(config, types if on else [llama.LAYER_TYPES[0]] * n_layers)


def tensors(config: Config) -> Names:
    """Where a Qwen2 MoE checkpoint keeps its tensors."""
    config.refuse_unless({"attention_bias": None, "mlp_bias": False})
    return names(config, bias=QKV if config.flag("qkv_bias") else (), shared=SHARED)


def names(
    config: Config,
    *,
    bias: tuple[str, ...] | set[str],
    shared: dict[str, str] | None = None,
    changes: dict[str, str] | None = None,
) -> Names:
    """Llama's names with Qwen's experts in the layers that have some."""
    sparse = [i for i, is_sparse in enumerate(experts.sparse_layers(config)) if is_sparse]
    found = llama.names(config, bias=bias, changes=changes)
    dense = {f"decoder.{i}.mlp.{part}" for i in sparse for part in ("gate", "up", "down")}
    kept = {ours: its for ours, its in found.items() if ours.rpartition(".")[0] not in dense}
    n, router = experts.number_of(config, "num_experts"), "layers.{i}.mlp.gate"
    return kept | experts.expert_names("decoder", sparse, EXPERT, n, router=router, shared=shared)
