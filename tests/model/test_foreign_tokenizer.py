"""A tokenizer that does not belong to a checkpoint is told by the first token that shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from attnviz.errors import BadCheckpoint
from tests.model.made import small, write


def test_an_id_beyond_the_embeddings_is_named_with_its_token(tmp_path: Path) -> None:
    model = write(tmp_path, small("bert-plain"), "wordpiece")  # 40 embeddings, 189 tokens
    with pytest.raises(BadCheckpoint) as raised:
        model.attend("the hat")
    said = str(raised.value)
    assert said.startswith(f"the tokenizer of {model.info.name} gives 'the' the id ")
    assert said.endswith("has a vocabulary of 40, so they do not belong together")


def test_a_target_is_held_to_the_decoders_embeddings(tmp_path: Path) -> None:
    made = small("marian-two-vocabularies", "unigram", decoder_vocab_size=8)
    for name, shape in made.tensors.items():
        made.tensors[name] = [8 if n == 44 else n for n in shape]
    made.tensors["model.encoder.embed_tokens.weight"] = [124, 32]
    model = write(tmp_path, made, "unigram")
    assert model.attend(token_ids=[100, 123, 0], target_ids=[7, 0]).maps["cross"]
    with pytest.raises(BadCheckpoint, match="vocabulary of 8"):
        model.attend("the hat", target="the hat")


def test_ids_below_the_size_belong(tmp_path: Path) -> None:
    model = write(tmp_path, small("bert-plain", "wordpiece"), "wordpiece")
    assert model.attend("the hat").tokens
