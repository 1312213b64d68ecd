"""How wide text is on a terminal, and how it is cut."""

import pytest
import wcwidth
from hypothesis import given
from hypothesis import strategies as st

from attnviz.render.safe import label
from attnviz.render.terminal.lines import names
from attnviz.render.terminal.measure import OURS, fit, graphemes, width_of
from tests.render.printed import screen, tokens

FAMILY, FRANCE = "👨‍👩‍👧", "🇫🇷"


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("hat", 3),
        ("漢字", 4),
        ("ｶﾅ", 2),
        ("한국어", 6),
        ("cafe\u0301", 4),
        ("مَرْحَبًا", 5),
        ("हिन्दी", 4),
        ("தமிழ்", 4),
        (FAMILY, 2),
        (FRANCE, 2),
        ("🎩", 2),
        ("👍🏽", 2),
        ("→…·▀━│", 6),
    ],
)
def test_text_takes_the_columns_that_terminals_give_it(text: str, columns: int) -> None:
    assert width_of(text) == columns


def test_what_this_programs_own_sentences_have_beside_ascii_is_one_column_wide() -> None:
    assert [wcwidth.width(chr(code)) for code in OURS] == [1] * len(OURS)


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("examined", 8, "examined"),
        ("examined", 5, "exam…"),
        ("漢字漢字", 6, "漢字…"),
        ("漢字漢字", 5, "漢字…"),
        ("漢字漢字", 4, "漢…"),
        (FRANCE * 3, 4, FRANCE + "…"),
        (FAMILY + "abc", 3, FAMILY + "…"),
        ("cafe\u0301s", 4, "caf…"),
        ("हिन्दी", 3, "हि…"),
        ("ab", 1, "…"),
        ("ab", 0, ""),
    ],
)
def test_a_cut_falls_between_characters_as_people_see_them(
    text: str, width: int, shown: str
) -> None:
    assert fit(text, width) == shown


@given(st.text(max_size=20), st.integers(0, 24))
def test_a_cut_text_is_never_too_wide(text: str, width: int) -> None:
    assert width_of(fit(label(text), width)) <= width


@given(st.text(max_size=20))
def test_characters_make_up_their_text(text: str) -> None:
    shown = label(text)
    assert "".join(char for char, _ in graphemes(shown)) == shown


def test_a_repeated_word_is_named_by_its_occurrence() -> None:
    assert names(tokens("the cat the dog the"), screen()) == ["the", "cat", "the:2", "dog", "the:3"]
