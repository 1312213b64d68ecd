"""What a user may choose, nothing unless said: for tests of what is made of the choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from attnviz.result import Head

__all__ = ["Choices"]


@dataclass
class Choices:
    """The choices of ``analysis.selection`` as plain data."""

    heads: tuple[Head, ...] = ()
    layer: int | None = None
    mean: bool = False
    every_head: bool = False
    map: str | None = None
    tokens: bool = False
    no_special: bool = False
    ask: Sequence[str] = ()
    who: Sequence[str] = ()
    by: str | None = None

    def named_heads(self) -> tuple[Head, ...]:
        """The heads asked for by name."""
        return self.heads
