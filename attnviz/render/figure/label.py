"""Text in pictures: as it stands, never mathtext, and its emoji in colour."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unicodedata import bidirectional

import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from attnviz.render.figure.emoji import LARGER, PLACE, Emoji, asked_for, lift, picture

__all__ = ["Label"]


class Label(Text):
    """One line of text; its emoji are drawn in colour, but in SVG the viewer draws them."""

    _spaced: str | None = None

    def __init__(self, x: float, y: float, text: str, **options: Any) -> None:
        super().__init__(x, y, text, parse_math=False, usetex=False, wrap=False, **options)

    def get_text(self) -> str:
        """The text or, while it is being drawn, the text with places for its emoji."""
        return super().get_text() if self._spaced is None else self._spaced

    def draw(self, renderer: RendererBase) -> None:
        """Draw the text and, into the places left for them, its emoji."""
        with self._places() as places:
            super().draw(renderer)
            if self.get_visible():
                for emoji in places:
                    self._draw_emoji(renderer, emoji)

    def get_window_extent(
        self, renderer: RendererBase | None = None, dpi: float | None = None
    ) -> Bbox:
        """The box around the text and its emoji, in pixels."""
        with self._places():
            return super().get_window_extent(renderer, dpi)

    @contextmanager
    def _places(self) -> Iterator[tuple[Emoji, ...]]:
        """Leave places for the emoji; who chose the fonts has warned of missing glyphs."""
        text = self.get_text()
        if self._spaced is not None or text.isascii():
            yield ()
            return
        in_svg = self.figure.canvas.get_default_filetype() == "svg"
        self._spaced, places = (asked_for(text), ()) if in_svg else lift(text)
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Glyph .* missing from font")
                yield places
        finally:
            self._spaced = None

    def _draw_emoji(self, renderer: RendererBase, emoji: Emoji) -> None:
        """Draw one emoji where the text has left a place, upright or turned with the text."""
        text = self.get_text()
        before, place = (
            renderer.get_text_width_height_descent(part, self.get_fontproperties(), False)[0]
            for part in (text[: emoji.at], PLACE)
        )
        box = super().get_window_extent(renderer)
        turned = self.get_rotation() == 90
        length, across = (box.height, box.width) if turned else (box.width, box.height)
        if _reads_leftwards(text):
            before = length - before - place
        side = LARGER * float(np.asarray(renderer.points_to_pixels(self.get_fontsize())))
        along, aside = before + (place - side) / 2, (across - side) / 2
        x, y = (aside, along) if turned else (along, aside)
        image = picture(emoji.text, max(1, round(side * renderer.get_image_magnification())))
        context = renderer.new_gc()
        upright = np.rot90(image) if turned else image
        renderer.draw_image(context, round(box.x0 + x), round(box.y0 + y), upright[::-1])
        context.restore()


def _reads_leftwards(text: str) -> bool:
    """Whether the first letter that has a direction is written from right to left."""
    directions = (bidirectional(letter) for letter in text)
    return next((d for d in directions if d in ("L", "R", "AL")), "L") != "L"
