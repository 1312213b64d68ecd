"""BART (Lewis et al. 2020): an encoder and a decoder, post-norm, learned positions from 2 on."""

from __future__ import annotations

from typing import Literal

from attnviz.core.spec import (
    AttentionSpec,
    EmbeddingSpec,
    HeadSpec,
    LayerSpec,
    MLPSpec,
    ModelSpec,
    NormSpec,
    PositionSpec,
    StackSpec,
)
from attnviz.errors import BadCheckpoint
from attnviz.families.config import Config
from attnviz.families.names import Names, Stored, expand, head, table

BASE = "model"
ALIASES = {
    "hidden_size": "d_model",
    "num_attention_heads": "encoder_attention_heads",
    "num_hidden_layers": "encoder_layers",
}
DEFAULTS = {
    "vocab_size": 50265,
    "max_position_embeddings": 1024,
    "encoder_layers": 12,
    "encoder_ffn_dim": 4096,
    "encoder_attention_heads": 16,
    "decoder_layers": 12,
    "decoder_ffn_dim": 4096,
    "decoder_attention_heads": 16,
    "activation_function": "gelu",
    "d_model": 1024,
    "scale_embedding": False,
    "share_encoder_decoder_embeddings": True,
}
REFUSED_UNLESS = {
    "is_decoder": False,
    "is_encoder_decoder": True,
    "normalize_before": False,
    "normalize_embedding": True,
    "add_final_layer_norm": False,
    "add_bias_logits": False,
    "share_encoder_decoder_embeddings": True,
}

Side = Literal["encoder", "decoder"]
SIDES: tuple[Side, Side] = ("encoder", "decoder")
OFFSET = 2
NORM = NormSpec("layer", 1e-5)
ATTENTION = {"query": "q_proj", "key": "k_proj", "value": "v_proj", "output": "out_proj"}


def spec(config: Config) -> ModelSpec:
    """A BART encoder and decoder."""
    config.refuse_unless(REFUSED_UNLESS)
    size = config.whole("max_position_embeddings")
    positions = PositionSpec("learned", size + OFFSET, offset=OFFSET)
    return model(config, positions, size, norms="after", embedding_norm=True)


def model(
    config: Config,
    positions: PositionSpec,
    max_positions: int | None,
    *,
    norms: Literal["before", "after"],
    embedding_norm: bool = False,
) -> ModelSpec:
    """An encoder and a decoder in BART's words; with norms before there is a final norm."""
    encoder, decoder = (
        StackSpec(
            side,
            config.whole("d_model"),
            EmbeddingSpec(
                vocab_size(config, side),
                config.whole("d_model"),
                scale=config.whole("d_model") ** 0.5 if config.flag("scale_embedding") else 1.0,
                positions=positions,
                norm=NORM if embedding_norm else None,
            ),
            (_layer(config, side, norms),) * config.depth(f"{side}_layers"),
            NORM if norms == "before" else None,
            max_positions=max_positions,
        )
        for side in SIDES
    )
    return ModelSpec(encoder, decoder, HeadSpec(vocab_size(config, "decoder"), bias=True))


def vocab_size(config: Config, side: Side) -> int:
    """How many tokens a side knows."""
    both = config.whole("vocab_size")
    if side == "encoder" or config.flag("share_encoder_decoder_embeddings"):
        return both
    return config.whole("decoder_vocab_size", both)


def _layer(config: Config, side: Side, norms: Literal["before", "after"]) -> LayerSpec:
    attention = _attention(config, side)
    cross = AttentionSpec(attention.n_heads, attention.n_heads, attention.d_head, attention.scale)
    return LayerSpec(
        attention,
        MLPSpec(config.whole(f"{side}_ffn_dim"), config.activation("activation_function")),
        NORM,
        (norms,),
        cross=cross if side == "decoder" else None,
    )


def _attention(config: Config, side: Side) -> AttentionSpec:
    n_heads, d_model = config.whole(f"{side}_attention_heads"), config.whole("d_model")
    if d_model % n_heads:
        raise BadCheckpoint(
            f"config.json has d_model {d_model}, which {side}_attention_heads {n_heads} "
            "does not divide"
        )
    d_head = d_model // n_heads
    right = 0 if side == "decoder" else None
    return AttentionSpec(n_heads, n_heads, d_head, d_head**-0.5, right=right)


def tensors(config: Config) -> Names:
    """Where a BART checkpoint keeps its tensors."""
    norms = {"embedding_norm": "layernorm_embedding"}
    return names(config, place="after", norms=norms, stored_positions=True)


def names(
    config: Config,
    *,
    place: Literal["before", "after"],
    norms: dict[str, str],
    stored_positions: bool = False,
    positions: bool = True,
    bias: bool = True,
) -> Names:
    """BART's names; ``norms`` are those of a whole stack, ``place`` says where the others are."""
    tied = config.tied()
    found: Names = {}
    for side in SIDES:
        tables = table(f"{side}.embed_tokens", tied_to=_same(config, side, tied=tied))
        if positions:
            tables["position"] = Stored(f"{side}.embed_positions", optional=not stored_positions)
        found |= expand(side, tables, bias=False)
        found |= expand(side, {ours: f"{side}.{its}" for ours, its in norms.items()})
        layer = _modules(side, place)
        found |= expand(side, layer, layers=config.depth(f"{side}_layers"))
    found |= head("lm_head", tied_to=_same(config, "decoder", tied=tied) if tied else [])
    if bias:
        found["head.bias"] = Stored("final_logits_bias", base=False, optional=True, flat=True)
    return found


def _same(config: Config, side: Side, *, tied: bool) -> list[str]:
    """The tables that a side's token embeddings share: both sides' or its own, and the head's."""
    if config.flag("share_encoder_decoder_embeddings"):
        tables = ["shared", "encoder.embed_tokens", "decoder.embed_tokens"]
        return [*tables, "lm_head"] if tied else tables
    return ["decoder.embed_tokens", "lm_head"] if tied and side == "decoder" else []


def _modules(side: str, place: str) -> dict[str, str]:
    prefix = f"{side}.layers.{{i}}"
    found = {f"attention.{ours}": f"{prefix}.self_attn.{its}" for ours, its in ATTENTION.items()}
    found |= {
        f"attention.norm_{place}": f"{prefix}.self_attn_layer_norm",
        "mlp.up": f"{prefix}.fc1",
        "mlp.activation": f"{prefix}.activation_fn",
        "mlp.down": f"{prefix}.fc2",
        f"mlp.norm_{place}": f"{prefix}.final_layer_norm",
    }
    if side == "decoder":
        found |= {
            f"cross.{ours}": f"{prefix}.encoder_attn.{its}" for ours, its in ATTENTION.items()
        }
        found[f"cross.norm_{place}"] = f"{prefix}.encoder_attn_layer_norm"
    return found
