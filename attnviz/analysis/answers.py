"""What analysis finds, as data: one matrix to show, strong links, where a word looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from attnviz.result import FloatArray, Head, Token
from attnviz.showing import ShownAsFigure

__all__ = ["MatrixView", "WordAttention"]


@dataclass(frozen=True, slots=True, eq=False)
class MatrixView(ShownAsFigure):
    """One matrix to show: weights float32 (query, key) with the tokens on both axes.

    ``title`` says what it is ("head 3.1", "layer 3, mean of 12 heads"); ``hidden`` is the mean
    share of each row's weight that went to keys left out of it, 0 when none is left out;
    ``notes`` are sentences that must be shown with it.
    """

    weights: FloatArray
    queries: Sequence[Token]
    keys: Sequence[Token]
    title: str
    kind: str = "encoder"
    head: Head | None = None
    hidden: float = 0.0
    signed: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class WordAttention(ShownAsFigure):
    """Where one word looks: ``mean`` float32 (key,) over all heads of a map, and single heads.

    ``keys`` label both ``mean`` and ``rows`` float32 (head, key); ``rows`` holds the row of each
    of ``heads``, the heads that say most about words, strongest first, and ``tops`` the key each
    of them looks at most. ``text`` names what the word stands in, for pictures of several texts.
    """

    word: Token
    position: int
    keys: Sequence[Token]
    mean: FloatArray
    heads: tuple[Head, ...]
    rows: FloatArray
    tops: tuple[int, ...]
    kind: str = "encoder"
    hidden: float = 0.0
    n_heads: int = 0
    notes: tuple[str, ...] = ()
    text: str = ""

    @property
    def alone(self) -> Head | None:
        """The head asked about, where it is only one: its row is the mean."""
        return self.heads[0] if self.n_heads == 1 and self.heads else None

    @property
    def over(self) -> str:
        """What ``mean`` is: the one head's row, or over how many heads."""
        if self.alone is not None:
            return f"head {self.alone}"
        counted = "1 head" if self.n_heads == 1 else f"{self.n_heads or 'all'} heads"
        return f"mean of {counted}"
