"""Emoji in colour: matplotlib draws outlines alone, so they are drawn as small pictures."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

__all__ = ["LARGER", "PLACE", "Emoji", "asked_for", "lift", "picture"]

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
