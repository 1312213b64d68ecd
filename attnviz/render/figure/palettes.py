"""Colours for weights: even steps to the eye, told apart by the colour-blind and in print."""

from __future__ import annotations

from functools import cache

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.colors import Colormap, ListedColormap

__all__ = ["choose", "readable_in_white"]

Colours = npt.NDArray[np.float64]

STEPS = 256
PAPER, DARKEST = 98.5, 15.0  # CIE lightness of the two ends
BLUE, ORANGE = (235.0, 278.0), (75.0, 40.0)  # hue at the light and at the dark end, in degrees
WHITE = np.array([0.95047, 1.0, 1.08883])  # D65
XYZ_TO_RGB = np.array(
    [
        [3.2404542, -1.5371385, -0.4985314],
        [-0.9692660, 1.8760108, 0.0415560],
        [0.0556434, -0.2040259, 1.0572252],
    ]
)
EQUAL_CONTRAST = 0.179  # the luminance on which black and white have the same contrast


@cache
def choose(name: str, *, signed: bool) -> Colormap:
    """The colours of a palette: from 0 up or, for signed weights, to both sides of 0."""
    if name == "grey":
        arm = _arm(0.0, BLUE)
        return _listed(arm[::-1] if signed else arm)
    if signed:
        return _listed(np.concatenate([_arm(30.0, BLUE)[::-2], _arm(38.0, ORANGE)[::2]]))
    return _listed(_arm(30.0, BLUE)) if name == "ink" else matplotlib.colormaps[name]


def readable_in_white(colours: Colours) -> npt.NDArray[np.bool_]:
    """Whether white digits can be read better than black ones on colours (…, rgba)."""
    rgb = colours[..., :3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    luminance: Colours = linear @ np.array([0.2126, 0.7152, 0.0722])
    return luminance < EQUAL_CONTRAST


def _listed(colours: Colours) -> ListedColormap:
    return ListedColormap(list(map(tuple, colours.tolist())))


def _arm(chroma: float, hues: tuple[float, float]) -> Colours:
    """From paper to dark in steps of the same CIE distance: (STEPS, rgb)."""
    t = np.linspace(0, 1, 2049)
    radius = chroma * (np.sin(np.pi * t) + t / 2)
    hue = np.radians(hues[0] + (hues[1] - hues[0]) * t)
    lightness = PAPER + (DARKEST - PAPER) * t
    lab = np.stack([lightness, radius * np.cos(hue), radius * np.sin(hue)], axis=-1)
    walked = np.append(0, np.cumsum(np.linalg.norm(np.diff(lab, axis=0), axis=-1)))
    even = np.linspace(0, walked[-1], STEPS)
    return _srgb(np.stack([np.interp(even, walked, axis) for axis in lab.T], axis=-1))


def _srgb(lab: Colours) -> Colours:
    """CIE L*a*b* under D65 as sRGB from 0 to 1; (…, 3)."""
    y = (lab[..., 0] + 16) / 116
    cubes = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    xyz = WHITE * np.where(cubes > 6 / 29, cubes**3, (cubes - 4 / 29) * 3 * (6 / 29) ** 2)
    linear = np.clip(xyz @ XYZ_TO_RGB.T, 0, 1)
    encoded: Colours = np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055
    )
    return encoded
