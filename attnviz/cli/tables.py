"""Plain tables on standard output, made safe to show."""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["print_table"]


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
