"""Mixtures of experts in a config, and where a checkpoint keeps them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from attnviz.core.spec import Experts, LayerSpec
from attnviz.families.config import Config
from attnviz.families.names import Names, Stored, expand

IDLE = ("output_router_logits", "router_aux_loss_coef", "router_jitter_noise")
"""What counts in training alone."""

MOST = 1 << 17
"""Experts in all layers together; those of DeepSeek-V3 are 14,848."""


def number_of(config: Config, key: str) -> int:
    """How many experts each layer has."""
    return config.whole(key, most=MOST // config.depth("num_hidden_layers"))


def with_experts(layer: LayerSpec, d_ff: int, experts: Experts) -> LayerSpec:
    """The layer with experts of this size in the place of its MLP."""
    return replace(layer, mlp=replace(layer.mlp, d_ff=d_ff, experts=experts))


def top(config: Config, n: int, key: str = "num_experts_per_tok") -> int:
    """How many experts each token goes to."""
    return config.whole(key, most=n)


def qwen(config: Config, *, shared: bool) -> Experts:
    """Qwen's experts: a softmax, whose best are made to sum to 1 or not, and a gated shared one."""
    n = number_of(config, "num_experts")
    d_shared = config.whole("shared_expert_intermediate_size") if shared else 0
    return Experts(
        n,
        top(config, n),
        normed=config.flag("norm_topk_prob"),
        d_shared=d_shared,
        shared_gate=shared,
    )


def sparse_layers(config: Config) -> list[bool]:
    """Which of Qwen's layers have experts: every so many-th, but for those that are listed."""
    every, dense = config.whole("decoder_sparse_step"), config.get("mlp_only_layers") or []
    n_layers = config.depth("num_hidden_layers")
    if not isinstance(dense, list) or not all(isinstance(layer, int) for layer in dense):
        raise config.bad("mlp_only_layers", dense, "a list of layers")
    return [i not in dense and (i + 1) % every == 0 for i in range(n_layers)]


def deepseek(config: Config) -> Experts:
    """DeepSeek-V3's experts: sigmoids, corrected for the choice, in groups."""
    n = number_of(config, "n_routed_experts")
    d_shared = config.whole("moe_intermediate_size") * config.whole("n_shared_experts", least=0)
    return Experts(
        n,
        top(config, n),
        score="sigmoid",
        normed=config.flag("norm_topk_prob"),
        scale=config.number("routed_scaling_factor"),
        correction=True,
        groups=groups(config, n, best=2),
        d_shared=d_shared,
    )


def groups(config: Config, n: int, *, best: int) -> tuple[int, int, int] | None:
    """Into how many groups the experts fall, and to how many of them a token goes."""
    n_groups = config.whole("n_group", 1)
    if n % n_groups or n // n_groups < best:
        raise config.bad("n_group", n_groups, f"groups of {best} or more of {n} experts")
    chosen = config.whole("topk_group", 1, most=n_groups)
    return None if chosen == n_groups else (n_groups, chosen, best)


def expert_names(
    stack: str,
    layers: Collection[int],
    modules: dict[str, str],
    n: int,
    *,
    router: str,
    shared: dict[str, str] | None = None,
) -> Names:
    """Names in these layers of the router and of every expert, {e} in its modules' names."""
    found: Names = {}
    for number in layers:
        prefix = f"{stack}.{number}"
        whole = {"mlp.router": router, **(shared or {})}
        found |= expand(
            prefix,
            {ours: its.replace("{i}", str(number)) for ours, its in whole.items()},
            bias=False,
        )
        for expert in range(n):
            every = {
                f"mlp.expert.{expert}.{ours}": Stored(
                    its.replace("{i}", str(number)).replace("{e}", str(expert))
                )
                for ours, its in modules.items()
            }
            found |= expand(prefix, every, bias=False)
    return found
