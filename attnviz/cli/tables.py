"""Plain tables on standard output, made safe to show."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attnviz.analysis.labels import Label

__all__ = ["label_text", "print_table"]


def label_text(label: Label) -> str:
    """``noun antecedent .64 against .29``."""
    against = "" if label.against is None else f" against {_share(label.against)}"
    return f"{label.what} {_share(label.value)}{against}"


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as they must be: the first and the last to the left, numbers to the right."""
    from attnviz.render.safe import encodable, visible

    shown = [[visible(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    last = len(widths) - 1
    for row in shown:
        cells = [
            cell.ljust(width) if at in (0, last) else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print(encodable("  ".join(cells).rstrip(), sys.stdout.encoding))  # noqa: T201


def _share(value: float) -> str:
    return f"{value:.2f}".removeprefix("0")
