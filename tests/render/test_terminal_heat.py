"""A heat map on a terminal: which form it takes, and that each form shows the right weights."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.analysis.answers import MatrixView
from attnviz.render.sentences import MERGED, hidden_note
from attnviz.render.terminal import Colour, heat_map
from attnviz.render.terminal.measure import width_of
from attnviz.render.terminal.pixels import pooled
from attnviz.result import Token
from tests.render.printed import (
    ESCAPE,
    HAT,
    columns,
    grounded,
    lines,
    screen,
    softmax,
    spotlight,
    text,
    tokens,
    view,
    written,
)

COLOURS = list(Colour)
LONG = ("the lighthouse keeper who had lived alone on a rocky island told us that " * 16).split()
SCRIPTS = ["漢字", "cafe\u0301", "👨‍👩‍👧", "🇫🇷", "مرحبا", "हिन्दी", "👍🏽", "한국어", "ไทย", "word"]
HOSTILE = ["\x1b[31mred", "[bold]x[/]", "$x_1$", "a\nb", "t\tb", "\u202eabc", "\x9b2J", ""]
NASTY = st.lists(
    st.one_of(st.sampled_from(SCRIPTS + HOSTILE + LONG[:13] + ["x" * 70]), st.text(max_size=8)),
    min_size=1,
    max_size=30,
)


def is_numbers(shown: list[str]) -> bool:
    return any(re.search(r"[01]?\.\d", line) for line in shown[1:])


def test_each_weight_stands_in_the_row_of_its_query_under_its_key() -> None:
    text_cell = view()
    header, *rows = text(heat_map(text_cell, screen()))[1:]
    ends = [match.end() for match in re.finditer(r"\S+", header)]
    assert header.split() == HAT.split()
    for row, query, weights in zip(rows, HAT.split(), text_cell.weights, strict=True):
        label, *shown = row.split()
        assert label == query
        assert shown == [f"{w:.2f}" if w >= 0.005 else "·" for w in weights]
        middles = [sum(match.span()) / 2 for match in re.finditer(r"\S+", row)][1:]
        assert all(abs(end - middle) < 6 for end, middle in zip(ends, middles, strict=True))


def test_narrow_columns_drop_the_leading_zero_and_put_the_words_on_stairs() -> None:
    text_cell = view(LONG[:14])
    shown = text(heat_map(text_cell, screen(80)))
    first = next(n for n, line in enumerate(shown) if re.search(r"\.\d\d", line))
    rows, heads = shown[first:], shown[1:first]
    assert [row.split()[0] for row in rows] == LONG[:14]
    assert rows[0].split()[1:] == [
        f"{w:.2f}"[1:] if w >= 0.005 else "·" for w in text_cell.weights[0]
    ]
    assert sorted(re.findall(r"\w+", " ".join(heads))) == sorted(LONG[:14])
    ends = [match.end() for match in re.finditer(r"\S+", rows[0])][1:]
    for word, end in zip(LONG[:14], ends, strict=True):  # each word ends above its numbers
        assert any(head[:end].endswith(word) for head in heads)


def test_a_line_leads_from_each_raised_word_down_to_its_column() -> None:
    heads = text(heat_map(view(LONG[:14]), screen(80)))[1:4]
    for upper, lower in pairwise(heads):
        for match in re.finditer(r"\w+|│", upper):
            assert lower.ljust(80)[match.end() - 1] == "│"


@pytest.mark.parametrize(
    ("weight", "in_four", "in_three"),
    [(0.754, "0.75", ".75"), (1.0, "1.00", "1.0"), (0.004, "·", "·"), (0.9999, "1.00", "1.0")],
)
def test_numbers_are_rounded_to_hundredths(weight: float, in_four: str, in_three: str) -> None:
    for words, shown in ((["a"], in_four), (["a"] * 18, in_three)):
        weights = np.full((len(words), len(words)), weight, np.float32)
        assert text(heat_map(view(words, weights=weights), screen(80)))[-1].split()[1] == shown


def test_where_numbers_do_not_fit_each_query_has_a_line_of_squares() -> None:
    spot = spotlight(30, 30, (4, 7))
    shown = lines(heat_map(view(LONG[:30], weights=spot), screen(80, Colour.TRUE)))
    rows = [line for line in shown[1:] if len(grounded(line)) == 60]
    assert len(rows) == 30
    start = grounded(rows[0])[0]
    hot = {
        (y, column - start)
        for y, row in enumerate(rows)
        for column, (_, style) in enumerate(columns(row))
        if style and style.bgcolor and style.bgcolor.triplet.green > 200
    }
    assert hot == {(4, 14), (4, 15)}
    assert "".join(char for char, _ in columns(rows[4])[:start]).split() == [LONG[4]]


def test_where_squares_do_not_fit_two_queries_share_a_line_of_half_blocks() -> None:
    spot = spotlight(60, 60, (4, 7), (11, 50))
    shown = lines(heat_map(view(LONG[:60], weights=spot), screen(80, Colour.TRUE)))
    rows = [line for line in shown if any(part.text.startswith("▀") for part in line)]
    assert len(rows) == 30
    start = next(n for n, (char, _) in enumerate(columns(rows[0])) if char == "▀")
    bright = {
        (2 * y + half, x - start)
        for y, row in enumerate(rows)
        for x, (char, style) in enumerate(columns(row))
        if char == "▀" and style
        for half, paint in enumerate((style.color, style.bgcolor))
        if paint and paint.triplet and paint.triplet.green > 200
    }
    assert bright == {(4, 7), (11, 50)}


def test_an_odd_last_row_of_pixels_has_nothing_under_it() -> None:
    shown = lines(heat_map(view(LONG[:61]), screen(80, Colour.TRUE)))
    last = [line for line in shown if any("▀" in part.text for part in line)][-1]
    assert all(style is None or style.bgcolor is None for _, style in columns(last))


def test_two_hundred_words_stay_readable_at_eighty_columns() -> None:
    spots = ((17, 5), (160, 141), (33, 150))
    text_cell = view(LONG[:200], weights=spotlight(200, 200, *spots))
    shown = text(heat_map(text_cell, screen(80, Colour.TRUE)))
    assert len(shown) < 50
    assert max(map(len, shown)) <= 80
    assert "Each pixel is the strongest of 3 × 3 weights." in shown
    for query, key in spots:  # named below with position, word and weight
        link = f"{query} {LONG[query]} → {key} {LONG[key]}"
        assert any(re.search(rf"{link} +1\.00", line) for line in shown)
    positions = [int(line.split()[0]) for line in shown[2:36]]
    assert positions == list(range(0, 200, 6))[: len(positions)]
    assert shown[3].split()[:3] == ["6", LONG[6], LONG[7]] or "…" in shown[3]


def test_positions_across_the_top_stand_above_their_columns() -> None:
    text_cell = view(
        LONG[:200], weights=spotlight(200, 200, *((0, key) for key in range(0, 200, 50)))
    )
    header, first = lines(heat_map(text_cell, screen(80, Colour.TRUE)))[1:3]
    shown = columns(first)
    bright = [n for n, (c, s) in enumerate(shown) if c == "▀" and s.color.triplet.green > 200]
    line = "".join(char for char, _ in columns(header))
    assert [line[n:].split()[0] for n in bright] == ["0", "50", "100", "150"]


def test_the_strongest_weights_named_are_between_words_and_not_special_tokens() -> None:
    words = tokens(["[CLS]", *LONG[:98], "[SEP]"])
    weights = spotlight(100, 100, *((query, 99) for query in range(100)))
    weights[40, 20] = 0.3
    text_cell = MatrixView(weights, words, words, "head 3.1")
    shown = " ".join(text(heat_map(text_cell, screen(80, Colour.TRUE)))[-2:])
    assert f"40 {LONG[39]} → 20 {LONG[19]}" in shown
    assert "[SEP]" not in shown


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 9))
def test_pooling_keeps_the_strongest_weight_of_each_square(rows: int, keys: int, step: int) -> None:
    weights = np.random.default_rng(rows * keys).normal(size=(rows, keys)).astype(np.float32)
    small = pooled(weights, step)
    for y, x in np.ndindex(small.shape):
        square = weights[y * step : (y + 1) * step, x * step : (x + 1) * step]
        assert small[y, x] == square.flat[np.abs(square).argmax()]


@settings(max_examples=60, deadline=None)
@given(NASTY, st.integers(40, 200), st.sampled_from(COLOURS), st.sampled_from(["utf-8", "ascii"]))
def test_nothing_is_wider_than_the_screen_and_columns_stay_aligned(
    words: list[str], width: int, colour: Colour, encoding: str
) -> None:
    shown = lines(heat_map(view(words), screen(width, colour, encoding)))
    assert all(sum(width_of(part.text) for part in line) <= width for line in shown)
    grounds = [tuple(grounded(line)) for line in shown[1:]]
    assert len({ground for ground in grounds if ground}) <= 1


@settings(max_examples=20, deadline=None)
@given(st.integers(31, 300), st.integers(40, 200), st.sampled_from(COLOURS), st.booleans())
def test_long_sentences_fit_any_screen(n: int, width: int, colour: Colour, odd: bool) -> None:
    words = ((SCRIPTS + HOSTILE) * 17)[:n] if odd else (LONG * 2)[:n]
    weights = np.tile(softmax(1, n), (n, 1))
    shown = text(heat_map(view(words, weights=weights), screen(width, colour)))
    assert max(map(width_of, shown)) <= width


@pytest.mark.parametrize("colour", [Colour.NONE, Colour.TRUE])
def test_numbers_end_in_the_same_column_whatever_the_script(colour: Colour) -> None:
    text_cell = view(SCRIPTS, weights=np.full((10, 10), 0.5, np.float32))
    shown = text(heat_map(text_cell, screen(100, colour)))
    rows = [line for line in shown if "0.50" in line]
    assert len(rows) == 10
    ends = [[width_of(row[: m.end()]) for m in re.finditer("0.50", row)] for row in rows]
    assert len(ends[0]) == 10
    assert all(end == ends[0] for end in ends)


def test_labels_of_right_to_left_words_do_not_take_the_numbers_along() -> None:
    row = text(heat_map(view(["مرحبا", "a"]), screen()))[2]
    before = row[: re.search(r"\d", row).start()]  # type: ignore[union-attr]
    assert before.rstrip(" ").endswith("\u200e")


def test_the_cursor_is_put_back_after_text_of_unsure_width_on_a_terminal() -> None:
    terminal = replace(screen(80, Colour.TRUE), anchored=True)
    text_cell = view(["👍🏽", "word"], weights=np.full((2, 2), 0.5, np.float32))
    for line in lines(heat_map(text_cell, terminal)):
        column = 0
        for part in line:
            if part.control:
                assert part.text == f"\x1b[{column + 1}G"
            column += 0 if part.control else width_of(part.text)
        assert any(part.control for part in line) == any("👍🏽" in part.text for part in line)


def test_without_colour_not_one_escape_is_written() -> None:
    for n in (8, 30, 100):
        assert "\x1b" not in written(heat_map(view(LONG[:n]), screen()), screen())


@pytest.mark.parametrize("n", [8, 14, 30, 100])
def test_an_ascii_stream_gets_ascii(n: int) -> None:
    target = screen(encoding="ascii")
    shown = written(heat_map(view(["漢", "→", *LONG[: n - 2]]), target), target)
    assert shown.isascii()
    assert "\\u6f22"[:4] in shown


def test_without_colour_pixels_are_digits_in_tenths_of_the_scale() -> None:
    weights = spotlight(100, 100, (0, 1))
    weights[0, 2], weights[0, 3], weights[0, 4] = 0.5, 0.06, 0.04
    shown = text(heat_map(view(LONG[:100], weights=weights), screen(130)))
    assert "·9722·" in shown[2]  # √0.5, √0.06 and √0.04
    assert "from 0 to 1 on a square root scale" in " ".join(shown)


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("repeat", [1, 4, 12])
def test_hostile_tokens_appear_as_text(colour: Colour, repeat: int) -> None:
    text_cell = view(HOSTILE * repeat, title="[red]\x1b[2J")
    target = screen(120, colour)
    shown = ESCAPE.sub("", written(heat_map(text_cell, target), target))
    assert not set("\x1b\x07\x9b\t\u202e") & set(shown)
    assert "[red]\\x1b[2J" in shown
    if repeat == 1:
        for said in ("\\x1b[31mred", "[bold]x[/]", "$x_1$", "a\\nb", "t\\tb", "\\u202eabc", "∅"):
            assert said in shown


def test_the_weight_left_out_and_how_to_read_words_are_said() -> None:
    shown = text(heat_map(view(hidden=0.624, merged=True), screen()))
    assert shown[-2:] == [MERGED, hidden_note(0.624)]
    assert "hidden" not in " ".join(text(heat_map(view(), screen())))


def test_long_notes_wrap_between_words() -> None:
    shown = text(heat_map(view("a b", merged=True), screen(40)))
    assert " ".join(shown[4:]) == MERGED
    assert max(map(len, shown)) <= 40


def test_the_strongest_weight_of_each_row_is_bold_and_zeros_are_fainter() -> None:
    weights = np.array([[0.7, 0.3, 0.0], [0.2, 0.0, 0.8], [0.1, 0.9, 0.0]], np.float32)
    rows = lines(heat_map(view("a b c", weights=weights), screen(80, Colour.TRUE)))[2:]
    for row, strongest in zip(rows, ("0.70", "0.80", "0.90"), strict=True):
        assert [part.text.strip() for part in row if part.style and part.style.bold] == [strongest]
    cells = {part.text.strip(): part.style for part in rows[0]}
    assert cells["·"].color != cells["0.30"].color  # type: ignore[union-attr]


def test_differences_are_signed_and_have_two_hues() -> None:
    weights = np.array([[0.5, -0.5], [0.0, 0.1]], np.float32)
    text_cell = view("a b", weights=weights, signed=True)
    rows = lines(heat_map(text_cell, screen(80, Colour.TRUE)))[2:]
    cells = {part.text.strip(): part.style for part in rows[0]}
    gain, loss = cells["+0.50"].bgcolor.triplet, cells["-0.50"].bgcolor.triplet  # type: ignore[union-attr]
    assert gain.red > gain.blue and loss.blue > loss.red  # type: ignore[union-attr]
    loss = view(LONG[:60], weights=-spotlight(60, 60, (0, 1)), signed=True)
    dense = text(heat_map(loss, screen()))
    assert "·i·" in dense[2] and "letters" in " ".join(dense)


def test_cross_attention_may_have_few_queries_and_many_keys() -> None:
    text_cell = view("deux mots", keys=LONG[:90], weights=spotlight(2, 90, (1, 60)))
    shown = text(heat_map(text_cell, screen(80, Colour.TRUE)))
    assert any(re.search(rf"1 mots → 60 {LONG[60]} +1\.00", line) for line in shown)


def test_cross_attention_is_told_from_a_map_of_one_text_with_itself() -> None:
    within, across = (replace(view(), kind=kind) for kind in ("encoder", "cross"))
    assert "query ↓ key →" in text(heat_map(within, screen()))[0]
    assert "target ↓ source →" in text(heat_map(across, screen()))[0]


@pytest.mark.parametrize("shape", [(0, 0), (2, 0), (0, 2)])
def test_an_empty_matrix_prints_its_title(shape: tuple[int, int]) -> None:
    axes = [tuple(Token("x") for _ in range(n)) for n in shape]
    text_cell = MatrixView(np.zeros(shape, np.float32), *axes, "nothing")
    for colour in COLOURS:
        assert text(heat_map(text_cell, screen(80, colour)))[0].startswith("nothing")


def test_weights_that_are_not_numbers_are_shown_as_such() -> None:
    weights = np.array([[np.nan, 1.0], [0.5, 0.5]], np.float32)
    assert text(heat_map(view("a b", weights=weights), screen()))[2].split() == [
        "a",
        "nan",
        "1.00",
    ]


@pytest.mark.parametrize(
    ("n", "colour", "fewer"),
    [
        (4, Colour.NONE, 6),  # no dots in a table of numbers
        (30, Colour.NONE, 435),
        (70, Colour.NONE, 2415),
        (70, Colour.TRUE, 1190),  # each two rows of half blocks
    ],
)
def test_what_a_causal_mask_forbids_is_blank(n: int, colour: Colour, fewer: int) -> None:
    weights = np.tril(np.full((n, n), 0.5, np.float32))
    made = view(LONG[:n], weights=weights, kind="decoder")

    def inked(kind: str) -> int:
        shown = lines(heat_map(replace(made, kind=kind), screen(160, colour)))
        cells = [cell for line in shown[1:] for cell in columns(line)]
        return sum(1 for char, style in cells if char.strip() or (style and style.bgcolor))

    assert inked("encoder") - inked("decoder") == fewer
