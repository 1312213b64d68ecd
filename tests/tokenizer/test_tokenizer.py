"""What tokens show, where they stand and which word they are in."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from tokenizers import Tokenizer as Backend

from attnviz.errors import InputError
from attnviz.labelling.words import word_spans
from attnviz.result import Token
from attnviz.tokenizer.tokenizer import Tokenizer, load_tokenizer, tokens_without_text

TOKENIZERS = Path(__file__).parents[1] / "fixtures/tokenizers"
KINDS = ["wordpiece", "byte-level", "unigram", "byte-fallback"]


@cache
def tokenizer(kind: str) -> Tokenizer:
    return load_tokenizer(TOKENIZERS / kind)


def shown(kind: str, text: str) -> list[str]:
    return [token.text for token in tokenizer(kind).encode(text, special=False).tokens]


def words(kind: str, text: str) -> list[int | None]:
    return [token.word for token in tokenizer(kind).encode(text).tokens]


def test_the_first_token_of_a_sentence_in_full() -> None:
    assert tokenizer("wordpiece").encode("He took").tokens[:2] == (
        Token("[CLS]", 2, None, None, None, True, 0),
        Token("He", 156, 0, 2, 0, False, 0),
    )


def test_ids_and_type_ids_are_those_of_the_tokens() -> None:
    encoded = tokenizer("wordpiece").encode("He", "he")
    assert encoded.ids == tuple(token.id for token in encoded.tokens)
    assert encoded.type_ids == (0, 0, 0, 1, 1)
    assert encoded.texts == ("He", "he")


@pytest.mark.parametrize("kind", KINDS)
def test_tokens_show_words_without_spaces_or_signs(kind: str) -> None:
    assert shown(kind, "He took the hat") == ["He", "took", "the", "hat"]


def test_a_piece_of_a_word_shows_no_sign() -> None:
    assert shown("wordpiece", "walked") == ["walk", "ed"]


def test_a_token_shows_the_text_and_not_what_it_was_normalized_to() -> None:
    assert shown("unigram", "ﬁ") == [" ", "ﬁ", "ﬁ"]


@pytest.mark.parametrize("kind", KINDS)
def test_offsets_leave_out_the_space_before_a_word(kind: str) -> None:
    tokens = tokenizer(kind).encode("He took the hat", special=False).tokens
    assert [(t.start, t.end) for t in tokens] == [(0, 2), (3, 7), (8, 11), (12, 15)]


@pytest.mark.parametrize("kind", ["byte-level", "byte-fallback"])
def test_a_token_of_nothing_but_space_shows_it(kind: str) -> None:
    assert shown(kind, "He \n the")[1:-1] == [" ", "\n"]


def test_a_space_that_the_tokenizer_puts_in_front_is_shown_as_a_space() -> None:
    token = tokenizer("unigram").encode("我", special=False).tokens[0]
    assert (token.text, token.start, token.end, token.word) == (" ", 0, 0, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_that_looks_like_a_space_sign_is_shown(kind: str) -> None:
    assert shown(kind, "hat Ġ")[-1] == "Ġ"


@pytest.mark.parametrize("kind", ["byte-level", "byte-fallback"])
@pytest.mark.parametrize("character", ["我", "👍🏽", "👩‍💻", "🇫🇷", "é", "क्षि", "ก็", "1️⃣"])
def test_a_character_cut_into_bytes_is_shown_whole_in_each_token(kind: str, character: str) -> None:
    tokens = tokenizer(kind).encode(f"a {character} a", special=False).tokens[1:-1]
    spans = {(t.text, t.start, t.end) for t in tokens if t.text.strip()}
    assert len(tokens) > 1
    assert spans == {(character, 2, 2 + len(character))}


def test_a_token_with_parts_of_two_characters_shows_both() -> None:
    assert shown("byte-level", "我喜") == ["我", "我", "我喜", "喜", "喜"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_word_shows_itself_and_is_not_special(kind: str) -> None:
    tokens = tokenizer(kind).encode("the ☃", special=False).tokens
    assert tokens[-1].text == "☃"
    assert not any(token.special for token in tokens)


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_tokenizer_adds_is_special(kind: str) -> None:
    tokens = tokenizer(kind).encode("hat").tokens
    assert tokens[0].special and tokens[0].start is None and tokens[0].word is None
    assert tokens[0].text in ("[CLS]", "<s>")
    assert [token.text for token in tokens if not token.special] == ["hat"]


@pytest.mark.parametrize(
    ("kind", "written"), [("wordpiece", "[SEP]"), ("byte-level", "</s>"), ("unigram", "</s>")]
)
def test_a_special_token_that_the_user_writes_is_special(kind: str, written: str) -> None:
    tokens = tokenizer(kind).encode(f"the {written} hat", special=False).tokens
    special = [token for token in tokens if token.special]
    assert [(t.text, t.start, t.end) for t in special] == [(written, 4, 4 + len(written))]


def test_what_only_looks_like_a_special_token_is_none() -> None:
    assert not any(t.special for t in tokenizer("wordpiece").encode("[EOS]", special=False).tokens)


@pytest.mark.parametrize(("kind", "unknown"), [("wordpiece", "[UNK]"), ("unigram", "<unk>")])
def test_the_unknown_token_is_special_where_it_is_written_out(kind: str, unknown: str) -> None:
    tokens = tokenizer(kind).encode(f"hat {unknown} ☃", special=False).tokens
    assert [token.text for token in tokens if token.special] == [unknown]


@pytest.mark.parametrize("kind", KINDS)
def test_words_are_the_same_for_every_tokenizer(kind: str) -> None:
    text = "The café's 1,337 hats: 我喜 👩‍💻 wasn't, was it?"
    spans = word_spans(text)
    tokens = tokenizer(kind).encode(text, special=False).tokens
    for token in tokens:
        assert token.start is not None and token.word is not None
        visible = token.start + (token.text == " ")
        start, end = spans[token.word]
        assert start <= visible < end


def test_a_blank_token_is_in_the_word_that_follows() -> None:
    assert words("byte-level", "a  b") == [None, 0, 1, 1, 1, None]


def test_a_blank_token_at_the_end_is_in_the_last_word() -> None:
    assert words("byte-level", "a \n") == [None, 0, 0, 0, None]


def test_tokens_of_a_blank_text_are_in_one_word() -> None:
    assert set(words("byte-level", " \n ")) == {None, 0}


def test_a_pair_has_two_segments_with_offsets_and_words_that_count_on() -> None:
    tokens = tokenizer("wordpiece").encode("He took", "the hat.").tokens
    assert [(t.text, t.segment, t.start, t.word) for t in tokens] == [
        ("[CLS]", 0, None, None),
        ("He", 0, 0, 0),
        ("took", 0, 3, 1),
        ("[SEP]", 0, None, None),
        ("the", 1, 0, 2),
        ("hat", 1, 4, 3),
        (".", 1, 7, 4),
        ("[SEP]", 1, None, None),
    ]


def test_the_limit_and_the_padding_of_tokenizer_json_are_off() -> None:
    assert len(tokenizer("wordpiece").encode("hat").ids) == 3
    assert len(tokenizer("wordpiece").encode("hat " * 500).ids) == 502


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("limit", [5, 6, 7, 8, 11, 30])
@pytest.mark.parametrize("pair", [None, "it was", "he took the cat and the coat"])
def test_a_limit_cuts_as_the_library_does(kind: str, limit: int, pair: str | None) -> None:
    text = "He took the hat and examined it"
    cut = tokenizer(kind).encode(text, pair, limit=limit)
    library = Backend.from_file(str(TOKENIZERS / kind / "tokenizer.json"))
    library.no_padding()
    library.enable_truncation(limit)
    expected = library.encode(text, pair)
    assert list(cut.ids) == expected.ids
    assert list(cut.type_ids) == expected.type_ids
    assert cut.texts[0] == text


def test_a_limit_without_room_for_a_text_is_refused() -> None:
    with pytest.raises(InputError, match="2 tokens leave no room"):
        tokenizer("wordpiece").encode("hat", limit=2)
    assert tokenizer("wordpiece").encode("", limit=2).ids == (2, 3)


def test_half_of_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(InputError, match="character 5 of the text is half of a surrogate pair"):
        tokenizer("wordpiece").encode("the \ud83d")
    with pytest.raises(InputError):
        tokenizer("wordpiece").encode("the", "\udc00")


def test_decoding_leaves_special_tokens_out_or_in() -> None:
    text = tokenizer("byte-level")
    ids = text.encode("He took the hat").ids
    assert text.decode(ids) == "He took the hat"
    assert text.decode(ids, skip_special=False) == "<s>He took the hat</s>"


def test_the_vocabulary_and_its_special_tokens() -> None:
    assert tokenizer("unigram").special_ids == frozenset(range(11)) - {4}  # a mask is a word
    assert tokenizer("byte-fallback").special_ids == {0, 1, 2}
    assert tokenizer("byte-fallback").vocab_size == 428


def test_ids_without_a_tokenizer_are_words_of_their_own() -> None:
    assert tokens_without_text([7, 2002]) == (
        Token("#7", 7, word=0),
        Token("#2002", 2002, word=1),
    )
