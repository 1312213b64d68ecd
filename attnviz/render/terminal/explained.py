"""A walk through one weight on a terminal: a sentence, a formula and the numbers of each step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.segment import Segments

from attnviz.analysis.explain import Explanation, Step, steps
from attnviz.render.explained import heading, say, walk_notes
from attnviz.render.explained_numbers import (
    KeyTable,
    Sum,
    Term,
    context_sum,
    effects,
    ledger,
    norm_of,
    product_sum,
    scores,
    strongest_numbers,
    vectors_of,
)
from attnviz.render.safe import visible, word_label
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

INDENT, GAP, LONGEST_KEY = 3, 2, 18
ASCII = str.maketrans(
    {"−": "-", "√": "sqrt ", "Σ": "sum ", "‖": "|", "ᵀ": "^T", "⊙": "*", "∞": "inf", "·": ".",
     "±": "+-", "“": '"', "”": '"', "…": "...", "₁": "1", "₂": "2", "ᵢ": "i", "ⱼ": "j", "ₕ": "h",
     "→": "->", "×": "x", "÷": "/"}
)  # fmt: skip


def explained(walk: Explanation, screen: Screen) -> Segments:
    """The whole walk, step by step."""
    lines = step_text(heading(walk), screen, plain(screen, bold=True), indent=0)
    for note in walk_notes(walk):
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
        yield from step_text("  ".join(f"{word_label(token)} {id}" for token, id in pairs), screen)
    elif step.name == "products":
        yield from _terms(product_sum(walk), screen)
    elif step.name == "softmax":
        yield from _keys(scores(walk), walk, screen)
    elif step.name == "contributions":
        yield from _keys(effects(walk), walk, screen)
    elif step.name not in ("scaling", "bias", "mask"):
        yield from _vectors(step, screen)
    if step.name == "context":
        yield from _terms(context_sum(walk), screen)


def _vectors(step: Step, screen: Screen) -> Iterator[Line]:
    """The norm of each vector and, as far as there is room, its largest numbers."""
    vectors = vectors_of(step)
    side = max(map(len, vectors), default=0) + GAP
    for name, values in vectors.items():
        text = f"norm {norm_of(values)}, largest "
        for number, i in strongest_numbers(values):
            more = f"{number} at {i}, "
            if INDENT + side + len(text + more) > screen.width:
                break
            text += more
        yield from _cut([Cell("", INDENT), Cell(name, side), text_cell(text[:-2])], screen)


def _terms(found: Sum, screen: Screen) -> Iterator[Line]:
    """The largest products of a sum, what the others add up to, and the whole."""
    side = min(max(width_of(term.name) for term in found.terms), LONGEST_KEY + 5) + GAP
    for term in (*found.terms, *([found.rest] if found.rest else [])):
        yield from _term(term, side, screen)
    yield from _term(found.total, side, screen, plain(screen, bold=True))


def _term(term: Term, side: int, screen: Screen, style: Any = None) -> list[Line]:
    cells = [Cell("", INDENT), Cell(fit(term.name, side - GAP), side, style)]
    factors = f"{term.left} · {term.right}" if term.left else ""
    number = Cell(term.product, 9, style, "right")
    return _cut([*cells, Cell(factors, 19, style, "right"), number], screen)


def _keys(table: KeyTable, walk: Explanation, screen: Screen) -> Iterator[Line]:
    """A line for each key, and what their numbers sum to."""
    names = {row.key: screen.writable(row.name) for row in table.rows}
    side = min(max((width_of(name) for name in names.values()), default=4), LONGEST_KEY) + GAP
    dim, bold = plain(screen, dim=True), plain(screen, bold=True)

    def line(name: str, entries: Sequence[str], style: Any) -> list[Line]:
        cells = [Cell(entry, 10, style, "right") for entry in entries]
        named = Cell(fit(name, side - GAP), side, style)
        return _cut([Cell("", INDENT), named, *cells], screen)

    yield from line("key", table.columns, dim)
    for key, _, entries in table.rows:
        style = bold if key == walk.strongest else None if walk.visible[key] else dim
        yield from line(names[key], entries, style)
    if table.others:
        yield from line(f"{table.n_others} others", table.others, dim)
    if table.total:
        yield from line("sum", table.total, bold)


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
