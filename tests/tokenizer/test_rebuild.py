"""Token ids without a text: the text that they spell, and tokens labelled by it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.errors import InputError
from attnviz.result import Token
from tests.tokenizer.test_tokenizer import KINDS, tokenizer

TEXT = "He took the hat and examined it carefully"


@pytest.mark.parametrize("kind", KINDS)
def test_ids_of_a_text_give_its_tokens_again(kind: str) -> None:
    encoded = tokenizer(kind).encode(TEXT)
    again = tokenizer(kind).rebuild(encoded.ids, encoded.type_ids)
    assert again == encoded
    assert tokenizer(kind).tokens_of(encoded.ids) == encoded.tokens


def test_a_word_of_several_tokens_stays_one() -> None:
    tokens = tokenizer("wordpiece").tokens_of(tokenizer("wordpiece").encode("was walked").ids)
    assert [(t.text, t.word) for t in tokens[1:-1]] == [("was", 0), ("walk", 1), ("ed", 1)]


def test_type_ids_tell_the_texts_of_a_pair_apart() -> None:
    encoded = tokenizer("wordpiece").encode("the hat", "it was")
    assert tokenizer("wordpiece").rebuild(encoded.ids, encoded.type_ids) == encoded


def test_without_type_ids_a_pair_is_one_text_whose_words_do_not_grow_together() -> None:
    encoded = tokenizer("wordpiece").encode("the hat", "it was")
    again = tokenizer("wordpiece").rebuild(encoded.ids)
    assert again.texts == ("the hat it was",)
    assert [token.word for token in again.tokens] == [None, 0, 1, None, 2, 3, None]


def test_ids_all_of_type_1_are_one_text() -> None:
    ids = tokenizer("wordpiece").encode("the hat").ids
    again = tokenizer("wordpiece").rebuild(ids, [1] * len(ids))
    assert again.texts == ("the hat",)
    assert again.type_ids == (1,) * len(ids)


@pytest.mark.parametrize("kind", ["byte-level", "byte-fallback"])
def test_bytes_of_a_character_show_it_whole(kind: str) -> None:
    ids = tokenizer(kind).encode("a 我", special=False).ids
    assert [token.text for token in tokenizer(kind).tokens_of(ids)][-3:] == ["我"] * 3


def test_a_token_with_parts_of_two_characters_shows_both() -> None:
    ids = tokenizer("byte-level").encode("我喜", special=False).ids
    tokens = tokenizer("byte-level").tokens_of(ids)
    assert [token.text for token in tokens] == ["我", "我", "我喜", "喜", "喜"]


@pytest.mark.parametrize("kind", ["byte-level", "byte-fallback"])
def test_bytes_show_their_character_among_ids_that_no_text_would_give(kind: str) -> None:
    letters = [tokenizer(kind).tokenizer.token_to_id(letter) for letter in "the"]
    bytes_of_character = tokenizer(kind).encode("a我", special=False).ids[1:]
    tokens = tokenizer(kind).tokens_of([*letters, *bytes_of_character, *letters])
    assert [token.text for token in tokens] == [*"the", "我", "我", "我", *"the"]


@pytest.mark.parametrize("kind", ["byte-level", "byte-fallback"])
def test_bytes_that_are_no_character_show_something(kind: str) -> None:
    ids = tokenizer(kind).encode("我", special=False).ids[-1:] * 3
    assert [
        token.text.strip("\N{REPLACEMENT CHARACTER}") for token in tokenizer(kind).tokens_of(ids)
    ] == [""] * 3


def test_ids_that_no_text_would_give_show_their_own_part() -> None:
    text = tokenizer("wordpiece")
    ids = [text.tokenizer.token_to_id(token) for token in ("w", "##a", "##s", "hat")]
    assert text.rebuild(ids).texts == ("was hat",)
    assert [(t.text, t.word) for t in text.tokens_of(ids)] == [
        ("w", 0),
        ("a", 0),
        ("s", 0),
        ("hat", 1),
    ]


def test_an_id_that_the_tokenizer_lacks_shows_its_number() -> None:
    the = tokenizer("wordpiece").encode("the", special=False).ids[0]
    tokens = tokenizer("wordpiece").tokens_of([the, 2002, 3003, the])
    assert [token.text for token in tokens] == ["the", "#2002", "#3003", "the"]
    assert [token.id for token in tokens] == [the, 2002, 3003, the]
    assert tokens[1].word is not None and not tokens[1].special


def test_the_unknown_token_is_a_word_and_not_special() -> None:
    ids = tokenizer("wordpiece").encode("the ☃").ids
    tokens = tokenizer("wordpiece").tokens_of(ids)
    assert [(token.text, token.special) for token in tokens[1:-1]] == [
        ("the", False),
        ("[UNK]", False),
    ]


def test_no_ids_give_no_tokens() -> None:
    assert tokenizer("unigram").rebuild([]).tokens == ()


def test_special_tokens_alone_have_no_text() -> None:
    again = tokenizer("wordpiece").rebuild([2, 3])
    assert again.texts == ("",)
    assert again.tokens[0] == Token("[CLS]", 2, special=True)


@pytest.mark.parametrize("id", [-1, 2**32])
def test_a_number_that_is_no_id_is_refused(id: int) -> None:
    with pytest.raises(InputError, match="is not a token id"):
        tokenizer("wordpiece").rebuild([id])
    with pytest.raises(InputError, match="is not a token id"):
        tokenizer("wordpiece").decode([id])


def test_a_different_number_of_type_ids_is_refused() -> None:
    with pytest.raises(InputError, match="1 token type ids for 2 token ids"):
        tokenizer("wordpiece").rebuild([2, 3], [0])


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(KINDS), st.lists(st.integers(0, 440), max_size=30), st.data())
def test_any_ids_give_a_token_each(kind: str, ids: list[int], data: st.DataObject) -> None:
    types = data.draw(st.lists(st.integers(0, 2), min_size=len(ids), max_size=len(ids)))
    again = tokenizer(kind).rebuild(ids, types)
    assert again.ids == tuple(ids)
    assert again.type_ids == tuple(types)
    for token in again.tokens:
        assert token.text or token.special
        assert token.special == (token.word is None) == (token.start is None)
        if token.start is not None and token.end is not None:
            assert 0 <= token.start <= token.end <= len(again.texts[token.segment])


@settings(max_examples=60, deadline=None)
@given(st.text())
def test_bytes_spell_the_very_text(text: str) -> None:
    ids = tokenizer("byte-level").encode(text, special=False).ids
    if not tokenizer("byte-level").special_ids & set(ids):
        assert tokenizer("byte-level").rebuild(ids).texts == (text,)
