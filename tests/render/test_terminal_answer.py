"""What a word attends to, the links of a sentence and the title, on a terminal."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.analysis.answers import WordAttention
from attnviz.render.sentences import hidden_note
from attnviz.render.terminal import Colour, answer, links, title
from attnviz.render.terminal.measure import width_of
from attnviz.result import Head, Link, ModelInfo, Token
from tests.render.printed import (
    HAT,
    columns,
    hat_answer,
    lines,
    screen,
    softmax,
    text,
    tokens,
    written,
)

HOSTILE = ["\x1b[31m", "[bold]x[/]", "漢字", "👨‍👩‍👧", "مرحبا", "a\nb", "y" * 60, "हिन्दी"]


def long_answer(n: int, words: list[str] | None = None) -> WordAttention:
    keys = tuple(Token((words or [f"word{i}" for i in range(n)])[i % n]) for i in range(n))
    rows = softmax(5, n)
    return WordAttention(
        word=keys[0],
        position=0,
        keys=keys,
        mean=rows.mean(0),
        heads=tuple(Head(n, 11) for n in range(5)),
        rows=rows,
        tops=tuple(int(top) for top in rows.argmax(1)),
        n_heads=72,
        hidden=0.12,
        occurrences=2,
    )


def test_the_first_line_is_the_answer() -> None:
    assert text(answer(hat_answer(), screen()))[0] == "it → hat 0.75 in head 3.1"


def test_without_single_heads_the_mean_answers() -> None:
    text_cell = hat_answer(heads=(), rows=np.zeros((0, 8), np.float32), tops=())
    shown = text(answer(text_cell, screen()))
    assert shown[0] == "it → hat 0.25 over mean of 72 heads"
    assert "heads that say most" not in " ".join(shown)


def test_a_head_alone_is_named_and_shown_once() -> None:
    for colour in Colour.NONE, Colour.TRUE:
        shown = text(answer(hat_answer(n_heads=1), screen(80, colour)))
        assert shown[0] == "it → hat 0.75 in head 3.1" and "head 3.1" in shown
        assert not any("mean" in line or "say most" in line for line in shown)


def test_a_mean_of_one_head_is_not_of_heads() -> None:
    text_cell = hat_answer(n_heads=1, heads=(), rows=np.zeros((0, 8), np.float32), tops=())
    assert "mean of 1 head" in text(answer(text_cell, screen()))


def test_each_word_has_a_bar_as_long_as_its_mean() -> None:
    shown = text(answer(hat_answer(), screen(60)))
    first = shown.index("mean of 72 heads") + 1
    bars = [line.split() for line in shown[first : first + 8]]
    assert [bar[0] for bar in bars] == HAT.split()
    lengths = {bar[0]: len(bar[2]) for bar in bars}
    assert [bar[1] for bar in bars] == ["0.25" if bar[0] == "hat" else "0.05" for bar in bars]
    room = 46 - len("4.7 → examined 0.25 ")  # a chart is at most 46 columns wide
    assert lengths["hat"] == pytest.approx(0.25 * room, abs=1)  # on a scale from 0 to 1
    assert lengths["took"] == pytest.approx(0.05 * room, abs=1)


@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_longer_bar_is_a_larger_weight_in_both_charts(width: int) -> None:
    shown = "\n".join(text(answer(hat_answer(), screen(width))))
    bars = sorted((float(number), len(bar)) for number, bar in re.findall(r"(0\.\d\d) (━+)", shown))
    assert [length for _, length in bars] == sorted(length for _, length in bars)
    assert len({length for number, length in bars if number in (0.25, 0.5, 0.75)}) == 3


def test_the_heads_that_say_most_stand_with_the_word_they_look_at() -> None:
    shown = text(answer(hat_answer(), screen(60)))
    first = shown.index("heads that say most") + 1
    assert [line.split()[:4] for line in shown[first : first + 2]] == [
        ["3.1", "→", "hat", "0.75"],
        ["4.7", "→", "examined", "0.50"],
    ]


def test_on_a_wide_screen_the_charts_stand_side_by_side() -> None:
    shown = text(answer(hat_answer(), screen(80)))
    assert any("mean of 72 heads" in line and "heads that say most" in line for line in shown)


def test_the_sentence_is_shaded_by_weight_once_for_each_head_and_the_mean() -> None:
    shown = lines(answer(hat_answer(), screen(80, Colour.TRUE)))
    rows = {line[0].text.strip(): line for line in shown if "took" in "".join(p.text for p in line)}
    assert {"3.1", "4.7", "mean"} <= rows.keys()

    def light(name: str, word: str) -> int:
        (style,) = (part.style for part in rows[name] if part.text == word)
        return sum(style.bgcolor.triplet)  # type: ignore[union-attr, arg-type]

    assert light("3.1", "hat") > light("mean", "hat") > light("3.1", "took")
    assert light("4.7", "examined") > light("4.7", "hat")


def test_the_word_asked_about_is_underlined_in_its_own_sentence_alone() -> None:
    def underlined(**changed: object) -> list[str]:
        shown = lines(answer(hat_answer(**changed), screen(80, Colour.TRUE)))
        return [p.text for line in shown for p in line if p.style and p.style.underline]

    assert set(underlined()) == {"it"}
    assert underlined(kind="cross") == []


def test_tokens_that_touch_in_the_text_touch_in_the_sentence() -> None:
    keys = (Token("hat", start=0, end=3), Token("!", start=3, end=4), Token("it", start=5, end=7))
    text_cell = hat_answer(keys=keys, mean=np.ones(3, np.float32), rows=np.ones((1, 3), np.float32),
                      heads=(Head(0, 0),), tops=(0,), position=2, word=keys[2])  # fmt: skip
    assert text(answer(text_cell, screen(80, Colour.TRUE)))[2].endswith("hat! it")


def test_a_long_sentence_keeps_its_strongest_words_and_sums_up_the_others() -> None:
    text_cell = long_answer(200)
    shown = text(answer(text_cell, screen(80, Colour.TRUE)))
    assert len(shown) < 60
    first = next(n for n, line in enumerate(shown) if "mean of 72 heads" in line) + 1
    strongest = np.argsort(-text_cell.mean, kind="stable")[:15]
    assert [line.split()[0] for line in shown[first : first + 15]] == [
        f"word{i}" for i in strongest
    ]
    rest = 1 - text_cell.mean[strongest].sum()
    assert shown[first + 15].split() == ["185", "others", f"{rest:.2f}"]
    assert "".join(shown[2:first]).count("word") == 200


def test_what_is_left_out_is_said() -> None:
    assert text(answer(long_answer(4), screen()))[-4:-2] == [
        hidden_note(0.12),
        "This is 'word0' number 1 of 2; ask 'word0:2' for the second.",
    ]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=9)), min_size=1, max_size=40),
    st.integers(40, 200),
    st.sampled_from(list(Colour)),
    st.sampled_from(["utf-8", "ascii"]),
)
def test_nothing_is_wider_than_the_screen(
    words: list[str], width: int, colour: Colour, encoding: str
) -> None:
    target = screen(width, colour, encoding)
    text_cell = long_answer(len(words), words)
    pairs = [Link(0, len(words) - 1, 0.5, Head(11, 11))]
    for shown in (answer(text_cell, target), links(pairs, text_cell.keys, text_cell.keys, target)):
        assert max(map(width_of, text(shown))) <= width


@pytest.mark.parametrize("colour", list(Colour))
def test_hostile_words_appear_as_text(colour: Colour) -> None:
    shown = text(answer(long_answer(8, HOSTILE), screen(80, colour)))
    assert shown[0].startswith("\\x1b[31m → ")
    assert any("[bold]x[/]" in line for line in shown)
    assert any("a\\nb" in line for line in shown)
    assert not any("\x1b" in line for line in shown)


def test_an_ascii_stream_gets_ascii_bars_and_arrows() -> None:
    shown = written(answer(hat_answer(), screen(encoding="ascii")), screen(encoding="ascii"))
    assert shown.startswith("it > hat 0.75 in head 3.1")
    assert "0.25 ====" in shown


def test_links_name_both_words_the_weight_and_the_head() -> None:
    words = tokens(HAT)
    found = [Link(6, 3, 0.7512, Head(3, 1)), Link(7, 1, 0.4, Head(5, 11))]
    shown = text(links(found, words, words, screen()))
    assert shown == ["       it → hat 0.75 in 3.1", "carefully → took 0.40 in 5.11"]


def test_links_tell_repeated_words_apart() -> None:
    words = tokens("the cat the dog")
    assert text(links([Link(3, 2, 0.5, Head(0, 0))], words, words, screen())) == [
        "dog → the:2 0.50 in 0.0"
    ]


def test_links_across_languages_take_their_words_from_both_sides() -> None:
    found = [Link(0, 1, 0.5, Head(0, 0))]
    shown = text(links(found, tokens("le chat"), tokens("the cat"), screen()))
    assert shown == ["le → cat 0.50 in 0.0"]


def test_the_title_says_model_tokens_layers_and_heads() -> None:
    shown = text(title(ModelInfo("all-MiniLM-L6-v2"), "10 tokens", 6, 12, screen()))
    assert shown == ["all-MiniLM-L6-v2 · 10 tokens · 6 layers × 12 heads"]
    narrow = text(title(ModelInfo("[red]" + "\x1b[2J" * 30), "10 tokens", 6, 12, screen(40)))
    assert max(map(len, narrow)) <= 40 and not any("\x1b" in line for line in narrow)


def test_shading_ends_with_the_sentence() -> None:
    shown = lines(answer(hat_answer(), screen(80, Colour.TRUE)))
    for line in (line for line in shown if any(part.text == "examined" for part in line)):
        grounds = [n for n, (_, style) in enumerate(columns(line)) if style and style.bgcolor]
        assert grounds == list(range(6, 6 + len(HAT))) or not grounds
