"""How results show themselves: as figures, and in notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from attnviz.analysis.answers import MatrixView, WordAttention
from attnviz.analysis.selection import Selection
from attnviz.render.sentences import name_of
from attnviz.render.style import Style
from attnviz.result import AttentionMap, AttentionResult, Head, Kind

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw", "figure", "html", "png"]


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The choices of one picture, as ``figure`` takes them."""

    head: Head | str | None = None
    layer: int | None = None
    mean: bool = False
    heads: str | None = None
    map: str | None = None
    tokens: bool = False
    no_special: bool = False
    ask: Sequence[str] = ()

    def one_head(self) -> Head | None:
        """The head asked for, if one was."""
        return Head.parse(self.head) if isinstance(self.head, str) else self.head


def figure(
    result: AttentionResult,
    *,
    head: Head | str | None = None,
    layer: int | None = None,
    mean: bool = False,
    heads: Literal["all"] | None = None,
    map: Kind | None = None,
    tokens: bool = False,
    special: bool = True,
    ask: str | Sequence[str] = (),
    **style: Any,
) -> Figure:
    """A matplotlib Figure of one head, a layer's mean, the mean of all, or every head.

    Without a choice it is the head that says most about words; ``ask`` shows where words
    look. ``tokens`` shows the model's tokens instead of words, ``special=False`` hides special
    tokens. ``style`` takes size in inches, dpi, palette, title, numbers, top and font.

    Raises UnknownHead, UnknownWord, or InputError for a style that cannot be drawn.
    """
    asked = [ask] if isinstance(ask, str) else list(ask)
    chosen = _Chosen(head, layer, mean, heads, map, tokens, not special, asked)
    return draw([Selection(result, chosen)], Style(**style))


def draw(selections: Sequence[Selection], style: Style) -> Figure:
    """One matrix, several side by side, the grid of all heads, or the answers to all questions."""
    from attnviz.render import figure

    first = selections[0]
    if first.options.ask:
        return figure.answers(
            [answer for selection in selections for answer in selection.answers], style
        )
    if first.options.heads:
        return figure.head_grid(
            first.map,
            *first.axes,
            style,
            title=first.name,
            hidden=first.hidden,
            merged=first.view.merged,
            kind=first.kind,
        )
    if len(selections) == 1:
        return figure.heat_map(first.matrix, style)
    matrices = [
        replace(selection.matrix, title=f"{selection.name}: {name_of(selection.matrix)}")
        for selection in selections
    ]
    return figure.side_by_side(matrices, style)


def html(shown: AttentionResult | AttentionMap) -> str:
    """The page's own view of a result or map, in a frame that is safe in any notebook."""
    from attnviz.render.page import fragment

    if isinstance(shown, AttentionResult):
        return fragment(shown)
    return fragment(shown, axes=shown.axes)


def png(found: MatrixView | WordAttention) -> tuple[bytes, dict[str, int]]:
    """What analysis found as a PNG, and its width and height in a notebook's pixels."""
    from attnviz.render import figure

    drawn = figure.heat_map(found) if isinstance(found, MatrixView) else figure.answers([found])
    return drawn.png()
