"""StarCoder2 (Lozhkov et al. 2024): Llama with layer norms, biases and a plain MLP."""

from __future__ import annotations

from attnviz.core.spec import MLPSpec, ModelSpec, NormSpec
from attnviz.families import llama
from attnviz.families.config import Config
from attnviz.families.names import QKV, Names

BASE = llama.BASE
DEFAULTS = {
    **llama.DEFAULTS,
    "vocab_size": 49152,
    "hidden_size": 3072,
    "intermediate_size": 12288,
    "num_hidden_layers": 30,
    "num_attention_heads": 24,
    "num_key_value_heads": 2,
    "hidden_act": "gelu_pytorch_tanh",
    "max_position_embeddings": 4096,
    "norm_epsilon": 1e-5,
    "use_bias": True,
    "tie_word_embeddings": True,
}
NORMS = {"norm", "attention.norm_before", "mlp.norm_before"}
MLP = {
    "mlp.gate": None,
    "mlp.up": "layers.{i}.mlp.c_fc",
    "mlp.activation": "layers.{i}.mlp.act",
    "mlp.down": "layers.{i}.mlp.c_proj",
}


def spec(config: Config) -> ModelSpec:
    """A StarCoder2 decoder, with one window for all layers or none."""
    config.ignore("rms_norm_eps", "layer_norm_eps")
    config.refuse_unless({"mlp_type": "default", "norm_type": "layer_norm"})
    norm = NormSpec("layer", config.number("norm_epsilon"))
    mlp = MLPSpec(config.whole("intermediate_size"), config.activation("hidden_act"))
    back = llama.windows(config, ["sliding_attention"])[0]
    layer = llama.layer(config, llama.attention(config, back=back), mlp=mlp, norm=norm)
    return llama.decoder(config, layer)


def tensors(config: Config) -> Names:
    """Where a StarCoder2 checkpoint keeps its tensors."""
    biased = {*QKV, "attention.output", "mlp.up", "mlp.down"} if config.flag("use_bias") else set()
    return llama.names(config, bias=NORMS | biased, changes=MLP)
