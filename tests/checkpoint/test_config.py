"""config.json is a JSON object, or the reader is told what it is instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from attnviz.checkpoint.config import read_config, read_max_seq_length
from attnviz.errors import BadCheckpoint


def test_a_config_is_read_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bert", "n": 1, "list": [1.5, null]}')
    assert read_config(tmp_path) == {"model_type": "bert", "n": 1, "list": [1.5, None]}


def test_text_beyond_ascii_is_utf8_wherever_we_are(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes('{"name": "模型"}'.encode())
    assert read_config(tmp_path) == {"name": "模型"}


def test_a_missing_config_names_the_folder(tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint, match=rf"^there is no config\.json in '{tmp_path}'$"):
        read_config(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not JSON: Expecting value at line 1, column 1"),
        (b'{"model_type":\n "bert"', "is not JSON: .* at line 2"),
        (b'{"model_type": "b\xff"}', "is not UTF-8"),
        (b"[1, 2]", "is not a JSON object"),
        (b"null", "is not a JSON object"),
        (b'{"a":' * 100_000, "is nested too deeply"),
        (b'{"a": ' + b"1" * 5000 + b"}", "holds a number that is too long"),
    ],
)
def test_a_damaged_config_is_refused_in_one_sentence(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(BadCheckpoint, match=rf"^config\.json {reason}") as error:
        read_config(tmp_path)
    assert "\n" not in str(error.value)


def test_a_folder_in_place_of_the_config_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").mkdir()
    with pytest.raises(BadCheckpoint, match=r"^config\.json is not a regular file$"):
        read_config(tmp_path)


@pytest.mark.parametrize(
    ("files", "length"),
    [
        ({}, None),
        ({"sentence_bert_config.json": '{"max_seq_length": 256}'}, 256),
        ({"tokenizer_config.json": '{"model_max_length": 512}'}, 512),
        ({"tokenizer.json": '{"version": "1.0", "truncation": {"max_length": 128}}'}, 128),
        (
            {
                "sentence_bert_config.json": '{"max_seq_length": 256}',
                "tokenizer_config.json": '{"model_max_length": 512}',
            },
            256,
        ),
        ({"tokenizer_config.json": '{"model_max_length": 1000000000000000019884624838656}'}, None),
        ({"tokenizer.json": '{"truncation": null, "padding": {"max_length": 3}}'}, None),
        ({"sentence_bert_config.json": '{"max_seq_length": null}'}, None),
        ({"sentence_bert_config.json": '{"max_seq_length": -4}'}, None),
        ({"sentence_bert_config.json": "{"}, None),
    ],
)
def test_the_length_of_texts_trained_on_is_the_least_that_a_file_says(
    tmp_path: Path, files: dict[str, str], length: int | None
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    assert read_max_seq_length(tmp_path) == length
