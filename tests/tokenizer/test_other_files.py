"""Tokenizers in other files than JSON: SentencePiece, vocabularies, tiktoken, and no file at all.

Ids are those of transformers' AutoTokenizer, as ``tests/oracle/file_ids.py`` recorded.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from attnviz.errors import BadCheckpoint, UnsupportedModel
from attnviz.tokenizer.tokenizer import Tokenizer, has_tokenizer, load_tokenizer

TOKENIZERS = Path(__file__).parents[1] / "fixtures/tokenizers"
EXPECTED = json.loads((TOKENIZERS / "files.json").read_text())
MOSES = importlib.util.find_spec("sacremoses")
MECAB = all(importlib.util.find_spec(name) for name in ("fugashi", "ipadic", "unidic_lite"))


def name_of(one: dict[str, Any]) -> str:
    settings = one["written"].get("tokenizer_config.json", {})
    name = settings.get("tokenizer_class", one["written"]["config.json"]["model_type"])
    return f"{name} of {'+'.join(one['files'])}"


def write(one: dict[str, Any], folder: Path) -> Path:
    for name, source in one["files"].items():
        shutil.copy(TOKENIZERS / source, folder / name)
    for name, content in one["written"].items():
        (folder / name).write_text(json.dumps(content))
    return folder


@pytest.mark.parametrize("one", EXPECTED, ids=name_of)
def test_ids_are_those_of_transformers(one: dict[str, Any], tmp_path: Path) -> None:
    if "Japanese" in name_of(one) and not MECAB:
        pytest.skip("MeCab and its dictionaries are not installed")
    if one["files"].get("vocab.json", "").startswith("moses") and not MOSES:
        pytest.skip("sacremoses is not installed")
    tokenizer = load_tokenizer(write(one, tmp_path))
    for text, ids in one["texts"]:
        assert tokenizer.encode(text).ids == tuple(ids), text
    for text, pair, ids, type_ids in one["pairs"]:
        encoded = tokenizer.encode(text, pair)
        assert encoded.ids == tuple(ids)
        assert encoded.type_ids == tuple(type_ids or [0] * len(ids))
    for text, labels in one["targets"]:
        ids, start = list(tokenizer.encode_target(text).ids), tokenizer.target_start()
        assert ids == labels[:-1] or [start, *ids] == [labels[-1], *labels[:-1]]


def folder_with(tmp_path: Path, model_type: str, **files: str | bytes) -> Path:
    for name, content in files.items():
        raw = content.encode() if isinstance(content, str) else content
        (tmp_path / name.replace("__", ".")).write_bytes(raw)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": model_type}))
    return tmp_path


def raw(name: str) -> bytes:
    return (TOKENIZERS / "sentencepiece" / name).read_bytes()


def loaded(name: str, tmp_path: Path) -> Tokenizer:
    one = next(one for one in EXPECTED if name_of(one).startswith(name))
    return load_tokenizer(write(one, tmp_path))


def test_pieces_stand_where_they_stand_in_the_text(tmp_path: Path) -> None:
    tokenizer = loaded("MarianTokenizer", tmp_path)
    text = "  the  ﬁne hat"
    spans = [(t.start, t.end) for t in tokenizer.encode(text).tokens if t.start is not None]
    assert all(a[1] <= b[1] for a, b in pairwise(spans))
    assert spans[-1][1] == len(text)
    words = [token.word for token in tokenizer.encode("the hat").tokens if not token.special]
    assert set(words) == {0, 1}


def test_what_a_decoder_of_marian_reads_is_cut_by_its_own_model(tmp_path: Path) -> None:
    tokenizer = loaded("MarianTokenizer", tmp_path)
    assert tokenizer.encode_target("le chat").ids != tokenizer.encode("le chat").ids[:-1]


def test_byt5_needs_no_file(tmp_path: Path) -> None:
    one = next(one for one in EXPECTED if not one["files"])
    assert has_tokenizer(write(one, tmp_path))
    assert load_tokenizer(tmp_path).encode("é").ids == (0xC3 + 3, 0xA9 + 3, 1)
    assert load_tokenizer(tmp_path).encode("a</s>").ids == (ord("a") + 3, 1)


@pytest.mark.parametrize("name", ["esm", "MarianTokenizer", "PhobertTokenizer"])
def test_a_class_in_python_reads_its_own_files_beside_a_tokenizer_json(
    name: str, tmp_path: Path
) -> None:
    ids = loaded(name, tmp_path).encode("LAG the hat").ids
    shutil.copy(TOKENIZERS / "wordpiece/tokenizer.json", tmp_path)
    assert load_tokenizer(tmp_path).encode("LAG the hat").ids == ids


@pytest.mark.parametrize(
    ("files", "model_type", "sentence"),
    [
        ({"spiece__model": b"\xff\xff"}, "t5", "damaged, or no SentencePiece file"),
        ({"spiece__model": b""}, "t5", "damaged, or no SentencePiece file"),
        ({"spiece__model": raw("unigram.model")[:-40]}, "t5", "damaged"),
        ({"tokenizer__model": b"aGF0 1\n!! 2\n"}, "llama", "neither a SentencePiece file nor"),
        ({"vocab__txt": "a b\nc", "bpe__codes": "a b 1\n"}, "roberta", "a line without a count"),
        ({"vocab__txt": "a 1", "bpe__codes": "a 1\n"}, "roberta", "two parts and a count"),
    ],
)
def test_what_is_damaged_is_refused_in_a_sentence(
    tmp_path: Path, files: dict[str, bytes], model_type: str, sentence: str
) -> None:
    with pytest.raises(BadCheckpoint, match=sentence):
        load_tokenizer(folder_with(tmp_path, model_type, **files))


def test_what_cannot_be_exact_is_refused_by_name(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, "t5", spiece__model=raw("t5.model"))
    settings = folder / "tokenizer_config.json"
    settings.write_text('{"tokenizer_class": "ReformerTokenizer"}')
    with pytest.raises(UnsupportedModel, match="ReformerTokenizer uses a SentencePiece file"):
        load_tokenizer(folder)
    marked = folder_with(tmp_path, "roberta", vocab__txt="a 1", bpe__codes="")
    settings.write_text('{"tokenizer_class": "BertweetTokenizer", "normalization": true}')
    with pytest.raises(UnsupportedModel, match="rewrite tweets"):
        load_tokenizer(marked)
