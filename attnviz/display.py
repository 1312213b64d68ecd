"""How results show themselves: as figures, and in notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from attnviz.analysis.selection import Selection
from attnviz.render.style import Style
from attnviz.result import AttentionMap, AttentionResult, Head

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw", "figure", "html"]


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The choices of one picture, as ``AttentionResult.figure`` takes them."""

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


def figure(result: AttentionResult, style: dict[str, Any], **choices: Any) -> Figure:
    """The matplotlib Figure that these choices make of a result; see AttentionResult.figure."""
    return draw([Selection(result, _Chosen(**choices))], Style(**style))


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
            notes=first.view.notes,
            kind=first.kind,
        )
    if len(selections) == 1:
        return figure.heat_map(first.matrix, style)
    matrices = [
        replace(selection.matrix, title=f"{selection.name}: {selection.matrix.title}")
        for selection in selections
    ]
    return figure.side_by_side(matrices, style)


def html(shown: AttentionResult | AttentionMap) -> str:
    """The page's own view of a result or map, in a frame that is safe in any notebook."""
    from attnviz.render.page import fragment

    if isinstance(shown, AttentionResult):
        return fragment(shown)
    return fragment(shown, axes=shown.axes)
