"""Attention on small matrices as one HTML file: each step a screen, its matrices written out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from attnviz.analysis.explain.toy import Toy
from attnviz.render.explained_numbers import ledger, shape_of, signed
from attnviz.render.explained_toy import ToyStep, toy_heading, toy_notes, toy_steps
from attnviz.render.page.shaded_page import LEVELS
from attnviz.render.page.walk_page import Screen, write_screens
from attnviz.render.page.walk_svg import strip
from attnviz.render.safe import visible

Array = npt.NDArray[Any]
MOST_ROWS, MOST_COLUMNS = 12, 12  # of a matrix that are written out
PALE = 0.55  # of the way to the darkest, so that black letters read on it


def write_toy_page(toy: Toy, stream: BinaryIO, *, title: str | None = None) -> None:
    """Write the walk over small matrices as one file, by itself and without any network."""
    screens = [_screen(step) for step in toy_steps(toy)]
    notes = "".join(f'<p class="note">{escape(visible(note))}</p>' for note in toy_notes(toy))
    found = next(step for step in toy_steps(toy) if step.matrices[0][0] == "weights")
    write_screens(
        screens,
        stream,
        title=title or toy_heading(toy),
        about=" ".join(toy.labels),
        lead=f'<div class="matrices">{_matrix(*found.matrices[0])}</div>{notes}',
    )


def _screen(step: ToyStep) -> Screen:
    matrices = {name: matrix for name, matrix, _ in step.matrices}
    name, last = list(matrices.items())[-1]
    top = float(np.abs(last[np.isfinite(last)]).max(initial=0))
    rows = "".join(
        f"<li>{strip(np.nan_to_num(row, neginf=0.0), top, small=True)}</li>"
        for row in last[:MOST_ROWS]
    )
    return Screen(
        title=step.title,
        sentence=step.sentence,
        formula=step.formula,
        source=step.source,
        shapes=ledger(matrices),
        body=f'<div class="matrices">{"".join(_matrix(*each) for each in step.matrices)}</div>',
        thumbnail=f'<ul class="rows">{rows}</ul>',
        gist=f"{name} {shape_of(last)}",
        outputs=ledger(matrices),
    )


def _matrix(name: str, matrix: Array, labels: Sequence[str]) -> str:
    """A matrix as a table; of a large one, its upper left corner."""
    top = float(np.abs(matrix[np.isfinite(matrix)]).max(initial=0)) or 1.0
    rows = "".join(
        f'<tr><th scope="row"><bdi>{escape(label)}</bdi></th>{"".join(_cells(row, top))}</tr>'
        for label, row in zip(labels, matrix[:MOST_ROWS], strict=False)
    )
    left = (len(matrix) - MOST_ROWS, matrix.shape[1] - MOST_COLUMNS)
    more = [f"{n} more {what}" for n, what in zip(left, ("rows", "columns"), strict=True) if n > 0]
    note = f'<p class="quiet">and {" and ".join(more)}</p>' if more else ""
    return (
        f"<figure><figcaption><b>{escape(name)}</b> "
        f'<span class="quiet">({shape_of(matrix)})</span></figcaption>'
        f'<div class="scroll"><table class="matrix">{rows}</table></div>{note}</figure>'
    )


def _cells(row: Array, top: float) -> Iterator[str]:
    for value in row[:MOST_COLUMNS].tolist():
        level = round(min(abs(value) / top, 1) * LEVELS * PALE) if np.isfinite(value) else 0
        number = signed(value, 4) if np.isfinite(value) else "−∞"
        yield f'<td class="{"n" if value < 0 else "p"}{level}">{number}</td>'
