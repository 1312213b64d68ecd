"""What is being printed on: its width, its colours and the characters that it can write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

from attnviz.render.safe import SIGNS, encodable
from attnviz.render.style import Colouring, Ground

if TYPE_CHECKING:
    from rich.console import Console

NARROWEST = 24
ON_DARK = Colouring(ground="dark")
LIGHT_GROUNDS = ("7", "9", "10", "11", "12", "13", "14", "15")
EVERYTHING = "é→▀字م🎩"


class Colour(Enum):
    """How many colours a screen has; NONE means characters alone, without any escape."""

    TRUE = "truecolor"
    EIGHT_BIT = "256"
    STANDARD = "standard"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Screen:
    """Where a picture goes; ``anchored`` says that it is a terminal that obeys cursor movement.

    ``colouring`` is how weights become colours on its ground.
    """

    width: int = 80
    colour: Colour = Colour.TRUE
    encoding: str = "utf-8"
    anchored: bool = False
    colouring: Colouring = ON_DARK

    @classmethod
    def of(
        cls,
        console: Console,
        width: int | None = None,
        colouring: Colouring = ON_DARK,
    ) -> Screen:
        """The screen behind a console, or one as wide as asked for."""
        colour = colour_of(console)
        return cls(
            width=max(width or console.width, NARROWEST),
            colour=colour,
            encoding=console.encoding,
            colouring=colouring,
            anchored=colour is not Colour.NONE and console.is_terminal and console.file.isatty(),
        )

    @property
    def unicode(self) -> bool:
        """Whether it can write every character."""
        return _writes(EVERYTHING, self.encoding)

    def writable(self, text: str) -> str:
        """Text as this screen can write it, escaped where it cannot; its length may change."""
        return text if self.unicode or text.isascii() else encodable(text, self.encoding)

    def signs(self, text: str) -> str:
        """Our own signs replaced where the encoding lacks them; the length stays."""
        if self.unicode or text.isascii():
            return text
        return "".join(
            SIGNS[char] if char in SIGNS and not _writes(char, self.encoding) else char
            for char in text
        )


@lru_cache(maxsize=64)
def _writes(text: str, encoding: str) -> bool:
    return encodable(text, encoding) == text


def colour_of(console: Console) -> Colour:
    """The colours a console shows: none without a terminal, on a dumb one, or with NO_COLOR."""
    system = console.color_system
    if system is None or console.no_color or console.is_dumb_terminal:
        return Colour.NONE
    return {"truecolor": Colour.TRUE, "256": Colour.EIGHT_BIT}.get(system, Colour.STANDARD)


def ground_of(asked: str, environ: Mapping[str, str]) -> Ground:
    """The ground asked for or, without one, what COLORFGBG says (as ``0;15``); else dark."""
    if asked:
        return "light" if asked == "light" else "dark"
    last = environ.get("COLORFGBG", "").rpartition(";")[2]
    return "light" if last in LIGHT_GROUNDS else "dark"
