"""How a model knows where tokens are: each of its position encodings as a plain table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from attnviz.brief import brief
from attnviz.core.positions import sinusoids
from attnviz.errors import InputError
from attnviz.showing import ShownAsPage, display

if TYPE_CHECKING:
    from os import PathLike

    from matplotlib.figure import Figure


Encoding = Literal["sinusoidal", "learned", "rotary", "alibi", "buckets", "disentangled"]
Float64Array = npt.NDArray[np.float64]
MOST = 4096  # positions, or numbers of one of them


@dataclass(frozen=True, slots=True, eq=False)
class PositionTable:
    """One encoding: ``values`` (row, column), whose ``rows`` are positions or distances.

    Absolute positions ("sinusoidal", "learned") have a column for each number that is added to the
    embedding, "rotary" the cosine of each pair's angle, whose ``frequencies`` (pair,) are in
    radians a token; "alibi" and "buckets" have a column for each head, "disentangled" the relative
    embedding of each distance. Distances are key - query. ``alike`` (row, row) is the cosine
    between two positions, None for what stands for distances. ``where`` names the stack and, where
    not all of its layers have it, these; ``size`` is how many positions the checkpoint has.
    """

    kind: Encoding
    values: Float64Array
    rows: npt.NDArray[np.int64]
    where: str = ""
    alike: Float64Array | None = None
    frequencies: Float64Array | None = None
    size: int | None = None

    __repr__ = brief

    @property
    def relative(self) -> bool:
        """Whether its rows are distances."""
        return self.alike is None

    @property
    def column(self) -> str:
        """What its columns are."""
        return {"rotary": "pair", "alibi": "head", "buckets": "head"}.get(self.kind, "dimension")


@dataclass(frozen=True, slots=True, eq=False)
class Positions(ShownAsPage):
    """All encodings of a model, or the sinusoids that no model is needed for."""

    tables: tuple[PositionTable, ...]
    model: str = ""

    __repr__ = brief

    def figure(self, **style: Any) -> Figure:
        """The tables as a matplotlib Figure, in the style of ``attnviz.figure``."""
        return display().figure(self, **style)

    def save(self, path: str | PathLike[str], **style: Any) -> None:
        """Write a figure (.png, .svg, .pdf), a page (.html) or every number (.json)."""
        display().save(self, path, **style)


def sinusoidal(n: int = 50, d_model: int = 128) -> Positions:
    """The sinusoids of so many positions (Vaswani et al. 2017, sec. 3.5).

    Raises InputError for sizes that nobody could look at.
    """
    for name, size in (("positions", n), ("d_model", d_model)):
        if not 1 <= size <= MOST:
            raise InputError(f"{name} {size} cannot be shown; take 1 to {MOST}")
    rows = np.arange(n, dtype=np.int64)
    values = sinusoids(rows, d_model).astype(np.float64)
    return Positions((PositionTable("sinusoidal", values, rows, alike=alike(values)),))


def alike(values: Float64Array) -> Float64Array:
    """The cosine between each two rows of values (row, column); 0 for a row of zeros."""
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    directions = values / np.where(lengths == 0, 1, lengths)
    found: Float64Array = directions @ directions.T
    return found
