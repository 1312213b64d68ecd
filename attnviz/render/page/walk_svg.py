"""Vectors as small pictures: waves, strips of cells and bars, in the colours of the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from attnviz.render.explained_numbers import signed

Array = npt.NDArray[Any]
MOST_LINES = 768  # of a wave; of a longer vector each line is the largest of several
FEW_LINES = 96  # of a small one
MOST_CELLS = 256  # of a strip
HALF = 100  # units from the middle of a wave to its ends
LEVELS = 12  # of cells that can be told apart


def wave(vector: Array, *, mine: slice | None = None, small: bool = False) -> str:
    """A line for each number, up or down from the middle; ``mine`` is marked by a band.

    Every line's number is told where it is pointed at, unless the picture is a small one.
    """
    thinned, step = _thinned(np.asarray(vector, np.float64), FEW_LINES if small else MOST_LINES)
    top = float(np.abs(thinned).max(initial=0)) or 1.0
    heights = np.round(thinned / top * HALF).astype(int).tolist()
    lines = {"up": "", "down": ""}
    for i, height in enumerate(heights):
        if height:
            lines["down" if height < 0 else "up"] += f"M{i} 0V{-height}"
    band = ""
    if mine is not None:
        at, width = mine.start / step, (mine.stop - mine.start) / step
        band = f'<rect class="band" x="{at:g}" y="-{HALF}" width="{width:g}" height="{2 * HALF}"/>'
    paths = "".join(
        f'<path class="{name}" d="{path}" transform="translate(.5)"/>'
        for name, path in lines.items()
        if path
    )
    told = ' aria-hidden="true"' if small else _told(thinned, step)
    box = f"0 -{HALF} {len(thinned)} {2 * HALF}"
    return f'<svg class="wave" viewBox="{box}" preserveAspectRatio="none"{told}>{band}{paths}</svg>'


def strip(vector: Array, top: float, *, small: bool = False, ink: str = "up") -> str:
    """A cell for each number, darker the further it is from 0; the darkest is ``top``.

    Those above 0 are drawn in ``ink``.
    """
    thinned, step = _thinned(np.asarray(vector, np.float64), FEW_LINES if small else MOST_CELLS)
    levels = np.round(thinned / (top or 1.0) * LEVELS).astype(int)
    paths = "".join(_cells(np.clip(levels, -LEVELS, LEVELS), ink))
    told = ' aria-hidden="true"' if small else _told(thinned, step)
    box = f"0 0 {len(thinned)} 1"
    return f'<svg class="strip" viewBox="{box}" preserveAspectRatio="none"{told}>{paths}</svg>'


def bar(share: float, name: str = "weight") -> str:
    """A bar of so much of its room."""
    width = f"{min(max(share, 0), 1) * 100:.4g}"
    return (
        '<svg class="meter" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="{name}" width="{width}" height="1"/></svg>'
    )


def signed_bar(share: float) -> str:
    """A bar from the middle, to the left where the number is below 0."""
    width = min(abs(share), 1) * 50
    at, name = (50 - width, "down") if share < 0 else (50, "up")
    return (
        '<svg class="meter" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="{name}" x="{at:.4g}" width="{width:.4g}" height="1"/>'
        '<rect class="middle" x="49.8" width=".4" height="1"/></svg>'
    )


def _cells(levels: npt.NDArray[np.int64], ink: str) -> Iterator[str]:
    """Cells of one level as one path."""
    for level in np.unique(levels).tolist():
        if not level:
            continue
        cells = "".join(f"M{i} 0h1v1h-1z" for i in np.flatnonzero(levels == level).tolist())
        name, shade = "down" if level < 0 else ink, abs(level) / LEVELS
        yield f'<path class="{name}" fill-opacity="{shade:.2g}" d="{cells}"/>'


def _thinned(vector: Array, most: int) -> tuple[Array, int]:
    """A vector of at most so many numbers: of every ``step`` the one furthest from 0."""
    step = -(-len(vector) // most)
    if step <= 1:
        return vector, 1
    padded = np.pad(vector, (0, -len(vector) % step)).reshape(-1, step)
    return padded[np.arange(len(padded)), np.abs(padded).argmax(axis=1)], step


def _told(vector: Array, step: int) -> str:
    """What a picture tells of its numbers: how many they are, and each of them."""
    of = f", each the largest of {step}" if step > 1 else ""
    numbers = " ".join(signed(value, 3) for value in vector)
    about = f' role="img" aria-label="{len(vector)} numbers{of}"'
    return f'{about} data-values="{numbers}" data-step="{step}"'
