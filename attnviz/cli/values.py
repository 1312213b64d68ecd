"""What the text of an option means; typer itself hands over only text, flags and nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from attnviz.cli.failures import Misuse


class Meaning(NamedTuple):
    """How to read an option's text; ``read`` raises ValueError for what is not ``wanted``."""

    read: Callable[[str], Any]
    wanted: str

    def of(self, option: str, text: str | None) -> Any:
        """The value that the text of an option means, or None where it was not given."""
        if text is None:
            return None
        try:
            return self.read(text)
        except ValueError:
            raise Misuse(f"{option} '{text}' is not {self.wanted}") from None


def whole(least: int) -> Meaning:
    """A whole number, ``least`` or more."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= least):
            raise ValueError
        return int(text)

    return Meaning(read, f"a whole number from {least}")


def number() -> Meaning:
    """A number."""
    return Meaning(float, "a number")


def one_of(*names: str) -> Meaning:
    """One of a few names."""

    def read(text: str) -> str:
        if text not in names:
            raise ValueError
        return text

    return Meaning(read, " or ".join((", ".join(names[:-1]), names[-1]) if names[1:] else names))


def size() -> Meaning:
    """Width and height in inches."""

    def read(text: str) -> tuple[float, float]:
        width, _, height = text.lower().replace("×", "x").partition("x")
        return float(width), float(height)

    return Meaning(read, "width x height in inches, as 3.3x3.0")
