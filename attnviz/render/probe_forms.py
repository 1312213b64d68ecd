"""What ``attnviz probe`` found, in every form: a table, a figure or a page, and JSON."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from attnviz.analysis.answers import MatrixView
    from attnviz.analysis.probes import Interval, Probe, Probes
    from attnviz.render.style import Style
    from attnviz.result import Head


SHOWN = 3
"""How many heads of a relation are shown."""

MAPS = 48
"""Of how many relations a page has a picture of all heads."""

ABOVE = "* its 95 % interval lies above every simple rule."
COLUMNS = ("relation", "n", "best rule", "", "best heads", "", "")


class Relations(NamedTuple):
    """How often the heads of a model find relations, and in which texts they were asked."""

    found: Probes

    def figure(self, style: Style) -> Figure:
        """A row for each relation, with its best heads and its best rule."""
        from attnviz.render.figure.relations import relations

        title = f"{self.found.model}, what heads find in {self.found.texts}"
        return relations(list(self.found.values()), style, title=title)

    def page(self, stream: BinaryIO, style: Style) -> None:
        """The figure over the table, and of each relation all heads."""
        from attnviz.render.figure import heat_map
        from attnviz.render.figure.save import to_svg
        from attnviz.render.page.plain_page import (
            Picture,
            pictures,
            sentences,
            table,
            write_plain_page,
        )

        bare = replace(style, title=False)
        plain = replace(bare, notes=False, size=None)
        maps = [_all_heads(one) for one in self._ordered()[:MAPS]]
        what = f"heads find in {self.found.texts}"
        parts = [
            pictures([Picture(to_svg(self.figure(bare)))], name=f"what {what}"),
            table(COLUMNS, self.rows()),
            sentences([ABOVE]),
            pictures(
                [Picture(to_svg(heat_map(one, plain)), one.title) for one in maps],
                heading="How often each head is right: layers down, heads across",
            ),
        ]
        title = style.heading(f"What {what}")
        write_plain_page(stream, parts, title=title, about=self.found.model)

    def rows(self) -> list[list[str]]:
        """The table: relations with most examples first."""
        return [
            [
                *(one.relation, str(one.n), rule, f"{share:.2f}"),
                *(_said(one, head) for head in one.best()[:SHOWN]),
            ]
            for one in self._ordered()
            for rule, share in [_best_rule(one)]
        ]

    def document(self) -> dict[str, Any]:
        """All heads and rules of each relation as data."""
        return {
            "format": "attnviz-probe/1",
            "relations": [
                {
                    "relation": one.relation,
                    "n": one.n,
                    "rules": one.baselines(),
                    "heads": [
                        {
                            "head": str(head),
                            **one.accuracy(head)._asdict(),
                            "above": one.above(head),
                        }
                        for head in one.best()
                    ],
                }
                for one in self.found.values()
            ],
        }

    def _ordered(self) -> list[Probe]:
        return sorted(self.found.values(), key=lambda one: -one.n)


def interval(one: Interval) -> str:
    """``0.74 [0.72, 0.76]``."""
    return f"{one.share:.2f} [{one.low:.2f}, {one.high:.2f}]"


def _best_rule(one: Probe) -> tuple[str, float]:
    return max(one.baselines().items(), key=lambda rule: rule[1], default=("", 0.0))


def _said(one: Probe, head: Head) -> str:
    mark = "*" if one.above(head) else " "
    return f"{head} {interval(one.accuracy(head))}{mark}"


def _all_heads(one: Probe) -> MatrixView:
    """The accuracy of every head (layer, head) in one relation."""
    import numpy as np

    from attnviz.analysis.answers import MatrixView

    shares = (one.right / one.n).astype(np.float32)
    return MatrixView.of_all_heads(shares, one.layers, one.heads, one.relation)
