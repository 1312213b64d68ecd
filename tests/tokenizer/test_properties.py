"""What holds for every text, whatever the tokenizer."""

from __future__ import annotations

from itertools import groupby

from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.labelling.words import Layout, word_spans
from attnviz.tokenizer.tokenizer import Encoded
from tests.tokenizer.test_tokenizer import KINDS, tokenizer

PIECES = st.sampled_from(
    ["hat", " the", "  ", "\n", "é", "e\u0301", "我", "👩\u200d💻", "🇫🇷", "क्षि", "1,337", "-", "'s",
     "[CLS]", "</s>", "<unk>", "▁", "Ġ", "ﬁ", "\u0301", "\u200b", "\x00", "\ufffd", "กำ"]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=12).map("".join))
ENCODED = st.builds(
    lambda kind, text, pair, special: tokenizer(kind).encode(text, pair, special=special),
    st.sampled_from(KINDS),
    TEXTS,
    st.none() | TEXTS,
    st.booleans(),
)
EVERY = settings(max_examples=150, deadline=None)


@EVERY
@given(ENCODED)
def test_offsets_are_in_order_and_inside_the_text(encoded: Encoded) -> None:
    for segment, text in enumerate(encoded.texts):
        placed = [t for t in encoded.tokens if t.segment == segment and t.start is not None]
        starts = [token.start for token in placed if token.start is not None]
        assert starts == sorted(starts)
        for token in placed:
            assert token.start is not None and token.end is not None
            assert 0 <= token.start <= token.end <= len(text)


@EVERY
@given(ENCODED)
def test_a_token_shows_the_text_that_its_offsets_name(encoded: Encoded) -> None:
    for token in encoded.tokens:
        if token.start is not None and token.end is not None and not token.special:
            written = encoded.texts[token.segment][token.start : token.end]
            assert token.text == (written or token.text)
            assert token.text == token.text.strip() or not token.text.strip()


@EVERY
@given(ENCODED)
def test_a_token_has_a_word_unless_it_is_special(encoded: Encoded) -> None:
    assert all(token.special == (token.word is None) for token in encoded.tokens)


@EVERY
@given(ENCODED)
def test_the_tokens_of_a_word_are_neighbours(encoded: Encoded) -> None:
    numbers = [token.word for token in encoded.tokens if token.word is not None]
    runs = [number for number, _ in groupby(numbers)]
    assert runs == sorted(set(runs))


@EVERY
@given(ENCODED)
def test_a_word_is_the_one_that_its_tokens_begin_in(encoded: Encoded) -> None:
    first = 0
    for segment, text in enumerate(encoded.texts):
        spans = word_spans(text)
        for token in encoded.tokens:
            if token.segment != segment or token.word is None or not spans:
                continue
            assert token.start is not None
            start, end = spans[token.word - first]
            assert token.start < end or token.word - first == len(spans) - 1
            assert (
                start <= token.start
                or not text[token.start : start].strip()
                or (word_spans(text[token.start : start]) == [])
            )
        first += Layout(text).n_words


@EVERY
@given(ENCODED)
def test_no_character_is_cut_but_by_a_special_token(encoded: Encoded) -> None:
    for token in encoded.tokens:
        if token.special or token.start is None or token.end is None or token.start == token.end:
            continue
        if any(other.special and other.end == token.start for other in encoded.tokens):
            continue
        whole = Layout(encoded.texts[token.segment]).whole(token.start, token.end)
        assert whole == (token.start, token.end)
