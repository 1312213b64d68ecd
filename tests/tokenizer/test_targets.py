"""Targets: what a decoder reads after its start token."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from attnviz.errors import InputError
from attnviz.tokenizer.tokenizer import Tokenizer, load_tokenizer
from tests.tokenizer.test_tokenizer import TOKENIZERS, tokenizer


def coded(folder: Path, **settings: Any) -> Tokenizer:
    """The tokenizer of a translation model with these settings."""
    shutil.copytree(TOKENIZERS / "unigram", folder, dirs_exist_ok=True)
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return load_tokenizer(folder)


def shown(encoded: Any) -> list[str]:
    return [token.text for token in encoded.tokens]


def test_the_end_is_left_out_for_the_decoder_only_predicts_it() -> None:
    assert shown(tokenizer("unigram").encode_target("the hat")) == ["<s>", "the", "hat"]
    assert tokenizer("unigram").target_start() is None


def test_a_tokenizer_that_adds_no_end_keeps_the_last_word() -> None:
    assert shown(tokenizer("byte-fallback").encode_target("the hat")) == ["<s>", "the", "hat"]


def test_mbart_starts_from_the_target_language_and_reads_the_end(tmp_path: Path) -> None:
    text = coded(tmp_path, tokenizer_class="MBartTokenizer", tgt_lang="ro_RO")
    assert shown(text.encode("the hat")) == ["the", "hat", "</s>", "en_XX"]
    assert shown(text.encode_target("the hat")) == ["the", "hat", "</s>"]
    assert text.target_start() == text.tokenizer.token_to_id("ro_RO")
    assert text.target_start("en_XX") == text.tokenizer.token_to_id("en_XX")


def test_mbart_without_a_target_language_starts_as_its_configuration_says(tmp_path: Path) -> None:
    text = coded(tmp_path, tokenizer_class="MBartTokenizer")
    assert text.target_start() is None


@pytest.mark.parametrize(
    ("settings", "source", "target"),
    [
        ({"tokenizer_class": "MBart50Tokenizer", "tgt_lang": "ro_RO"}, "en_XX", "ro_RO"),
        ({"tokenizer_class": "MBart50Tokenizer", "src_lang": "ro_RO"}, "ro_RO", "ro_RO"),
        ({"tokenizer_class": "M2M100Tokenizer", "tgt_lang": "fr"}, "__en__", "__fr__"),
    ],
)
def test_other_translation_models_put_the_language_first(
    tmp_path: Path, settings: dict[str, str], source: str, target: str
) -> None:
    text = coded(tmp_path, **settings)
    assert shown(text.encode("the hat")) == [source, "the", "hat", "</s>"]
    assert shown(text.encode_target("the hat")) == [target, "the", "hat"]
    assert text.target_start() is None


@pytest.mark.parametrize("language", ["fr", "__fr__", 10])
def test_a_language_is_chosen_by_name_or_by_id(tmp_path: Path, language: str | int) -> None:
    text = coded(tmp_path, tokenizer_class="M2M100Tokenizer")
    assert shown(text.encode_target("hat", language)) == ["__fr__", "hat"]


def test_a_language_that_the_tokenizer_lacks_is_refused(tmp_path: Path) -> None:
    text = coded(tmp_path, tokenizer_class="M2M100Tokenizer")
    with pytest.raises(InputError, match="has no language 'tlh'"):
        text.encode_target("hat", "tlh")


def test_a_tokenizer_without_languages_takes_no_name_and_ignores_an_id() -> None:
    with pytest.raises(InputError, match="no languages to choose 'fr' from"):
        tokenizer("unigram").encode_target("hat", "fr")
    assert shown(tokenizer("unigram").encode_target("hat", 0)) == ["<s>", "hat"]


def test_a_vocabulary_without_the_codes_is_used_as_it_is(tmp_path: Path) -> None:
    shutil.copytree(TOKENIZERS / "wordpiece", tmp_path, dirs_exist_ok=True)
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "MBartTokenizer"}')
    assert shown(load_tokenizer(tmp_path).encode("hat")) == ["[CLS]", "hat", "[SEP]"]


def test_the_languages_of_a_text_and_its_target_can_be_said(tmp_path: Path) -> None:
    text = coded(tmp_path, tokenizer_class="MBart50Tokenizer", src_lang="ro_RO", tgt_lang="en_XX")
    assert shown(text.encode("the hat", language="en_XX")) == ["en_XX", "the", "hat", "</s>"]
    assert shown(text.encode("the hat")) == ["ro_RO", "the", "hat", "</s>"]
    assert shown(text.encode_target("the hat", "ro_RO"))[0] == "ro_RO"


def test_a_language_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    text = coded(tmp_path, tokenizer_class="MBart50Tokenizer")
    assert set(text.language_codes()) >= {"en_XX", "ro_RO"}
    with pytest.raises(InputError, match=r"no language 'xx_XX'; it has .*en_XX"):
        text.encode("the hat", language="xx_XX")
    with pytest.raises(InputError, match="this model has no languages"):
        tokenizer("wordpiece").encode("the hat", language="en_XX")
