"""Files of labelled texts: two columns, a text and its label, split by tabs or commas."""

from __future__ import annotations

import csv
from collections import Counter
from io import StringIO
from typing import NamedTuple

from attnviz.brief import brief
from attnviz.errors import InputError, quote

FEWEST_OF_A_LABEL = 5
MOST_LABELS = 1000
HEADINGS = {"text", "sentence", "label", "class", "category", "sentiment", "target"}


class LabelledTexts(NamedTuple):
    """Texts, and for each the index of its label; ``repeated`` ones were left out."""

    texts: tuple[str, ...]
    labels: tuple[int, ...]
    names: tuple[str, ...]
    repeated: int = 0

    def __repr__(self) -> str:
        return brief(self)

    @property
    def counts(self) -> dict[str, int]:
        """How many texts each label has."""
        counted = Counter(self.labels)
        return {name: counted[i] for i, name in enumerate(self.names)}


def parse(data: bytes, name: str) -> LabelledTexts:
    r"""The texts of a file; InputError says which line cannot be used, or what is missing.

    Lines end at ``\n`` or ``\r\n``. Whichever column has fewer different values holds the labels,
    which are sorted by name. A first line of column names is left out, and so is a text that was
    there before with the same label: whoever fits on one of two would know the other.
    """
    try:
        content = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{quote(name)} is not UTF-8 at byte {error.start}; convert it first, as with iconv"
        ) from None
    rows = _rows(content, name)
    if rows and {cell.strip().lower() for cell in rows[0]} <= HEADINGS:
        rows = rows[1:]
    if not rows:
        raise InputError(f"{quote(name)} is empty; give a text and a label on each line")
    different = list(dict.fromkeys(map(tuple, rows)))
    first, second = zip(*different, strict=True)
    texts, labels = (first, second) if len(set(second)) <= len(set(first)) else (second, first)
    names = tuple(sorted(set(labels)))
    _require_enough(Counter(labels), name)
    repeated = len(rows) - len(different)
    return LabelledTexts(texts, tuple(map(names.index, labels)), names, repeated)


def _rows(content: str, name: str) -> list[list[str]]:
    """The two cells of each line that is not blank."""
    lines = list(StringIO(content, newline="\n"))
    mark = "\t" if any("\t" in line for line in lines) else ","
    if mark == "\t":
        split = [(n, line.split("\t")) for n, line in enumerate(lines, 1) if line.strip()]
    else:
        try:
            reader = csv.reader(lines, strict=True)
            split = [(reader.line_num, cells) for cells in reader if any(cells)]
        except csv.Error as error:
            raise InputError(f"{quote(name)} cannot be read as CSV: {error}") from None
    rows = []
    for number, cells in split:
        cells = [cell.strip() for cell in cells]
        if len(cells) != 2 or not all(cells):
            raise InputError(
                f"line {number} of {quote(name)} has {_counted(cells)}; "
                "give a text and a label on each line, with a tab between them"
            )
        rows.append(cells)
    return rows


def _counted(cells: list[str]) -> str:
    if len(cells) == 2:
        return "an empty cell"
    return "one column" if len(cells) == 1 else f"{len(cells)} columns"


def _require_enough(counts: Counter[str], name: str) -> None:
    """Raise InputError where there are too few labels, too many, or too few texts of one."""
    if len(counts) < 2:
        raise InputError(
            f"every text of {quote(name)} has the label {quote(next(iter(counts)))}; "
            "a classifier needs at least two labels"
        )
    if len(counts) > MOST_LABELS:
        raise InputError(
            f"{quote(name)} has {len(counts):,} different labels; give at most {MOST_LABELS:,}, "
            "and the label in a column of its own"
        )
    rarest, n = min(counts.items(), key=lambda item: item[1])
    if n < FEWEST_OF_A_LABEL:
        raise InputError(
            f"the label {quote(rarest)} has {n} text{'s' * (n > 1)} in {quote(name)}; "
            f"give at least {FEWEST_OF_A_LABEL} of each label, or leave it out"
        )
