"""Sequences made when somebody first looks: like the tuples they become, and made once."""

from __future__ import annotations

import copy
import pickle

import pytest

import attnviz
from attnviz.errors import InputError
from attnviz.lazy import LazySequence
from attnviz.tokenizer import tokenizer


@pytest.fixture
def made() -> list[str]:
    return []


def later(made: list[str], length: int | None = 3) -> LazySequence[str]:
    def make() -> tuple[str, ...]:
        made.append("once")
        return ("he", "took", "it")

    return LazySequence(make, length)


def test_a_known_length_makes_nothing(made: list[str]) -> None:
    words = later(made)
    assert len(words) == 3
    assert words
    assert not made


def test_an_unknown_length_is_that_of_what_is_made(made: list[str]) -> None:
    assert len(later(made, None)) == 3


def test_it_is_made_once_however_it_is_looked_at(made: list[str]) -> None:
    words = later(made)
    assert [*words] == ["he", "took", "it"]
    assert words[0] == "he"
    assert words[1:] == ("took", "it")
    assert words[-1] == "it"
    assert "took" in words
    assert words.index("it") == 2
    assert made == ["once"]


def test_it_equals_hashes_and_reads_as_the_tuple_that_it_becomes(made: list[str]) -> None:
    words, same = later(made), ("he", "took", "it")
    assert words == same
    assert same == words
    assert words == later(made)
    assert words != ("he",)
    assert hash(words) == hash(same)
    assert repr(words) == repr(same)


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
def test_a_copy_is_the_tuple(again, made: list[str]) -> None:  # type: ignore[no-untyped-def]
    found = again(later(made))
    assert found == ("he", "took", "it")
    assert type(found) is tuple


def test_what_fails_to_be_made_fails_at_every_look() -> None:
    def make() -> tuple[str, ...]:
        raise InputError("no words")

    words = LazySequence(make, 2)
    for _ in range(2):
        with pytest.raises(InputError, match="no words"):
            words[0]


def test_ids_need_no_tokenizer_until_their_words_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = []
    original = tokenizer.load_tokenizer

    def load(*given, **more):  # type: ignore[no-untyped-def]
        read.append(given)
        return original(*given, **more)

    monkeypatch.setattr(tokenizer, "load_tokenizer", load)
    result = attnviz.load().attend(token_ids=[101, 2002, 2165, 1996, 6045, 102])
    assert result.maps["encoder"].weights.shape == (6, 12, 6, 6)
    assert len(result.tokens) == 6
    assert not read
    assert [token.text for token in result.tokens] == ["[CLS]", "he", "took", "the", "hat", "[SEP]"]
    assert result.texts == ("he took the hat",)
    assert len(read) == 1


def test_texts_are_labelled_when_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    labelled = []
    original = tokenizer.label

    def label(pieces, texts):  # type: ignore[no-untyped-def]
        labelled.append(texts)
        return original(pieces, texts)

    monkeypatch.setattr(tokenizer, "label", label)
    results = [*attnviz.load().attend_many(["he took the hat", "it rained"])]
    assert [result.maps["encoder"].weights.shape[2:] for result in results] == [(6, 6), (4, 4)]
    assert not labelled
    assert [token.text for token in results[1].tokens] == ["[CLS]", "it", "rained", "[SEP]"]
    assert len(results[1].words().tokens) == 4
    assert labelled == [("it rained",)]


def test_what_was_read_of_a_text_is_the_same_in_another_process() -> None:
    given = attnviz.load().encode("he took the hat")
    again = pickle.loads(pickle.dumps(given.tokens))
    assert again == given.tokens
    assert type(again) is tuple
