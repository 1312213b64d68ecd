"""What the heads of a model were found to do, and what a change does: each drawn by its kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from attnviz.analysis.compare import Comparison
from attnviz.analysis.cuts import CutEffect, CutSearch
from attnviz.analysis.measured import HeadMeasures
from attnviz.analysis.probes import Probes
from attnviz.render.style import Style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


Found = Comparison | CutEffect | CutSearch | HeadMeasures | Probes


class Drawn(Protocol):
    """What was found, in the forms of files."""

    def figure(self, style: Style) -> Figure:
        """The picture."""

    def page(self, stream: BinaryIO, style: Style) -> None:
        """Write a page; its title is that of the style, if that is a text."""

    def document(self) -> Mapping[str, Any]:
        """What --json prints."""


def drawn(found: Found) -> Drawn:
    """The forms of what was found."""
    if isinstance(found, Comparison):
        from attnviz.render.compared import Compared

        return Compared(found)
    if isinstance(found, HeadMeasures):
        from attnviz.render.heads_forms import Measured

        return Measured(found)
    if isinstance(found, Probes):
        from attnviz.render.probe_forms import Relations

        return Relations(found)
    from attnviz.render.cut_forms import Effect, Search

    return Search(found) if isinstance(found, CutSearch) else Effect(found)
