"""Which files a tokenizer is read from, and what is refused, in one sentence each."""

from __future__ import annotations

import base64
import copy
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attnviz.errors import AttnvizError, BadCheckpoint
from attnviz.tokenizer import layouts
from attnviz.tokenizer.tokenizer import has_tokenizer, load_tokenizer
from tests.tokenizer.test_tokenizer import KINDS, TOKENIZERS

SOURCES = {kind: json.loads((TOKENIZERS / kind / "tokenizer.json").read_text()) for kind in KINDS}


def folder_with(folder: Path, files: str | None = None, **written: Any) -> Path:
    """A folder with a tokenizer's files and some JSON files, named with __ for the dot."""
    if files:
        shutil.copytree(TOKENIZERS / files, folder, dirs_exist_ok=True)
    for name, content in written.items():
        (folder / name.replace("__", ".")).write_text(json.dumps(content))
    return folder


def refusal(folder: Path, model_type: str | None = None) -> str:
    with pytest.raises(AttnvizError) as caught:
        load_tokenizer(folder, model_type=model_type)
    message = str(caught.value)
    assert message.isprintable()
    return message


def test_tokenizer_json_comes_first(tmp_path: Path) -> None:
    folder_with(tmp_path, "vocab-txt")
    folder_with(tmp_path, "byte-level")
    assert load_tokenizer(tmp_path).encode("hat").tokens[0].text == "<s>"


def test_the_class_of_vocabulary_files_follows_from_the_model_type(tmp_path: Path) -> None:
    folder_with(tmp_path, "vocab-merges")
    first = [
        load_tokenizer(tmp_path, model_type=t).encode("hat").tokens[0] for t in ("gpt2", "bart")
    ]
    assert [token.text for token in first] == ["hat", "<s>"]


def test_the_class_in_tokenizer_config_overrules_the_model_type(tmp_path: Path) -> None:
    folder_with(
        tmp_path,
        "vocab-merges",
        tokenizer_config__json={"tokenizer_class": "RobertaTokenizerFast"},
        config__json={"model_type": "gpt2"},
    )
    assert load_tokenizer(tmp_path).encode("hat").tokens[0].text == "<s>"


def test_an_unknown_class_of_vocabulary_files_is_refused(tmp_path: Path) -> None:
    folder_with(
        tmp_path, "vocab-txt", tokenizer_config__json={"tokenizer_class": "PhobertTokenizer"}
    )
    assert "does not know how the tokenizer PhobertTokenizer uses vocab.txt" in refusal(tmp_path)
    assert "of model type 'ctrl' uses vocab.txt" in refusal(
        folder_with(tmp_path, tokenizer_config__json={}), model_type="ctrl"
    )


def test_a_folder_without_tokenizer_says_what_was_looked_for(tmp_path: Path) -> None:
    assert not has_tokenizer(tmp_path)
    message = refusal(tmp_path)
    assert repr(str(tmp_path)) in message
    assert "vocab.txt, vocab.json with merges.txt" in message


@pytest.mark.parametrize("name", ["spiece.model", "tokenizer.model", "sentencepiece.bpe.model",
                                  "spm.model"])  # fmt: skip
def test_a_damaged_sentencepiece_file_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\n\x0b")
    assert has_tokenizer(tmp_path)
    assert refusal(tmp_path).startswith(f"{name} in '")


