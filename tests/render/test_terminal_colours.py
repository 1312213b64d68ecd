"""Which colours a console gets, and that each set of them can be read."""

from __future__ import annotations

import io
from itertools import pairwise

import numpy as np
import pytest
from rich.color import Color
from rich.console import Console

from attnviz.render.terminal import Colour, Screen, heat_map
from attnviz.render.terminal.palette import LEVELS, Scale, round_up
from tests.render.printed import screen, view, written

PAINTED = [Colour.TRUE, Colour.EIGHT_BIT, Colour.STANDARD]
LEVELS_UP = range(LEVELS + 1)


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


@pytest.mark.parametrize("colour", PAINTED)
@pytest.mark.parametrize(("signed", "sign"), [(False, 1), (True, 1), (True, -1)])
def test_a_stronger_weight_is_never_darker(colour: Colour, signed: bool, sign: int) -> None:
    scale = Scale(1.0, colour, signed)
    light = [luminance(scale.cell(sign * level).bgcolor) for level in LEVELS_UP]  # type: ignore[union-attr]
    steps = {Colour.TRUE: 40, Colour.EIGHT_BIT: 9, Colour.STANDARD: 2}[colour]
    assert all(a <= b + 1e-9 for a, b in pairwise(light))
    assert len({round(value, 4) for value in light}) > steps


@pytest.mark.parametrize("colour", PAINTED)
@pytest.mark.parametrize("signed", [False, True])
def test_numbers_can_be_read_on_every_ground(colour: Colour, signed: bool) -> None:
    scale = Scale(1.0, colour, signed)
    least = 4.0 if colour is Colour.STANDARD else 4.5  # of sixteen colours, as rich imagines them
    for level in range(-LEVELS if signed else 0, LEVELS + 1):
        style = scale.cell(level)
        assert style is not None and style.color is not None and not style.color.is_default
        dark, light = sorted((luminance(style.color), luminance(style.bgcolor)))
        assert (light + 0.05) / (dark + 0.05) >= least


@pytest.mark.parametrize("colour", [Colour.TRUE, Colour.EIGHT_BIT])
def test_zeros_are_fainter_but_can_be_read(colour: Colour) -> None:
    scale = Scale(1.0, colour)
    zero, faint = scale.cell(0), scale.cell(0, faint=True)
    contrast = (luminance(faint.color) + 0.05) / (luminance(faint.bgcolor) + 0.05)  # type: ignore[union-attr]
    assert 3 <= contrast < (luminance(zero.color) + 0.05) / (luminance(zero.bgcolor) + 0.05)  # type: ignore[union-attr]


def test_levels_follow_the_weights_evenly() -> None:
    weights = np.array([0, 0.25, 0.5, 1.0, -0.5], np.float32)
    assert Scale(0.5, Colour.TRUE, signed=True).levels(weights).tolist() == [0, 32, 64, 64, -64]


@pytest.mark.parametrize(
    ("weight", "top"),
    [(0.97, 1), (0.75, 1), (0.5, 0.5), (0.31, 0.5), (0.21, 0.3), (0.12, 0.2), (3e-4, 0.01), (0, 1)],
)
def test_the_scale_ends_at_a_round_number(weight: float, top: float) -> None:
    assert round_up(weight) == pytest.approx(top)
