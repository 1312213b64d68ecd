"""Which colours a console gets, and that each set of them can be read."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from rich.color import Color
from rich.console import Console

from attnviz.render.colour import LEVELS
from attnviz.render.style import Colouring
from attnviz.render.terminal import Colour, Screen, ground_of, heat_map
from attnviz.render.terminal.colours import Shading
from tests.render.printed import screen, text, view, written

PAINTED = [Colour.TRUE, Colour.EIGHT_BIT, Colour.STANDARD]
GROUNDS = ["light", "dark"]


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def console(**environment: str) -> Console:
    return Console(file=Terminal(), legacy_windows=False, _environ=environment)


@pytest.mark.parametrize(
    ("environment", "colour"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, Colour.TRUE),
        ({"TERM": "xterm-256color"}, Colour.EIGHT_BIT),
        ({"TERM": "xterm"}, Colour.STANDARD),
        ({"TERM": "dumb"}, Colour.NONE),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, Colour.NONE),
    ],
)
def test_a_terminal_says_its_colours(environment: dict[str, str], colour: Colour) -> None:
    assert Screen.of(console(**environment)).colour is colour


def test_what_is_no_terminal_gets_no_colour() -> None:
    assert Screen.of(Console(file=io.StringIO(), _environ={})).colour is Colour.NONE


def test_the_cursor_moves_only_on_a_real_terminal() -> None:
    assert Screen.of(console(TERM="xterm")).anchored
    assert not Screen.of(console(TERM="dumb")).anchored
    piped = Console(file=io.StringIO(), force_terminal=True, color_system="256", _environ={})
    assert Screen.of(piped).colour is Colour.EIGHT_BIT and not Screen.of(piped).anchored


def test_a_width_that_is_asked_for_wins() -> None:
    assert Screen.of(Console(width=90, _environ={}), 120).width == 120
    assert Screen.of(Console(width=90, _environ={})).width == 90


@pytest.mark.parametrize(
    ("encoding", "all_of_it"), [("utf-8", True), ("UTF8", True), ("ascii", False), ("cp437", False)]
)
def test_an_encoding_is_judged_by_what_it_can_write(encoding: str, all_of_it: bool) -> None:
    assert screen(encoding=encoding).unicode is all_of_it


def test_signs_of_ours_are_replaced_only_where_they_must_be() -> None:
    assert screen(encoding="ascii").signs("a → b · ×") == "a > b . x"
    assert screen(encoding="latin-1").signs("a → b · ×") == "a > b · ×"


@pytest.mark.parametrize("colour", PAINTED)
@pytest.mark.parametrize("n", [8, 30, 60])
def test_only_the_colours_that_the_screen_has_are_written(colour: Colour, n: int) -> None:
    target = screen(80, colour)
    shown = written(heat_map(view([f"w{i}" for i in range(n)]), target), target)
    assert ("8;2;" in shown) == (colour is Colour.TRUE)
    assert ("8;5;" in shown) == (colour is Colour.EIGHT_BIT)
    assert "\x1b[" in shown


def luminance(paint: Color | None) -> float:
    assert paint is not None
    light = [
        value / 3294.6 if value <= 10 else ((value / 255 + 0.055) / 1.055) ** 2.4
        for value in paint.get_truecolor()
    ]
    return 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2]


def shading(colour: Colour, ground: str = "dark", *, signed: bool = False) -> Shading:
    target = replace(screen(80, colour), colouring=Colouring(ground=ground))  # type: ignore[arg-type]
    return Shading.over(np.zeros((1, 1), np.float32), target, signed)


@pytest.mark.parametrize("colour", PAINTED)
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("levels", [range(LEVELS), range(127, -1, -1), range(128, LEVELS)])
def test_a_stronger_weight_stands_out_more(colour: Colour, ground: str, levels: range) -> None:
    shades = shading(colour, ground, signed=len(levels) < LEVELS)
    light = [luminance(shades.cell(level).bgcolor) for level in levels]  # type: ignore[union-attr]
    steps = {Colour.TRUE: 40, Colour.EIGHT_BIT: 7, Colour.STANDARD: 2}[colour]
    rising = light if ground == "dark" else light[::-1]
    assert all(a <= b + 2e-3 for a, b in pairwise(rising))
    assert len({round(value, 4) for value in light}) > steps


@pytest.mark.parametrize("colour", PAINTED)
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("signed", [False, True])
def test_numbers_can_be_read_on_every_ground(colour: Colour, ground: str, signed: bool) -> None:
    shades = shading(colour, ground, signed=signed)
    least = 4.0 if colour is Colour.STANDARD else 4.5  # of sixteen colours, as rich imagines them
    for level in range(LEVELS):
        style = shades.cell(level)
        assert style is not None and style.color is not None and not style.color.is_default
        dark, light = sorted((luminance(style.color), luminance(style.bgcolor)))
        assert (light + 0.05) / (dark + 0.05) >= least


@pytest.mark.parametrize("colour", [Colour.TRUE, Colour.EIGHT_BIT])
@pytest.mark.parametrize("ground", GROUNDS)
def test_zeros_are_fainter_but_can_be_read(colour: Colour, ground: str) -> None:
    def contrast(faint: bool) -> float:
        style = shading(colour, ground).cell(0, faint=faint)
        dark, light = sorted((luminance(style.color), luminance(style.bgcolor)))  # type: ignore[union-attr]
        return (light + 0.05) / (dark + 0.05)

    assert 3 <= contrast(faint=True) < contrast(faint=False)


@pytest.mark.parametrize(
    ("asked", "said", "ground"),
    [
        ("", "", "dark"),
        ("", "15;0", "dark"),
        ("", "0;15", "light"),
        ("", "0;default;15", "light"),
        ("", "12;8", "dark"),
        ("dark", "0;15", "dark"),
        ("light", "15;0", "light"),
    ],
)
def test_the_ground_is_the_one_asked_for_or_the_terminals(
    asked: str, said: str, ground: str
) -> None:
    assert ground_of(asked, {"COLORFGBG": said} if said else {}) == ground


def test_the_legend_names_the_scale_and_its_ends() -> None:
    target = screen(80, Colour.TRUE)
    assert re.search(r" 0 +1 square root$", text(heat_map(view(), target))[0])
    other = replace(target, colouring=Colouring(scale="linear", vmin=0.1, vmax=0.5))
    assert re.search(r" 0\.1 +0\.5 linear$", text(heat_map(view(), other))[0])
