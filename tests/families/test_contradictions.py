"""A checkpoint that contradicts its config.json is refused when it is loaded, by tensor and key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from attnviz.checkpoint.config import read_config
from attnviz.checkpoint.tensors import open_tensors
from attnviz.errors import BadCheckpoint, UnsupportedModel
from attnviz.families import translate
from tests.families.made import translated
from tests.support.references import read, recipe
from tests.support.seeded import write_checkpoint


def refusal(folder: Path, name: str, *config: dict[str, Any], **changes: Any) -> str:
    """The sentence with which a changed checkpoint is refused."""
    with pytest.raises(BadCheckpoint) as raised:
        translated(folder, name, *config, **changes)
    return str(raised.value)


def test_a_missing_tensor_is_named(tmp_path: Path) -> None:
    theirs = "bert.encoder.layer.1.output.dense.weight"
    assert refusal(tmp_path, "bert-plain", tensors={theirs: None}) == (
        f"the checkpoint has no tensor '{theirs}', which its config.json asks for"
    )


def test_a_missing_bias_is_missed(tmp_path: Path) -> None:
    theirs = "model.layers.0.self_attn.k_proj.bias"
    said = refusal(tmp_path, "qwen2-plain", tensors={theirs: None})
    assert f"no tensor '{theirs}'" in said


def test_a_missing_norm_of_one_head_is_named(tmp_path: Path) -> None:
    theirs = "model.layers.0.self_attn.q_layernorm.norms.1.weight"
    said = refusal(tmp_path, "stablelm-query-key-norms", tensors={theirs: None})
    assert f"no tensor '{theirs}'" in said


def test_a_wrong_shape_is_named_with_the_keys_behind_it(tmp_path: Path) -> None:
    theirs = "bert.encoder.layer.0.intermediate.dense.weight"
    assert refusal(tmp_path, "bert-plain", tensors={theirs: [55, 36]}) == (
        f"tensor '{theirs}' has shape (55, 36) where config.json, with "
        "intermediate_size 56, hidden_size 36, asks for (56, 36)"
    )


def test_weights_in_a_type_that_is_none_are_refused_before_anything_runs(tmp_path: Path) -> None:
    theirs = "bert.encoder.layer.1.output.dense.weight"
    made = recipe(read("bert-plain"))
    tensors = {name: shape for name, shape in made.tensors.items() if name != theirs}
    stale = {theirs: ("int64", made.tensors[theirs])}
    write_checkpoint(tmp_path, replace(made, tensors=tensors, stale=stale))
    with pytest.raises(UnsupportedModel, match=f"tensor '{theirs}' is stored as I64"):
        translate(read_config(tmp_path), open_tensors(tmp_path))


LIES = [
    ("llama-plain", {"num_key_value_heads": 1}, "k_proj.weight", "num_key_value_heads 1"),
    ("llama-plain", {"num_attention_heads": 2}, "q_proj.weight|k_proj.weight", "heads 2"),
    ("llama-head-size", {"num_attention_heads": 2}, "q_proj.weight", "num_attention_heads 2"),
    ("llama-head-size", {"head_dim": 8}, "q_proj.weight", "head_dim 8"),
    ("llama-plain", {"intermediate_size": 44}, "gate_proj.weight", "intermediate_size 44"),
    ("llama-plain", {"vocab_size": 41}, "embed_tokens.weight", "vocab_size 41"),
    ("gpt2-plain", {"n_embd": 64}, "wte.weight", "n_embd 64"),
    ("gpt2-plain", {"n_positions": 25}, "wpe.weight", "n_positions 25"),
    ("gpt2-inner", {"n_inner": 48}, "c_fc.weight", "n_inner 48"),
    ("distilbert-plain", {"hidden_dim": 57}, "lin1.weight", "hidden_dim 57"),
    ("bert-plain", {"type_vocab_size": 3}, "token_type_embeddings", "type_vocab_size 3"),
    ("falcon-new", {"num_kv_heads": 3}, "query_key_value.weight", "num_kv_heads 3"),
    ("falcon-plain", {"multi_query": False}, "query_key_value.weight", "multi_query False"),
    ("t5-plain", {"num_heads": 2}, "q.weight|relative_attention_bias", "num_heads 2"),
    ("t5-plain", {"d_kv": 12}, "q.weight", "d_kv 12"),
    ("t5-plain", {"relative_attention_num_buckets": 16}, "relative_attention_bias", "buckets 16"),
    ("bart-plain", {"decoder_ffn_dim": 50}, "fc1.weight", "decoder_ffn_dim 50"),
    ("deberta-v2-plain", {"position_buckets": 8}, "rel_embeddings", "position_buckets 8"),
    ("deberta-v2-convolution", {"conv_groups": 2}, "conv.conv.weight", "conv_groups 2"),
    ("albert-plain", {"embedding_size": 24}, "word_embeddings", "embedding_size 24"),
    ("opt-projected", {"word_embed_proj_dim": 24}, "project_in", "word_embed_proj_dim 24"),
    ("stablelm-query-key-norms", {"hidden_size": 64}, "embed_tokens", "hidden_size 64"),
]


@pytest.mark.parametrize(("name", "lie", "tensor", "key"), LIES)
def test_a_config_that_lies_is_told_by_tensor_and_key(
    tmp_path: Path, name: str, lie: dict[str, Any], tensor: str, key: str
) -> None:
    said = refusal(tmp_path, name, lie)
    assert any(part in said for part in tensor.split("|")), said
    assert key in said


@pytest.mark.parametrize(
    ("name", "lie", "said"),
    [
        ("bert-plain", {"num_attention_heads": 5}, "hidden_size 36, which num_attention_heads 5"),
        ("gpt2-plain", {"n_head": 3}, "n_embd 32, which n_head 3"),
        ("distilbert-plain", {"n_heads": 5}, "dim 36, which n_heads 5"),
        ("bart-plain", {"decoder_attention_heads": 5}, "d_model 32, which decoder_attention_heads"),
        ("llama-plain", {"num_key_value_heads": 3}, "heads 4, which num_key_value_heads 3"),
        ("llama-plain", {"num_key_value_heads": 8}, "heads 4, which num_key_value_heads 8"),
    ],
)
def test_heads_that_do_not_divide_are_told(
    tmp_path: Path, name: str, lie: dict[str, Any], said: str
) -> None:
    assert said in refusal(tmp_path, name, lie)
