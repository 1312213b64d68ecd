"""Plain tables and sentences on standard output, made safe to show and to fit on a terminal."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence

INDENT = "      "


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as they must be: the first and the last to the left, numbers to the right.

    Where they are wider than a terminal, they stand closer, then what the last column says stands
    under its row. What goes to a pipe has one line for each row.
    """
    from attnviz.render.safe import visible

    shown = [[visible(cell) for cell in row] for row in rows]
    for line in table_lines(shown, _columns_of_terminal()):
        print(line.rstrip())  # noqa: T201


def print_sentence(text: str) -> None:
    """A sentence wrapped between words on a terminal; what goes to a pipe stays one line."""
    from attnviz.render.safe import encodable, visible

    width = _columns_of_terminal()
    said = encodable(visible(text), sys.stdout.encoding)
    for line in [said] if width is None else sentence_lines(said, width):
        print(line)  # noqa: T201


def _columns_of_terminal() -> int | None:
    """How wide the terminal is, None for a pipe or a file."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def sentence_lines(text: str, width: int) -> Iterator[str]:
    """Lines of at most so many columns; only a word that is wider stands alone as it is."""
    from attnviz.render.terminal.measure import width_of

    line = ""
    for word in text.split(" "):
        if line and width_of(line) + 1 + width_of(word) > width:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield line


def table_lines(rows: Sequence[Sequence[str]], width: int | None = None) -> Iterator[str]:
    """The lines of a table of at most so many columns of characters, as far as words allow it."""
    last = len(rows[0]) - 1
    wide, close = (_aligned(rows, gap, left=(0, last)) for gap in ("  ", " "))
    if width is None or last == 0 or _widest(wide) <= width:
        yield from wide
    elif _widest(close) <= width:
        yield from close
    else:
        yield from _folded(rows, width)


def _folded(rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """As many columns beside each other as fit, then the others; what is said under each row."""
    import textwrap

    first, *columns = zip(*(row[:-1] for row in rows), strict=True)
    while True:
        n = len(columns)
        while _widest(lines := _columns([first, *columns[:n]])) > width and n > 1:
            n -= 1
        columns = columns[n:]
        for line, row in zip(lines, rows, strict=True):
            yield line
            if not columns and row[-1] != rows[0][-1]:
                wrap = textwrap.TextWrapper(width, INDENT, INDENT + "  ")
                yield from wrap.wrap(row[-1])
        if not columns:
            return
        yield ""


def _columns(columns: Sequence[Sequence[str]]) -> list[str]:
    return _aligned(list(zip(*columns, strict=True)), " ", left=(0,))


def _aligned(rows: Sequence[Sequence[str]], gap: str, left: Sequence[int]) -> list[str]:
    from attnviz.render.terminal.measure import width_of

    sizes = [[width_of(cell) for cell in row] for row in rows]
    widths = [max(column) for column in zip(*sizes, strict=True)]
    lines = []
    for row, size in zip(rows, sizes, strict=True):
        spaces = [" " * (width - taken) for width, taken in zip(widths, size, strict=True)]
        cells = [
            cell + space if at in left else space + cell
            for at, (cell, space) in enumerate(zip(row, spaces, strict=True))
        ]
        lines.append(gap.join(cells).rstrip())
    return lines


def _widest(lines: Sequence[str]) -> int:
    from attnviz.render.terminal.measure import width_of

    return max(map(width_of, lines), default=0)
