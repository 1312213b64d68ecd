"""DeepSeek-V2 (DeepSeek-AI 2024): latent attention and experts, chosen by a softmax."""

from __future__ import annotations

from attnviz.core.spec import Experts, ModelSpec
from attnviz.families import deepseek_v3, experts, llama
from attnviz.families.config import Config
from attnviz.families.names import Names

BASE = llama.BASE
ALIASES = {"num_experts": "n_routed_experts"}
DEFAULTS = {
    **llama.DEFAULTS,
    "vocab_size": 102400,
    "first_k_dense_replace": 0,
    "kv_lora_rank": 512,
    "q_lora_rank": 1536,
    "n_routed_experts": 64,
    "n_shared_experts": 2,
    "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64,
    "v_head_dim": 128,
    "routed_scaling_factor": 1.0,
    "topk_method": "greedy",
    "moe_intermediate_size": 1407,
}


def spec(config: Config) -> ModelSpec:
    """A DeepSeek-V2 decoder."""
    config.refuse_unless({"scoring_func": "softmax", "moe_layer_freq": 1})
    config.ignore("norm_topk_prob")  # which transformers does not obey
    attention = deepseek_v3.attention(config, interleaved=True)
    return deepseek_v3.decoder(config, attention, _experts(config))


def _experts(config: Config) -> Experts:
    method, n = config.text("topk_method"), experts.number_of(config, "n_routed_experts")
    known = ("greedy", "group_limited_greedy")
    if method not in known:
        raise config.unsupported("topk_method", method, " and ".join(known))
    config.ignore("n_group", "topk_group")
    return Experts(
        n,
        experts.top(config, n),
        normed=False,
        scale=config.number("routed_scaling_factor"),
        groups=experts.groups(config, n, best=1) if method == known[1] else None,
        d_shared=config.whole("moe_intermediate_size") * config.whole("n_shared_experts", least=0),
    )


def tensors(config: Config) -> Names:
    """Where a DeepSeek-V2 checkpoint keeps its tensors."""
    return deepseek_v3.names(config, correction=False)
