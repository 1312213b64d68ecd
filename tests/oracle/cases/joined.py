"""Encoders and decoders of two families in one model."""

from typing import Any

from tests.oracle.cases.bert import BERT
from tests.oracle.cases.case import Family
from tests.oracle.cases.gemma import GEMMA2

SOURCE = [2, 17, 5, 33, 21, 9, 3]
TARGET = [2, 8, 30, 11, 25]
INPUTS = [{"token_ids": SOURCE, "target_ids": TARGET}]
BESIDE = {"is_decoder": True, "add_cross_attention": True}
GPT2 = {
    "model_type": "gpt2",
    "vocab_size": 44,
    "n_positions": 24,
    "n_embd": 32,
    "n_layer": 2,
    "n_head": 4,
}


def sides(encoder: dict[str, Any], decoder: dict[str, Any]) -> dict[str, Any]:
    return {"encoder": encoder, "decoder": decoder | BESIDE}


ENCODER = {"model_type": "bert", **BERT}
family = Family(
    "encoder-decoder",
    "EncoderDecoderModel",
    sides(ENCODER, ENCODER),
    inputs=INPUTS,
    kind="decoder",
)
family.vary("gpt2", sides(ENCODER, GPT2))
family.vary("gpt2-inverse", sides(ENCODER, GPT2 | {"scale_attn_by_inverse_layer_idx": True}))
family.vary(
    "roberta", sides({**ENCODER, "model_type": "roberta"}, {**ENCODER, "model_type": "roberta"})
)
family.vary("narrow", sides(ENCODER | {"hidden_size": 18}, ENCODER))
family.vary("untied", sides(ENCODER, ENCODER | {"tie_word_embeddings": False}), same_as="plain")

SPECIAL = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
SIDE = {"model_type": "t5_gemma_module", **GEMMA2, **SPECIAL}
T5GEMMA = {"encoder": SIDE, "decoder": SIDE, "vocab_size": 40}
GAIN = {"embed_tokens": 0.3, "layernorm": 0.3, "norm.weight": 0.3}


def both(**changes: Any) -> dict[str, Any]:
    """Both sides with changes."""
    return dict.fromkeys(("encoder", "decoder"), SIDE | changes)


t5gemma = Family(
    "t5gemma",
    "T5GemmaForConditionalGeneration",
    T5GEMMA,
    inputs=INPUTS,
    kind="decoder",
    gain=GAIN,
)
t5gemma.vary("no-cap", both(attn_logit_softcapping=None))
t5gemma.vary("bias", both(attention_bias=True))
t5gemma.vary("window", both(sliding_window=2, layer_types=["sliding_attention"] * 2))
t5gemma.vary("scale", both(query_pre_attn_scalar=5))
t5gemma.vary("uneven", {"encoder": SIDE | {"num_hidden_layers": 1, "num_attention_heads": 2}})
t5gemma.vary("wide-encoder", {"encoder": SIDE | {"hidden_size": 40}})
t5gemma.vary("untied", {"tie_word_embeddings": False}, same_as="plain")
t5gemma.vary(
    "encoder-alone",
    {"is_encoder_decoder": False},
    architecture="T5GemmaEncoderModel",
    inputs=[{"token_ids": SOURCE}],
    kind="encoder",
)

FAMILIES = [family, t5gemma]
