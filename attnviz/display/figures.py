"""Figures of results and of what was found in them, or of heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from attnviz import findings
from attnviz.analysis.answers import MatrixView, WordAttention
from attnviz.analysis.selection import Selection
from attnviz.display.choices import Chosen, require_known
from attnviz.errors import InputError
from attnviz.render.labels import heads_named, matrices, name_of
from attnviz.render.sentences import title_of
from attnviz.render.style import Style
from attnviz.result import AttentionResult, Heads, Kind

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from attnviz.render.drawn import Found
    from attnviz.render.lessons import Lesson


def figure(
    result: AttentionResult | Lesson | Found,
    *,
    head: Heads | None = None,
    layer: int | None = None,
    mean: bool = False,
    heads: Heads | None = None,
    map: Kind | None = None,
    tokens: bool = False,
    special: bool = True,
    ask: str | Sequence[str] = (),
    who: str | Sequence[str] = (),
    **style: Any,
) -> Figure:
    """A matplotlib Figure of one head or several, a layer's mean, the mean of all, or every head.

    Without a choice it is the head that says most about words. ``head`` is "3.1" or (3, 1);
    several, as ["3.1", (2, 4)] or "3.1,2.4", stand side by side, under either name, and
    ``heads="all"`` is the grid of every head. ``ask`` shows where words look, ``who`` who
    looks at them. ``tokens`` shows the model's tokens instead of words, ``special=False`` hides
    special tokens. ``style`` takes size
    in inches, dpi, palette, scale, vmin, vmax, title, numbers, notes, font, and ``ax``, matplotlib
    Axes to draw into. All but a result, as a walk or measures of heads, take the style alone.

    Raises UnknownHead, UnknownWord, or InputError for a style that cannot be drawn.
    """
    require_known(style, [field.name for field in fields(Style)])
    chosen = Chosen(head, layer, mean, heads, map, tokens, not special, ask, who)
    if not isinstance(result, AttentionResult):
        if chosen != Chosen():
            raise InputError("what this shows is chosen already; its figure takes the style alone")
        from attnviz.render.drawn import Found, drawn

        if isinstance(result, Found):
            return drawn(result).figure(Style(**style))
        from attnviz.render.lessons import draw_lesson

        return draw_lesson(result, Style(**style))
    return draw([Selection(result, chosen, findings.of(result.model))], Style(**style))


def draw(selections: Sequence[Selection], style: Style) -> Figure:
    """Matrices side by side, the grid of all heads, or the answers to all questions."""
    from attnviz.render import figure

    first = selections[0]
    if first.answers:
        answers = [answer for selection in selections for answer in selection.answers]
        return figure.answers(answers, style, title=title_of_all(selections))
    if first.options.every_head:
        return figure.head_grid(
            first.map,
            *first.axes,
            style,
            title=title_of_all(selections, f"all {matrices(first.result.weighting)}s"),
            hidden=first.hidden,
            merged=first.kind in first.view.merged,
            sinks=first.view.sinks,
            kind=first.kind,
            labels=first.labels,
            longer=first.view.longer,
            weighting=first.result.weighting,
        )
    if len(selections) == 1:
        named = (
            heads_named(first.heads, first.result.weighting)
            if len(first.heads) > 1
            else name_of(first.matrices[0])
        )
        return figure.side_by_side(first.matrices, style, title=title_of_all(selections, named))
    shown = [
        replace(matrix, title=f"{selection.name}: {name_of(matrix)}")
        for selection in selections
        for matrix in selection.matrices
    ]
    across = len(first.heads) if len(first.heads) > 1 else None
    return figure.side_by_side(shown, style, title=title_of_all(selections), per_row=across)


def title_of_all(selections: Sequence[Selection], what: str = "") -> str:
    """The model, what is shown of it and, where there is one, the text."""
    first = selections[0].result
    text = " / ".join(first.texts) if len(selections) == 1 else ""
    return title_of(first.model.name, what, text)


def png(found: MatrixView | WordAttention) -> tuple[bytes, dict[str, int]]:
    """What analysis found as a PNG, and its width and height in a notebook's pixels."""
    from attnviz.render import figure
    from attnviz.render.figure.save import to_png

    drawn = figure.heat_map(found) if isinstance(found, MatrixView) else figure.answers([found])
    return to_png(drawn)
