"""Lines between two sentences on a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.analysis.alignment import Aligned
from attnviz.render.terminal.alignment import alignment
from attnviz.render.terminal.measure import width_of
from tests.render.alignments import CAT, aligned
from tests.render.printed import screen, text


def lines(drawn: Aligned, width: int = 80, encoding: str = "utf-8") -> list[str]:
    return text(alignment(drawn, screen(width, encoding=encoding)))


def test_lines_run_from_the_word_to_its_translation_with_their_weights() -> None:
    assert lines(CAT)[:4] == [
        "  The ⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒ Le   0.90",
        "black ⠒⠒⠒⠒⠒⠒⠒⠒⠒⢄⡠⠒⠒⠒⠒⠒⠒⠒⠒⠒ chat 1.00",
        "  cat ⠒⠒⠒⠒⠒⠒⠒⠒⠒⠎⠑⠒⠒⠒⠒⠒⠒⠒⠒⠒ noir 0.80",
        "                ⠁⠂⠂⠂⠂⠂⠂⠂⠂⠂ dort 0.25",
    ]


def test_a_weak_line_is_dotted_and_that_is_said() -> None:
    first, note = lines(aligned("cat", "chat", (0, 0, 0.4)))
    assert first == f"cat {'⠂' * 20} chat 0.40"
    assert note == "A dotted line stands for a weight under 0.5."
    assert lines(aligned("cat", "chat", (0, 0, 0.5))) == [f"cat {'⠒' * 20} chat 0.50"]


def test_a_line_that_falls_far_reaches_both_words() -> None:
    first, *between, last = lines(aligned("a b c d e f g h i j k l", "x", (0, 11, 0.9)))
    assert first.startswith("a                    ")
    assert first.endswith(" x 0.90")
    assert all(len(line) > 2 for line in (*between, last))
    places = [min(n for n, sign in enumerate(line) if sign > "\u2800") for line in (*between, last)]
    assert places == sorted(places, reverse=True)
    assert places[-1] == 2


def test_what_has_no_line_is_there_too() -> None:
    first, second = lines(aligned("a b", "x", (0, 0, 0.9)))
    assert second == "b"
    assert first.startswith("a ⠒")
    assert lines(aligned("a", "x y"))[1].split() == ["y"]


def test_where_no_line_can_be_drawn_links_are_listed() -> None:
    assert lines(CAT, encoding="ascii") == [
        "  Le > The 0.90 in 1.0",
        "chat > cat 1.00 in 1.0",
        "noir > black 0.80 in 1.0",
        "dort > cat 0.25 in 1.0",
    ]


WORDS = st.lists(st.text("abc漢🎩", min_size=1, max_size=40), min_size=1, max_size=6)


@given(WORDS, WORDS, st.integers(24, 120))
def test_no_line_is_wider_than_the_screen(source: list[str], target: list[str], width: int) -> None:
    links = [(i, i % len(source), 0.9) for i in range(len(target))]
    drawn = aligned(" ".join(source), " ".join(target), *links)
    assert max(map(width_of, lines(drawn, width))) <= width


@pytest.mark.parametrize("width", [24, 80, 200])
def test_long_words_are_cut_on_both_sides(width: int) -> None:
    (line,) = lines(aligned("w" * 300, "v" * 300, (0, 0, 0.9)), width)
    assert line.count("…") == 2
    assert line.endswith("… 0.90")


def test_words_act_on_nothing() -> None:
    drawn = "\n".join(lines(aligned("\x1b[31m", "\u202eevil", (0, 0, 0.9))))
    assert "\x1b" not in drawn
    assert "\u202e" not in drawn
