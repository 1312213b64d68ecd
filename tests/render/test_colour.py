"""Colours: even to the eye, told apart by everyone, readable under digits; and one scale."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from attnviz.errors import InputError
from attnviz.render.colour import LEVELS, few, is_dark, scale_of, table
from attnviz.render.style import GROUNDS, PALETTES, Colouring, Style

# What people without one kind of cone see, in linear RGB (Machado, Oliveira and Fernandes 2009).
BLINDNESS = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
    "none": np.eye(3),
}
RGB_TO_XYZ = [
    [0.4124564, 0.3575761, 0.1804375],
    [0.2126729, 0.7151522, 0.0721750],
    [0.0193339, 0.1191920, 0.9503041],
]


def linear(rgb):
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(light):
    """CIE L*a*b* of linear RGB."""
    xyz = np.clip(light, 0, 1) @ np.transpose(RGB_TO_XYZ) / [0.95047, 1.0, 1.08883]
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def colours(name, *, ground="light", signed=False, blindness="none"):
    rgb = table(name, ground, signed=signed) / 255
    return lab(linear(rgb) @ np.transpose(BLINDNESS[blindness]))


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("name", ["ink", "grey"])
def test_equal_steps_along_the_scale_are_equal_steps_to_the_eye(name, ground):
    seen = colours(name, ground=ground)[::8]  # a single step may be less than a screen's
    steps = np.linalg.norm(np.diff(seen, axis=0), axis=-1)
    assert steps.max() < 1.5 * steps.min()


@pytest.mark.parametrize("blindness", BLINDNESS)
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("name", PALETTES)
def test_more_weight_is_always_darker_or_always_lighter(name, ground, blindness):
    lightness = colours(name, ground=ground, blindness=blindness)[:, 0]
    steps = np.diff(lightness) * np.sign(lightness[-1] - lightness[0])
    assert steps.min() > -0.25 and abs(lightness[-1] - lightness[0]) > 60


@pytest.mark.parametrize("blindness", BLINDNESS)
@pytest.mark.parametrize("ground", GROUNDS)
def test_more_and_less_are_told_apart_by_everyone(ground, blindness):
    seen = colours("ink", ground=ground, signed=True, blindness=blindness)
    for i in range(64):  # the outer half of each arm, where a difference is worth seeing
        assert np.linalg.norm(seen[i] - seen[255 - i]) > 12


def test_no_difference_is_white_and_both_sides_grow_equally_dark():
    lightness = colours("ink", signed=True)[:, 0]
    assert lightness[127:129].min() > 95
    assert np.abs(lightness - lightness[::-1]).max() < 12


@pytest.mark.parametrize("signed", [False, True])
def test_grey_is_grey(signed):
    assert np.abs(colours("grey", signed=signed)[:, 1:]).max() < 0.1


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("name", PALETTES)
def test_the_few_colours_of_a_terminal_follow_the_table(name, ground, signed):
    steps = np.array([0, 95, 135, 175, 215, 255])
    numbers = np.array(few(name, ground, signed=signed))
    cube = np.stack([steps[(numbers - 16) // 36 % 6], steps[(numbers - 16) // 6 % 6],
                     steps[(numbers - 16) % 6]], axis=-1)  # fmt: skip
    rgb = np.where(numbers[:, None] < 232, cube, 8 + 10 * (numbers[:, None] - 232)) / 255
    wanted = table(name, ground, signed=signed) / 255
    places = np.linspace(0, LEVELS - 1, len(numbers)).round().astype(int)
    apart = lab(linear(rgb))[:, 0] - lab(linear(wanted[places]))[:, 0]
    assert len(numbers) >= 8 and np.abs(apart).max() < 25


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("name", PALETTES)
def test_digits_have_the_better_contrast(name, ground, signed):
    rgb = table(name, ground, signed=signed)
    luminance = linear(rgb / 255) @ RGB_TO_XYZ[1]
    white, black = 1.05 / (luminance + 0.05), (luminance + 0.05) / 0.05
    chosen = np.where(is_dark(rgb), white, black)
    assert (chosen >= 0.99 * np.maximum(white, black)).all() and chosen.min() > 4.5


def test_an_unknown_palette_names_those_there_are():
    with pytest.raises(InputError, match="no palette 'jet', only ink, grey, viridis"):
        Style(palette="jet")
    with pytest.raises(InputError, match="did you mean 'grey'"):
        Style(palette="gray")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"dpi": 10}, "10 dots an inch"),
        ({"size": (0.1, 3)}, "0.1 × 3 inches"),
        ({"size": (float("nan"), 3)}, "nan × 3 inches"),
        ({"size": (100, 100), "dpi": 2400}, "million pixels"),
        ({"vmin": 0.5, "vmax": 0.5}, "from 0.5 to 0.5"),
        ({"vmax": 0.0}, "from 0 to 0"),
        ({"vmax": float("nan")}, "end at nan"),
        ({"scale": "log"}, "no scale 'log', only root, linear, fit"),
    ],
)
def test_what_cannot_be_drawn_is_refused_before_anything_is(given, said):
    with pytest.raises(InputError, match=said):
        Style(**given)


def weights(*values):
    return np.array(values, np.float32)


@pytest.mark.parametrize(
    ("chosen", "given", "said"),
    [
        ({"vmax": 7}, (0.1, 0.9), "near 7, where the scale of colours ends; take a smaller vmax"),
        ({"vmax": 7}, (0.1, 2.6), None),  # norms have no end, and pictures may share a scale
        ({"vmax": 70}, (0.1, 2.6), "near 70, where the scale of colours ends"),
        ({"vmin": -0.5}, (0.1, 0.9), "near -0.5, where the scale of colours begins"),
        ({"vmin": 0.95}, (0.1, 0.9), "above 0.95, where the scale of colours begins"),
        ({"vmin": 0.0, "vmax": 1.0}, (0.1, 0.2), None),
        ({"vmin": 0.2, "vmax": 0.5}, (0.1, 0.9), None),
        ({"vmax": 0.001}, (0.1, 0.9), None),
    ],
)
def test_an_end_of_the_scale_where_nothing_is_is_told(chosen, given, said):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        scale_of(Colouring(**chosen), [weights(*given)])
    assert [str(one.message).startswith(f"nothing here is {said}") for one in told] == (
        [True] if said else []
    )


@pytest.mark.parametrize(
    ("colouring", "given", "ends"),
    [
        (Colouring(), (0.1, 0.3), (0, 1)),
        (Colouring(scale="linear"), (0.1, 0.3), (0, 1)),
        (Colouring(scale="fit"), (0.1, 0.25), (0, 0.25)),
        (Colouring(scale="fit"), (0.0, 0.0), (0, 1)),
        (Colouring(), (0.1, 1.0004), (0, 1)),
        (Colouring(), (0.1, 2.0), (0, 2)),
        (Colouring(vmin=0.2, vmax=0.5), (0.1, 0.9), (0.2, 0.5)),
        (Colouring(), (float("nan"), 0.5), (0, 1)),
    ],
)
def test_the_scale_ends_at_0_and_1_unless_asked_otherwise(colouring, given, ends):
    scale = scale_of(colouring, [weights(*given)])
    assert (scale.low, scale.high) == pytest.approx(ends)


def test_a_signed_scale_ends_as_far_on_both_sides():
    scale = scale_of(Colouring(scale="fit"), [weights(-0.5, 0.2)], signed=True)
    assert (scale.low, scale.high) == (-0.5, 0.5)
    assert scale.levels(weights(-0.5, 0, 0.5)).tolist() == [0, 128, 255]


def test_a_quarter_is_half_way_up_a_scale_of_square_roots():
    given = weights(0, 0.25, 1, -0.25)
    assert scale_of(Colouring(), [given]).share(given).tolist() == [0, 0.5, 1, 0]
    signed = scale_of(Colouring(), [given], signed=True)
    assert signed.share(given).tolist() == [0.5, 0.75, 1, 0.25]
    linear = scale_of(Colouring(scale="linear"), [given])
    assert linear.share(given).tolist() == [0, 0.25, 1, 0]


def test_weights_beyond_the_scale_have_the_last_colour_and_the_scale_knows():
    scale = scale_of(Colouring(vmax=0.4), [weights(0.2, 0.8)])
    assert scale.clipped and scale.levels(weights(0.4, 0.8)).tolist() == [255, 255]
    assert not scale_of(Colouring(vmax=0.8), [weights(0.2, 0.8)]).clipped


def test_the_numbers_beside_a_scale_lie_where_their_colours_are():
    scale = scale_of(Colouring(vmax=0.4), [weights(0.1)])
    assert scale.name == "square root"
    assert scale.ticks == pytest.approx((0, 0.02, 0.1, 0.2, 0.4))
    assert scale.share(weights(*scale.ticks)).tolist() == sorted(scale.share(weights(*scale.ticks)))
