"""DeBERTa-v2 and -v3 (He et al. 2021): BERT with disentangled attention between positions."""

from __future__ import annotations

from dataclasses import replace

from attnviz.core.spec import (
    Convolution,
    Disentangled,
    ModelSpec,
    NormSpec,
    PositionSpec,
    Projected,
)
from attnviz.families import bert
from attnviz.families.config import Config
from attnviz.families.names import Names, expand

BASE = "deberta"
DEFAULTS = {
    **bert.DEFAULTS,
    "vocab_size": 128100,
    "hidden_size": 1536,
    "num_hidden_layers": 24,
    "num_attention_heads": 24,
    "intermediate_size": 6144,
    "type_vocab_size": 0,
    "layer_norm_eps": 1e-7,
    "relative_attention": False,
    "max_relative_positions": -1,
    "position_buckets": -1,
    "position_biased_input": True,
    "share_att_key": False,
    "norm_rel_ebd": "none",
    "conv_kernel_size": 0,
}

LAYER = {
    **bert.LAYER,
    "attention.query": "encoder.layer.{i}.attention.self.query_proj",
    "attention.key": "encoder.layer.{i}.attention.self.key_proj",
    "attention.value": "encoder.layer.{i}.attention.self.value_proj",
}
POSITIONS = {
    "c2p": ("attention.position_key", "encoder.layer.{i}.attention.self.pos_key_proj"),
    "p2c": ("attention.position_query", "encoder.layer.{i}.attention.self.pos_query_proj"),
}


def spec(config: Config) -> ModelSpec:
    """A DeBERTa encoder."""
    size, d_model = config.whole("max_position_embeddings"), config.whole("hidden_size")
    config.ignore("legacy")  # which of two equal output heads is used
    config.refuse_unless({"attention_head_size": d_model // config.whole("num_attention_heads")})
    biased = config.flag("position_biased_input")
    d_embedding = config.whole("embedding_size", d_model)
    stack = bert.encoder(
        config,
        PositionSpec("learned", size) if biased else None,
        size if biased else None,
        d_embedding=d_embedding,
    )
    relative, both = _relative(config), kinds(config)
    layers = tuple(
        replace(
            layer,
            attention=replace(
                layer.attention,
                bias=relative,
                scale=(layer.attention.d_head * (1 + len(both))) ** -0.5,
            ),
        )
        for layer in stack.layers
    )
    project: Projected | None = "sum" if d_embedding != d_model else None
    embedding = replace(stack.embedding, project=project)
    return ModelSpec(
        encoder=replace(stack, embedding=embedding, layers=layers, convolution=_convolution(config))
    )


def tensors(config: Config) -> Names:
    """Where a DeBERTa checkpoint keeps its tensors."""
    relative = _relative(config)
    norms, layer = dict[str, str](), dict(LAYER)
    if relative:
        norms |= {"relative_norm": "encoder.LayerNorm"} if relative.norm else {}
        layer |= dict(POSITIONS[kind] for kind in kinds(config) if not relative.shared)
    if _convolution(config):
        norms |= {"convolution": "encoder.conv.conv", "convolution_norm": "encoder.conv.LayerNorm"}
    names = bert.names(config, head="cls.predictions.decoder", tables=tables(config), layer=layer)
    return names | expand("encoder", norms)


def tables(config: Config) -> dict[str, str]:
    """What there is beside the tokens: positions, types, a projection, relative embeddings."""
    found: dict[str, str] = {}
    if config.flag("position_biased_input"):
        found["position"] = bert.TABLES["position"]
    if config.whole("type_vocab_size", least=0):
        found["type"] = bert.TABLES["type"]
    if config.whole("embedding_size", config.whole("hidden_size")) != config.whole("hidden_size"):
        found["project"] = "embeddings.embed_proj"
    if config.flag("relative_attention"):
        found["relative"] = "encoder.rel_embeddings"
    return found


def kinds(config: Config) -> list[str]:
    """Which scores between contents and positions there are: c2p, p2c."""
    kinds = config.get("pos_att_type") or []
    if isinstance(kinds, str):
        kinds = [kind.strip() for kind in kinds.lower().split("|")]
    if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
        raise config.bad("pos_att_type", kinds, "a list of c2p and p2c")
    return [kind for kind in ("c2p", "p2c") if kind in kinds]


def _relative(config: Config) -> Disentangled | None:
    """The relative attention, if there is any."""
    buckets = config.whole("position_buckets", least=-1)
    if buckets == 1:
        raise config.bad("position_buckets", buckets, "2 buckets or more, or -1 for none,")
    furthest = config.whole("max_relative_positions", least=-1)
    size = config.whole("max_position_embeddings")
    furthest = size if furthest < 1 else furthest
    shared, normed = config.flag("share_att_key"), config.text("norm_rel_ebd").lower().split("|")
    if not config.flag("relative_attention"):
        return None
    norm = NormSpec("layer", config.number("layer_norm_eps"))
    return Disentangled(
        span=buckets if buckets > 0 else furthest,
        n_buckets=max(buckets, 0),
        max_distance=furthest,
        c2p="c2p" in kinds(config),
        p2c="p2c" in kinds(config),
        shared=shared,
        norm=norm if "layer_norm" in [part.strip() for part in normed] else None,
    )


def _convolution(config: Config) -> Convolution | None:
    kernel = config.whole("conv_kernel_size", least=0)
    if kernel and kernel % 2 == 0:
        raise config.bad("conv_kernel_size", kernel, "an odd number")
    groups, activation = (
        config.whole("conv_groups", 1),
        config.activation("conv_act", "tanh", trained=False),
    )
    return Convolution(kernel, groups, activation) if kernel else None
