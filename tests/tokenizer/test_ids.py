"""Ids are those of transformers' AutoTokenizer, as ``tests/oracle/tokenizer_ids.py`` recorded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attnviz.tokenizer.tokenizer import Tokenizer, load_tokenizer

TOKENIZERS = Path(__file__).parents[1] / "fixtures/tokenizers"
EXPECTED = json.loads((TOKENIZERS / "expected.json").read_text())
SHARED = Path(__file__).resolve().parents[2] / "../shared/checkpoints"


@pytest.fixture(params=EXPECTED, ids=lambda one: one["name"])
def expected(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(request.param)


@pytest.fixture
def tokenizer(expected: dict[str, Any], tmp_path: Path) -> Tokenizer:
    folder = tmp_path / "model"
    shutil.copytree(TOKENIZERS / expected["files"], folder)
    for name, content in expected["written"].items():
        (folder / name).write_text(json.dumps(content))
    return load_tokenizer(folder)


def test_ids_of_texts_pairs_and_what_they_decode_to(
    expected: dict[str, Any], tokenizer: Tokenizer
) -> None:
    for text, ids in expected["texts"]:
        assert tokenizer.encode(text).ids == tuple(ids), text
    for text, pair, ids, type_ids in expected.get("pairs", []):
        encoded = tokenizer.encode(text, pair)
        assert (encoded.ids, encoded.type_ids) == (tuple(ids), tuple(type_ids)), (text, pair)
    for (_, ids), text in zip(expected["texts"], expected["decoded"], strict=True):
        assert tokenizer.decode(ids) == text


def test_a_target_is_the_labels_moved_on_by_one(
    expected: dict[str, Any], tokenizer: Tokenizer
) -> None:
    for text, labels in expected["targets"]:
        ids = list(tokenizer.encode_target(text).ids)
        start = tokenizer.target_start()
        if start is not None:
            assert [start, *ids] == [labels[-1], *labels[:-1]]
        elif tokenizer.encode(text).tokens[-1].start is None:
            assert ids == labels[:-1]
        else:
            assert ids == labels


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared checkpoints are not here")
@pytest.mark.parametrize("folder", sorted(SHARED.glob("*/")), ids=lambda folder: folder.name)
def test_ids_of_the_shared_checkpoints(folder: Path) -> None:
    cases = json.loads((folder / "reference.json").read_text())["cases"]
    arrays = np.load(folder / "reference.npz")
    tokenizer = load_tokenizer(folder)
    for name, case in cases.items():
        texts = case.get("texts") or []
        texts = [texts] if name == "pair" and isinstance(texts[0], str) else texts
        for row, given in enumerate(texts):
            real = arrays[f"{name}.attention_mask"][row] == 1
            ids = arrays[f"{name}.input_ids"][row][real].tolist()
            both = isinstance(given, list)
            encoded = (
                tokenizer.encode(*given)
                if name == "pair"
                else (tokenizer.encode(given[0] if both else given))
            )
            assert list(encoded.ids[: len(ids)]) == ids  # the stored row may have been cut
            if both and name != "pair":
                target = arrays[f"{name}.decoder_input_ids"][row].tolist()
                made = [target[0], *tokenizer.encode_target(given[1]).ids][: len(target)]
                assert made == target[: len(made)]