def test_a_part_of_the_files_is_no_tokenizer(tmp_path: Path) -> None:
    (tmp_path / "source.spm").write_bytes(b"\n\x0b")
    (tmp_path / "vocab.json").write_text("{}")
    assert not has_tokenizer(tmp_path)
    assert "vocab.json with source.spm and target.spm" in refusal(tmp_path)


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"null", b'{"model": 1}', b"\xff\xfe{}", b"[" * 100_000, b"\x00" * 100],
)
def test_a_damaged_tokenizer_json_is_named(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "tokenizer.json").write_bytes(raw)
    assert has_tokenizer(tmp_path)
    assert refusal(tmp_path).startswith("tokenizer.json in '")


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("unigram", {"normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAA"}}),
        ("byte-level", {"pre_tokenizer": {"type": "FixedLength", "length": 0}}),
        ("wordpiece", {"post_processor": {**SOURCES["wordpiece"]["post_processor"],
                                          "special_tokens": {}}}),
        ("wordpiece", {"model": {**SOURCES["wordpiece"]["model"], "vocab": {}}}),
        ("unigram", {"model": {"type": "Unigram", "vocab": [["x", 0.0]], "unk_id": None}}),
    ],
)  # fmt: skip
def test_what_makes_the_library_panic_is_one_sentence(
    tmp_path: Path, kind: str, changes: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    folder_with(tmp_path, tokenizer__json={**SOURCES[kind], **changes})
    assert refusal(tmp_path).startswith("tokenizer.json in '")
    assert capfd.readouterr().err == ""


def test_ids_and_names_around_a_text_must_agree(tmp_path: Path) -> None:
    source = copy.deepcopy(SOURCES["wordpiece"])
    source["post_processor"]["special_tokens"]["[CLS]"]["tokens"] = []
    assert "more ids than tokens" in refusal(folder_with(tmp_path, tokenizer__json=source))


def test_a_text_that_makes_the_library_panic_is_refused(tmp_path: Path) -> None:
    trie = (8).to_bytes(4, "little") + b"\xff" * 8 + b"abc"
    charsmap = base64.b64encode(trie).decode()
    normalizer = {"type": "Precompiled", "precompiled_charsmap": charsmap}
    folder_with(tmp_path, tokenizer__json={**SOURCES["unigram"], "normalizer": normalizer})
    with pytest.raises(BadCheckpoint):
        load_tokenizer(tmp_path).encode("é")


def test_an_enormous_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "tokenizer.json").open("wb") as file:
        file.truncate(layouts.LARGEST + 1)
    assert "is larger than 200 MB" in refusal(tmp_path)


def test_a_folder_or_a_pipe_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "tokenizer.json")
    assert "is not a regular file" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("files", "name", "raw"),
    [
        ("vocab-merges", "vocab.json", b"{"),
        ("vocab-merges", "vocab.json", b'{"a": "b"}'),
        ("vocab-merges", "merges.txt", b"#version: 0.2\nx yz\n"),
        ("vocab-merges", "merges.txt", b"nospace\n"),
        ("vocab-txt", "vocab.txt", b"\xff\xfe"),
        ("vocab-txt", "vocab.txt", b""),
    ],
)
def test_damaged_vocabulary_files_are_named(
    tmp_path: Path, files: str, name: str, raw: bytes
) -> None:
    (folder_with(tmp_path, files) / name).write_bytes(raw)
    model_type = "bert" if files == "vocab-txt" else "gpt2"
    assert files.replace("-", "")[:5] in refusal(tmp_path, model_type).replace(".", "")


def test_special_tokens_that_a_vocabulary_lacks_come_behind_it(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("the\nhat\n[UNK]\n")
    assert load_tokenizer(tmp_path, model_type="bert").encode("the").ids == (5, 0, 3)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"do_lower_case": "yes"}, "do_lower_case 'yes', which is neither true nor false"),
        ({"added_tokens_decoder": [1]}, "an added_tokens_decoder that does not map ids to tokens"),
        ({"added_tokens_decoder": {"1": 5}}, "has '5' where a token should be"),
        ({"extra_special_tokens": 5}, "has extra_special_tokens '5', which is no list of tokens"),
        ({"unk_token": {"lstrip": True}}, "where a token should be"),
        ({"split_special_tokens": 1}, "split_special_tokens '1'"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, settings: dict[str, Any], told: str) -> None:
    given = {"tokenizer_class": "BertTokenizer", **settings}
    assert told in refusal(folder_with(tmp_path, "wordpiece", tokenizer_config__json=given))


