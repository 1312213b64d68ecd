"""Colours: even to the eye, told apart by everyone, readable under digits."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.errors import InputError
from attnviz.render.figure.palettes import choose, readable_in_white
from attnviz.render.style import PALETTES, Style

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


def colours(name, *, signed=False, blindness="none"):
    rgb = choose(name, signed=signed)(np.arange(256))[:, :3]
    return lab(linear(rgb) @ np.transpose(BLINDNESS[blindness]))


@pytest.mark.parametrize("name", ["ink", "grey"])
def test_equal_steps_of_weight_are_equal_steps_to_the_eye(name):
    steps = np.linalg.norm(np.diff(colours(name), axis=0), axis=-1)
    assert steps.max() < 1.1 * steps.min()


@pytest.mark.parametrize("blindness", BLINDNESS)
@pytest.mark.parametrize("name", PALETTES)
def test_more_weight_is_always_darker_or_always_lighter(name, blindness):
    lightness = colours(name, blindness=blindness)[:, 0]
    steps = np.diff(lightness) * np.sign(lightness[-1] - lightness[0])
    assert steps.min() > -0.05 and abs(lightness[-1] - lightness[0]) > 60


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_more_and_less_are_told_apart_by_everyone(blindness):
    seen = colours("ink", signed=True, blindness=blindness)
    for i in range(64):  # the outer half of each arm, where a difference is worth seeing
        assert np.linalg.norm(seen[i] - seen[255 - i]) > 12


def test_no_difference_is_white_and_both_sides_grow_equally_dark():
    lightness = colours("ink", signed=True)[:, 0]
    assert lightness[127:129].min() > 95
    assert np.abs(lightness - lightness[::-1]).max() < 4


@pytest.mark.parametrize("signed", [False, True])
def test_grey_is_grey(signed):
    assert np.abs(colours("grey", signed=signed)[:, 1:]).max() < 0.1


@pytest.mark.parametrize("name", PALETTES)
def test_digits_have_the_better_contrast(name):
    rgba = choose(name, signed=False)(np.arange(256))
    luminance = linear(rgba[:, :3]) @ RGB_TO_XYZ[1]
    white, black = 1.05 / (luminance + 0.05), (luminance + 0.05) / 0.05
    chosen = np.where(readable_in_white(rgba), white, black)
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
        ({"top": 0.0}, "top of a scale"),
    ],
)
def test_what_cannot_be_drawn_is_refused_before_anything_is(given, said):
    with pytest.raises(InputError, match=said):
        Style(**given)
