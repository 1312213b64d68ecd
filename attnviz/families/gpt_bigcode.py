"""GPT-BigCode (Ben Allal et al. 2023): GPT-2 whose heads share keys, over programs."""

from __future__ import annotations

from dataclasses import replace

from attnviz.core.spec import ModelSpec
from attnviz.families import gpt2
from attnviz.families.config import Config
from attnviz.families.names import QKV, Module, Names, expand, fused, vocabulary

BASE = gpt2.BASE
ALIASES = gpt2.ALIASES
DEFAULTS = {**gpt2.DEFAULTS, "activation_function": "gelu_pytorch_tanh", "multi_query": True}
LAYER: dict[str, Module] = {
    "attention.norm_before": "h.{i}.ln_1",
    "attention.output": "h.{i}.attn.c_proj",
    "mlp.norm_before": "h.{i}.ln_2",
    "mlp.up": "h.{i}.mlp.c_fc",
    "mlp.activation": "h.{i}.mlp.act",
    "mlp.down": "h.{i}.mlp.c_proj",
}
IDLE = (
    "attention_softmax_in_fp32", "inference_runner", "max_batch_size", "max_sequence_length",
    "pad_key_length", "pre_allocate_kv_cache", "scale_attention_softmax_in_fp32",
    "validate_runner_input",
)  # fmt: skip


def spec(config: Config) -> ModelSpec:
    """A GPT-BigCode decoder."""
    config.refuse_unless({"scale_attn_by_inverse_layer_idx": False})
    config.ignore(*IDLE)
    found, n_kv_heads = (
        gpt2.spec(config),
        1 if config.flag("multi_query") else config.whole("n_head"),
    )
    if found.decoder is None:
        return found
    layers = tuple(
        replace(layer, attention=replace(layer.attention, n_kv_heads=n_kv_heads))
        for layer in found.decoder.layers
    )
    return replace(found, decoder=replace(found.decoder, layers=layers))


def tensors(config: Config) -> Names:
    """Where a GPT-BigCode checkpoint keeps its tensors."""
    d_model, d_head = config.split("n_embd", "n_head")
    part = (config.whole("n_head"), (d_head,) * 3)
    if config.flag("multi_query"):
        part = (1, (d_model, d_head, d_head))
    layer = LAYER | fused("h.{i}.attn.c_attn", QKV, part)
    return (
        vocabulary("decoder", "wte", "lm_head", tied=config.tied())
        | expand("decoder", {"position": "wpe"}, bias=False)
        | expand("decoder", {"norm": "ln_f"})
        | expand("decoder", layer, layers=config.depth("n_layer"))
    )
