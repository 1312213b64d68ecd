"""Hunyuan (Tencent 2025): Llama whose queries and keys are normed behind their rotation."""

from __future__ import annotations

from attnviz.core.spec import ModelSpec, Rotary
from attnviz.families import llama
from attnviz.families.config import Config
from attnviz.families.names import Names
from attnviz.families.rope import even, rotary

BASE = llama.BASE
DEFAULTS = {**llama.DEFAULTS, "vocab_size": 290943, "rms_norm_eps": 1e-5}
NORMS = {
    "attention.query_norm": "layers.{i}.self_attn.query_layernorm",
    "attention.key_norm": "layers.{i}.self_attn.key_layernorm",
}


def spec(config: Config) -> ModelSpec:
    """A Hunyuan decoder."""
    config.ignore("eod_token_id", "use_qk_norm", "use_cla", "cla_share_factor")
    rotation = _rotation(config, config.grouped_heads()[2])
    normed = llama.attention(config, rotary=rotation, qk_norm=llama.rms(config), norm_turned=True)
    return llama.decoder(config, llama.layer(config, normed))


def _rotation(config: Config, d_head: int) -> Rotary:
    """Rotary positions; an alpha of "dynamic" ones stretches their base, once for all."""
    values = config.get("rope_scaling") or config.get("rope_parameters") or {}
    kinds = [values.get(key) for key in ("rope_type", "type")] if isinstance(values, dict) else []
    if "dynamic" not in kinds or not values.get("alpha"):
        return rotary(config, d_head)
    said = Config(values, config.model_type)
    theta = said.number("rope_theta", config.number("rope_theta", 10000.0))
    if d_head <= 2:
        raise config.bad("head_dim", d_head, "more than 2 dimensions, which alpha needs,")
    return Rotary(even(d_head), theta * said.number("alpha") ** (d_head / (d_head - 2)))


def tensors(config: Config) -> Names:
    """Where a Hunyuan checkpoint keeps its tensors."""
    config.refuse_unless({"mlp_bias": False})
    return llama.names(config, bias=llama.biases(config), changes=NORMS)
