"""Which parts of a text are words, and which characters belong together."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.labelling.words import Layout, word_spans


def words(text: str) -> list[str]:
    return [text[start:end] for start, end in word_spans(text)]


@pytest.mark.parametrize(
    "word",
    [
        "wasn't", "don’t", "l'homme", "rock'n'roll", "O'Neil's", "state-of-the-art", "GPT-2",
        "3-year-old", "well‐known", "1,337", "3.14", "1,337.50", "snake_case", "naïve",
        "nai\u0308ve", "co\u00adoperate", "col·legi", "हिन्दी", "क्षि",
        "می\u200cخواهم", "צה״ל", "한국어",
        "\u1112\u1161\u11ab\u1100\u116e\u11a8", "コーヒー", "きます", "ﾊﾞｰ", "x²", "३.१४",
    ],
)  # fmt: skip
def test_one_word(word: str) -> None:
    assert words(word) == [word]
    assert words(f"a {word}, b") == ["a", word, ",", "b"]


@pytest.mark.parametrize(
    "sign",
    [
        "👩‍💻",
        "👍🏽",
        "🇫🇷",
        "❤️‍🔥",
        "1️⃣",
        "#️⃣",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "👨‍👩‍👧‍👦",
        "€",
        "%",
        "—",
        "…",
        "\ue000",
        "\U0010ffff",
    ],
)
def test_one_sign_is_one_word(sign: str) -> None:
    assert words(sign) == [sign]
    assert words(f"a{sign}b{sign}{sign}") == ["a", sign, "b", sign, sign]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He took it.", ["He", "took", "it", "."]),
        ("wait...", ["wait", ".", ".", "."]),
        ("'tis the dogs'", ["'", "tis", "the", "dogs", "'"]),
        ("a--b - c", ["a", "-", "-", "b", "-", "c"]),
        ("1971-10-20", ["1971", "-", "10", "-", "20"]),
        ("5'11", ["5", "'", "11"]),
        ("1, 2,a", ["1", ",", "2", ",", "a"]),
        ("a.b@c/d", ["a", ".", "b", "@", "c", "/", "d"]),
        ("$x_1$", ["$", "x_1", "$"]),
        ("C++", ["C", "+", "+"]),
        ("我喜欢猫", ["我", "喜", "欢", "猫"]),
        ("東京タワーへ行きます。", ["東", "京", "タワー", "へ", "行", "きます", "。"]),
        ("น้ำดี", ["น้ำ", "ดี"]),
        ("🇫🇷🇩🇪", ["🇫🇷", "🇩🇪"]),
        ("\ufeffa\u200b \x07b\x00", ["a\u200b", "b"]),
        ("", []),
        (" \n\t\u3000\u2028", []),
    ],
)
def test_a_text_in_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(st.text())
def test_words_are_in_order_and_miss_nothing_visible(text: str) -> None:
    spans = word_spans(text)
    assert all(start < end for start, end in spans)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    covered = {i for start, end in spans for i in range(start, end)}
    assert all(i in covered for i, char in enumerate(text) if char.isprintable() and char != " ")


@given(st.text(alphabet="a1-'., é\u0301👩\u200d💻🏽🇫🇷\ufe0f\u20e3क्षि我あア\u00ad\n"), st.data())
def test_a_widened_span_holds_the_span_and_widens_no_further(
    text: str, data: st.DataObject
) -> None:
    layout = Layout(text)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    wide = layout.whole(start, end)
    assert 0 <= wide[0] <= start <= end <= wide[1] <= len(text)
    assert layout.whole(*wide) == wide


def test_each_position_is_in_the_word_there_or_next() -> None:
    layout = Layout(" ab c ")
    assert [layout.word_at(i) for i in range(6)] == [0, 0, 0, 1, 1, 1]
    assert layout.n_words == 2


def test_a_thousand_accents_are_not_one_character() -> None:
    text = "a" + "\u0301" * 1000
    start, end = Layout(text).whole(500, 501)
    assert end - start < 50
    assert len(word_spans(text)) == 1