def test_a_special_token_without_an_id_gets_the_next_as_in_transformers(tmp_path: Path) -> None:
    folder_with(tmp_path, "byte-level", tokenizer_config__json={"pad_token": "[PAD]"})
    tokenizer = load_tokenizer(tmp_path)
    size = load_tokenizer(TOKENIZERS / "byte-level").vocab_size
    encoded = tokenizer.encode("[PAD]", special=False)
    assert encoded.ids == (size,) and encoded.tokens[0].special


def test_a_special_token_named_in_the_settings_alone_is_special(tmp_path: Path) -> None:
    folder_with(tmp_path, "byte-level", tokenizer_config__json={"sep_token": "hat"})
    tokens = load_tokenizer(tmp_path).encode("the hat", special=False).tokens
    assert [token.text for token in tokens if token.special] == ["hat"]


def test_an_added_token_that_is_named_as_special_is_special(tmp_path: Path) -> None:
    named = {"sep_token": "zebra", "added_tokens_decoder": {"500": {"content": "zebra"}}}
    folder_with(tmp_path, "byte-level", tokenizer_config__json=named)
    tokens = load_tokenizer(tmp_path).encode("the zebra", special=False).tokens
    assert [token.text for token in tokens if token.special] == ["zebra"]


def test_random_merges_are_turned_off(tmp_path: Path) -> None:
    source = copy.deepcopy(SOURCES["byte-level"])
    source["model"]["dropout"] = 0.9
    tokenizer = load_tokenizer(folder_with(tmp_path, tokenizer__json=source))
    assert len({tokenizer.encode("carefully examined").ids for _ in range(20)}) == 1


def test_standard_error_is_left_as_it_was(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; "
        "from attnviz.tokenizer.tokenizer import load_tokenizer; "
        f"load_tokenizer(Path({str(TOKENIZERS / 'unigram')!r})); print('seen', file=sys.stderr); "
        f"os.close(2); load_tokenizer(Path({str(TOKENIZERS / 'unigram')!r}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "seen\n")


ODD = st.sampled_from(
    [None, True, -1, 0, 2**32, 1.5, "", "a", "▁", "[CLS]", [], {}, {"type": "NFD"}, [["a", 0]],
     {"type": "ByteLevel"}, {"String": ""}, {"type": "FixedLength", "length": 0}]
)  # fmt: skip


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(KINDS), st.data())
def test_any_change_of_a_tokenizer_json_is_read_or_refused(
    tmp_path: Path, kind: str, data: st.DataObject
) -> None:
    source = copy.deepcopy(SOURCES[kind])
    inner: Any = source
    while isinstance(inner, dict | list) and inner:
        key = data.draw(
            st.sampled_from(list(inner) if isinstance(inner, dict) else range(len(inner)))
        )
        if data.draw(st.booleans()) or not isinstance(inner[key], dict | list):
            inner[key] = data.draw(ODD)
            break
        inner = inner[key]
    folder_with(tmp_path, tokenizer__json=source)
    try:
        tokenizer = load_tokenizer(tmp_path)
        encoded = tokenizer.encode("The Café [CLS] 我 👩‍💻", " two")
        tokenizer.rebuild(encoded.ids, encoded.type_ids)
    except AttnvizError as error:
        assert str(error).isprintable()


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(KINDS), st.data())
def test_any_broken_byte_of_a_tokenizer_json_is_read_or_refused(
    tmp_path: Path, kind: str, data: st.DataObject
) -> None:
    raw = bytearray((TOKENIZERS / kind / "tokenizer.json").read_bytes())
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "tokenizer.json").write_bytes(raw)
    try:
        load_tokenizer(tmp_path).encode("The hat was [CLS]")
    except AttnvizError as error:
        assert str(error).isprintable()
