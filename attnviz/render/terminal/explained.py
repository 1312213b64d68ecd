"""A walk through one weight on a terminal: a sentence, a formula and the numbers of each step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.segment import Segments

from attnviz.analysis.explain import Explanation, Step, steps
from attnviz.render.explained import heading, key_names, knob_notes, say, three_digits
from attnviz.render.safe import visible
from attnviz.render.terminal.colours import accent, plain
from attnviz.render.terminal.lines import (
    Cell,
    Line,
    Piece,
    paragraph,
    picture,
    row,
    text_cell,
)
from attnviz.render.terminal.measure import fit, width_of
from attnviz.render.terminal.screen import Screen

__all__ = ["INDENT", "explained", "ledger", "readable", "signed", "step_text"]

MOST_KEYS, MOST_TERMS, MOST_NUMBERS = 12, 6, 8
INDENT, GAP, LONGEST_KEY = 3, 2, 18
ASCII = str.maketrans(
    {"−": "-", "√": "sqrt ", "Σ": "sum ", "‖": "|", "ᵀ": "^T", "⊙": "*", "∞": "inf", "·": ".",
     "±": "+-", "“": '"', "”": '"', "…": "...", "₁": "1", "₂": "2", "ᵢ": "i", "ⱼ": "j", "ₕ": "h",
     "→": "->", "×": "x", "÷": "/"}
)  # fmt: skip
Array = npt.NDArray[Any]


def explained(walk: Explanation, screen: Screen) -> Segments:
    """The whole walk, step by step."""
    lines = step_text(heading(walk), screen, plain(screen, bold=True), indent=0)
    for note in knob_notes(walk):
        lines += step_text(note, screen, accent(screen), indent=0)
    for number, step in enumerate(steps(walk), 1):
        lines += [[], *_step(number, step, walk, screen)]
    return picture(lines)


def _step(number: int, step: Step, walk: Explanation, screen: Screen) -> Iterator[Line]:
    said, dim = say(step.name, walk), plain(screen, dim=True)
    yield row(
        [
            Cell(f"{number}", INDENT, accent(screen, bold=True)),
            text_cell(said.title, accent(screen, bold=True)),
        ],
        screen,
    )
    yield from step_text(said.sentence, screen)
    source = f"   [{said.source}]" if said.source else ""
    yield from step_text(said.formula + source, screen, dim)
    yield from step_text(ledger({**step.matrices, **step.arrays}), screen, dim)
    yield from _numbers(step, walk, screen)


def _numbers(step: Step, walk: Explanation, screen: Screen) -> Iterator[Line]:
    """What a step gives: the terms of a sum, a table of keys, or the largest of each vector."""
    if step.name == "tokens":
        pairs = zip(walk.recorded.tokens, step.arrays["ids"].tolist(), strict=True)
        yield from step_text("  ".join(f"{token.text} {id}" for token, id in pairs), screen)
    elif step.name == "products":
        yield from _products(walk, screen)
    elif step.name == "softmax":
        yield from _keys(walk, _score_columns(walk), screen)
    elif step.name == "contributions":
        columns = [(name, step.arrays[name]) for name in ("value norms", "contribution norms")]
        heads = {"value norms": "‖v‖", "contribution norms": "adds"}
        table = [("weight", walk.weights), *((heads[name], values) for name, values in columns)]
        yield from _keys(walk, table, screen)
    elif step.name not in ("scaling", "bias", "mask"):
        yield from _vectors(step, screen)
    if step.name == "context":
        yield from _one_of_context(walk, screen)


def _vectors(step: Step, screen: Screen) -> Iterator[Line]:
    """The norm of each vector and, as far as there is room, its largest numbers."""
    vectors = {name: a for name, a in step.arrays.items() if a.ndim == 1 and len(a)}
    side = max(map(len, vectors), default=0) + GAP
    for name, values in vectors.items():
        text = f"norm {np.linalg.norm(values):.2f}, largest "
        for i in np.argsort(-np.abs(values), kind="stable")[:MOST_NUMBERS].tolist():
            more = f"{signed(values[i], 3)} at {i}, "
            if INDENT + side + len(text + more) > screen.width:
                break
            text += more
        yield from _cut([Cell("", INDENT), Cell(name, side), text_cell(text[:-2])], screen)


def _products(walk: Explanation, screen: Screen) -> Iterator[Line]:
    """The products that make most of the strongest score (the neuron view)."""
    q, k = walk.query.vectors[0], walk.keys.vectors[walk.strongest]
    names = [f"q{i} · k{i}" for i in range(len(q))]
    yield from _terms(names, q, k, "q · k", screen)


def _one_of_context(walk: Explanation, screen: Screen) -> Iterator[Line]:
    """How the largest number of the weighted sum comes about."""
    at = int(np.abs(walk.context).argmax())
    names = [f"{name} · v{at}" for name in key_names(walk)]
    yield from _terms(names, walk.weights, walk.values.vectors[:, at], f"c{at}", screen)


def _terms(names: Sequence[str], a: Array, b: Array, total: str, screen: Screen) -> Iterator[Line]:
    """The largest products of a sum, and what the others add up to, as it is printed."""
    best = np.argsort(-np.abs(a * b), kind="stable")[:MOST_TERMS].tolist()
    side = min(max(width_of(names[i]) for i in best), LONGEST_KEY + 5) + GAP
    left = round(float(a @ b), 2)
    for i in best:
        product = round(round(float(a[i]), 4) * round(float(b[i]), 4), 2)
        left -= product
        yield from _term(names[i], f"{signed(a[i], 4)} · {signed(b[i], 4)}", product, side, screen)
    if len(a) > len(best):
        yield from _term(f"{len(a) - len(best)} others", "", left, side, screen)
    bold = plain(screen, bold=True)
    yield from _term(total, "", round(float(a @ b), 2), side, screen, bold)


def _term(
    name: str, factors: str, value: float, side: int, screen: Screen, style: Any = None
) -> list[Line]:
    cells = [Cell("", INDENT), Cell(fit(name, side - GAP), side, style)]
    number = Cell(signed(value, 2), 9, style, "right")
    return _cut([*cells, Cell(factors, 19, style, "right"), number], screen)


def _score_columns(walk: Explanation) -> list[tuple[str, Array]]:
    """From products to weights, for each key."""
    columns: list[tuple[str, Array]] = [("q·k", walk.dots), ("scaled", walk.scaled)]
    columns += [(name, values) for name, values in walk.biases.items()]
    if walk.capped is not None:
        columns.append(("capped", walk.capped))
    columns += [("e^score", walk.softmax.exponentials), ("weight", walk.weights)]
    return columns if walk.before is None else [*columns, ("before", walk.before)]


def _keys(
    walk: Explanation, columns: Sequence[tuple[str, Array]], screen: Screen
) -> Iterator[Line]:
    """A line for each key, in their order; of many only those with the largest weights."""
    names = [screen.writable(name) for name in key_names(walk)]
    order = np.argsort(-walk.weights, kind="stable")[:MOST_KEYS]
    shown = sorted(order.tolist())
    side = min(max((width_of(names[i]) for i in shown), default=4), LONGEST_KEY) + GAP
    dim, bold = plain(screen, dim=True), plain(screen, bold=True)
    heads = [Cell(name, 10, dim, "right") for name, _ in columns]
    yield from _cut([Cell("", INDENT), Cell("key", side, dim), *heads], screen)
    for i in shown:
        style = bold if i == walk.strongest else None if walk.visible[i] else dim
        cells = [
            Cell(_entry(name, values[i], walk, i), 10, style, "right") for name, values in columns
        ]
        yield from _cut(
            [Cell("", INDENT), Cell(fit(names[i], side - GAP), side, style), *cells], screen
        )
    if len(names) > len(shown):
        rest = np.setdiff1d(np.arange(len(names)), shown)
        left = Cell(f"{len(rest)} others", side, dim)
        sums = {"weight", "e^score", "before"}
        cells = [
            Cell(three_digits(float(v[rest].sum())) if n in sums else "", 10, dim, "right")
            for n, v in columns
        ]
        yield from _cut([Cell("", INDENT), left, *cells], screen)
    if any(name == "e^score" for name, _ in columns):
        total = three_digits(walk.softmax.total)
        cells = [Cell(total if n == "e^score" else "", 10, bold, "right") for n, _ in columns]
        yield from _cut([Cell("", INDENT), Cell("sum", side, bold), *cells], screen)


def _entry(name: str, value: float, walk: Explanation, key: int) -> str:
    if name in ("e^score", "weight", "before"):
        return three_digits(float(value))
    if not walk.visible[key] and name == "scaled":
        return "hidden"
    if name == "adds":
        return three_digits(float(value))
    return signed(value, 3 if name in ("q·k", "‖v‖") else 4)


def signed(value: Any, places: int) -> str:
    """A number with a minus as long as a plus, and never −0."""
    text = f"{float(value):.{places}f}"
    return text.lstrip("-") if not text.strip("-0.") else text.replace("-", "−")


def ledger(arrays: Mapping[str, Array]) -> str:
    """Every array with its shape; a line break never stands inside a shape."""
    shapes = {name: "×".join(map(str, array.shape)) for name, array in arrays.items() if array.ndim}
    return " · ".join(f"{name} ({shape})" for name, shape in shapes.items())


def step_text(text: str, screen: Screen, style: Any = None, indent: int = INDENT) -> list[Line]:
    """A paragraph, under the heading of its step or, without ``indent``, on its own."""
    words = readable(visible(text), screen).split()
    return paragraph((Piece(word, style) for word in words), screen, indent=indent)


def readable(text: str, screen: Screen) -> str:
    """Text with the signs of formulas, as the screen can write it."""
    return text if screen.unicode else screen.writable(text.translate(ASCII))


def _cut(cells: Sequence[Cell], screen: Screen) -> list[Line]:
    """Cells side by side; columns for which there is no room are left out."""
    used, kept = 0, []
    for cell in cells:
        if used + cell.width > screen.width:
            room = screen.width - used
            kept += [Cell(fit(cell.text, room), room, cell.style)] if cell.align == "left" else []
            break
        kept.append(cell._replace(text=readable(cell.text, screen)))
        used += cell.width
    return [row(kept, screen)]
