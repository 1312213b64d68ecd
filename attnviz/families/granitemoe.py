"""Granite MoE (IBM 2024): Granite with experts, all of a layer's in one tensor."""

from __future__ import annotations

from attnviz.core.spec import Experts, ModelSpec
from attnviz.families import experts, granite, llama, mixtral
from attnviz.families.config import Config
from attnviz.families.names import Names, Part, Stored, expand

BASE = llama.BASE
DEFAULTS = {**granite.DEFAULTS, "num_local_experts": 8, "num_experts_per_tok": 2}
MOE = "layers.{i}.block_sparse_moe"


def spec(config: Config) -> ModelSpec:
    """A Granite MoE decoder."""
    config.ignore(*experts.IDLE)
    layer, n = granite.layer(config), experts.number_of(config, "num_local_experts")
    mixture = Experts(n, experts.top(config, n))
    return granite.decoder(config, experts.with_experts(layer, layer.mlp.d_ff, mixture))


def tensors(config: Config) -> Names:
    """Where a Granite MoE checkpoint keeps its tensors."""
    config.refuse_unless({"mlp_bias": False})
    d_ff, n = config.whole("intermediate_size"), experts.number_of(config, "num_local_experts")
    found = llama.names(config, bias=llama.biases(config), changes=mixtral.NO_MLP)
    n_layers = config.depth("num_hidden_layers")
    found |= expand("decoder", {"mlp.router": f"{MOE}.router.layer"}, layers=n_layers, bias=False)
    for expert in range(n):
        both = Stored(f"{MOE}.input_linear", slots=n, slot=expert)
        modules = {
            "gate": _part(both, d_ff, 0),
            "up": _part(both, d_ff, 1),
            "down": Stored(f"{MOE}.output_linear", slots=n, slot=expert),
        }
        every = {f"mlp.expert.{expert}.{ours}": its for ours, its in modules.items()}
        found |= expand("decoder", every, layers=n_layers, bias=False)
    return found


def _part(both: Stored, d_ff: int, index: int) -> Stored:
    return Stored(both.name, slots=both.slots, slot=both.slot, part=Part(1, (d_ff, d_ff), index))
