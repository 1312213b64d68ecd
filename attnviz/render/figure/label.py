"""Text in pictures: as it stands, never mathtext, and its emoji in colour.

matplotlib draws outlines alone, so emoji are drawn as small pictures into places left for them.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from unicodedata import bidirectional

import numpy as np
import numpy.typing as npt
from matplotlib.backend_bases import RendererBase
from matplotlib.text import Text
from matplotlib.transforms import Bbox

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont


PLACE = "\u2003\u2009"  # an em space and a thin one: an emoji and some air
LARGER = 1.12  # than the letters around it
SIZES = (109, 160, 136, 128, 96, 64)  # pixels; fonts made of bitmaps have one size each
BY_THEMSELVES = (  # drawn in colour without being asked to, among older symbols
    "⌚⌛⏩-⏬⏰⏳◽◾☔☕♈-♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛎⛔⛪⛲⛳⛵⛺⛽✅✊✋✨❌❎❓-❕❗➕-➗➰➿⬛⬜⭐⭕"
)
ONE = (
    f"(?:[\U0001f300-\U0001faff{BY_THEMSELVES}]\ufe0f?|[\xa9\xae\u203c-\u3299]\ufe0f)"
    "[\U0001f3fb-\U0001f3ff]?"
)
EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\ufe0f?\u20e3"
    f"|\U0001f3f4[\U000e0020-\U000e007f]+|{ONE}(?:\u200d{ONE})*"
)


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


class Emoji(NamedTuple):
    """One emoji of a text, and how many characters stand before it once emoji are places."""

    at: int
    text: str


def lift(text: str) -> tuple[str, tuple[Emoji, ...]]:
    """The text with a place for each emoji that can be drawn in colour, and those emoji."""
    if text.isascii():
        return text, ()
    spaced, emoji, end = "", [], 0
    for found in EMOJI.finditer(text):
        if drawable(found[0]):
            spaced += text[end : found.start()]
            emoji.append(Emoji(len(spaced), found[0]))
            spaced, end = spaced + PLACE, found.end()
    return spaced + text[end:], tuple(emoji)


def asked_for(text: str) -> str:
    """The text with its emoji marked as such, so that a viewer draws them in colour."""
    return EMOJI.sub(lambda found: found[0] + "\ufe0f" * (len(found[0]) == 1), text)


@lru_cache(maxsize=1024)
def drawable(emoji: str) -> bool:
    """Whether this machine has a colour font with this very emoji."""
    return _font() is not None and bool(picture(emoji, 16)[..., 3].any())


@lru_cache(maxsize=1024)
def picture(emoji: str, side: int) -> npt.NDArray[np.uint8]:
    """An emoji as it looks, on nothing: (side, side, rgba), its first row on top."""
    from PIL import Image, ImageDraw, ImageOps

    font = _font()
    if font is None:
        return np.zeros((side, side, 4), np.uint8)
    left, top, right, bottom = map(int, font.getbbox(emoji))
    canvas = Image.new("RGBA", (max(right - left, 1), max(bottom - top, 1)))
    ImageDraw.Draw(canvas).text((-left, -top), emoji, font=font, embedded_color=True)
    return np.asarray(ImageOps.pad(canvas, (side, side), Image.Resampling.LANCZOS))


@cache
def _font() -> FreeTypeFont | None:
    """The colour emoji font of this machine, at the one size it may have."""
    from matplotlib.font_manager import findSystemFonts
    from PIL import ImageFont

    paths = [path for path in findSystemFonts() if "emoji" in Path(path).name.lower()]
    for path in sorted(paths, key=lambda path: ("color" not in path.lower(), path)):
        for size in SIZES:
            with suppress(OSError):  # not this size
                return ImageFont.truetype(path, size)
    return None
