"""Tensors that nobody reads: those that always lie about pass, those that would matter are told."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from attnviz.errors import AttnvizWarning, BadCheckpoint
from tests.families.made import translated
from tests.support.references import read

HARMLESS = [
    ("bert-plain", "bert.pooler.dense.weight"),
    ("bert-plain", "bert.embeddings.position_ids"),
    ("bert-plain", "cls.seq_relationship.weight"),
    ("bert-no-prefix", "classifier.weight"),
    ("roberta-plain", "roberta.pooler.dense.bias"),
    ("gpt2-plain", "transformer.h.0.attn.masked_bias"),
    ("gpt2-plain", "score.weight"),
    ("gpt_neox-plain", "gpt_neox.layers.1.attention.rotary_emb.inv_freq"),
    ("llama-plain", "model.layers.0.self_attn.rotary_emb.inv_freq"),
    ("llama-plain", "model.rotary_emb.inv_freq"),
    ("llama-tied", "lm_head.weight"),
    ("qwen2-plain", "mtp.layers.0.self_attn.q_proj.weight"),
    ("llama-plain", "v_head.summary.weight"),
    ("bart-plain", "model.encoder.version"),
    ("bart-plain", "final_logits_bias"),
    ("m2m_100-plain", "model.encoder.embed_positions.weights"),
    ("t5-plain", "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"),
    ("deberta-v2-plain", "deberta.embeddings.position_embeddings.weight"),
    ("deberta-v2-plain", "mask_predictions.dense.weight"),
    ("electra-plain", "generator_predictions.dense.weight"),
    ("mpnet-plain", "mpnet.embeddings.position_ids"),
]
SHAPES = {"final_logits_bias": [1, 40], "lm_head.weight": [40, 32]}

TELLING = [
    ("llama-plain", "model.layers.0.self_attn.q_proj.bias", "a bias that attention_bias denies"),
    ("bert-plain", "bert.encoder.layer.2.attention.self.query.weight", "a layer too many"),
    ("bert-no-prefix", "encoder.layer.0.attention.self.distance_embedding.weight", "distances"),
    ("llama-plain", "model.layers.1.mlp.experts.0.down_proj.weight", "an expert"),
    ("llama-no-prefix", "layers.0.self_attn.q_norm.weight", "a norm of queries"),
    ("gpt2-plain", "transformer.h.0.crossattention.c_attn.weight", "cross attention"),
    ("deberta-v2-neither", "deberta.encoder.rel_embeddings.weight", "relative attention"),
    ("t5-encoder-alone", "encoder.block.0.layer.0.SelfAttention.q.lora_A.weight", "an adapter"),
    ("opt-no-bias", "model.decoder.layers.0.fc1.bias", "a bias"),
]


@pytest.mark.parametrize(("name", "tensor"), HARMLESS)
def test_what_always_lies_about_is_passed_over(tmp_path: Path, name: str, tensor: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", AttnvizWarning)
        translated(tmp_path, name, tensors={tensor: SHAPES.get(tensor, [3])})


@pytest.mark.parametrize(("name", "tensor", "what"), TELLING)
def test_what_would_change_the_numbers_is_told(
    tmp_path: Path, name: str, tensor: str, what: str
) -> None:
    with pytest.warns(AttnvizWarning, match=f"has 1 tensors .* such as '{tensor}'"):
        translated(tmp_path, name, tensors={tensor: [3]})


@pytest.mark.parametrize(
    ("name", "head", "table"),
    [
        ("bert-plain", "cls.predictions.decoder", "bert.embeddings.word_embeddings"),
        ("roberta-plain", "lm_head.decoder", "roberta.embeddings.word_embeddings"),
        ("distilbert-plain", "vocab_projector", "distilbert.embeddings.word_embeddings"),
        ("albert-plain", "predictions.decoder", "albert.embeddings.word_embeddings"),
        ("electra-generator", "generator_lm_head", "electra.embeddings.word_embeddings"),
        ("mpnet-plain", "lm_head.decoder", "mpnet.embeddings.word_embeddings"),
        ("deberta-v2-plain", "cls.predictions.decoder", "deberta.embeddings.word_embeddings"),
        ("modernbert-plain", "decoder", "model.embeddings.tok_embeddings"),
        ("gpt2-plain", "lm_head", "transformer.wte"),
        ("bloom-plain", "lm_head", "transformer.word_embeddings"),
        ("gpt_neox-tied", "embed_out", "gpt_neox.embed_in"),
        ("opt-plain", "lm_head", "model.decoder.embed_tokens"),
        ("llama-tied", "lm_head", "model.embed_tokens"),
        ("bart-plain", "lm_head", "model.shared"),
    ],
)
def test_a_shared_table_may_be_stored_under_the_name_of_its_head(
    tmp_path: Path, name: str, head: str, table: str
) -> None:
    shape = read(name)["recipe"]["tensors"][f"{table}.weight"]
    moved = {f"{head}.weight": shape, f"{table}.weight": None}
    with pytest.raises(BadCheckpoint, match="has no tensor"):
        translated(tmp_path, name, {"tie_word_embeddings": False}, tensors=moved)
    (stack,) = translated(tmp_path, name, tensors=moved).spec.stacks[-1:]
    assert stack.embedding.vocab_size == shape[0]
