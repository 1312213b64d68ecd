"""What changes between two texts or two models, in every form: figure, page, lines, document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from attnviz.analysis.compare import Change, Comparison
from attnviz.render.labels import labels_of_each, labels_text, named_head
from attnviz.render.safe import word_label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from attnviz.analysis.answers import MatrixView
    from attnviz.render.style import Style


LISTED, LISTED_AS_DATA, PICTURES = 20, 50, 4
"""How many changes a page and a document list, and of how many heads a page has pictures."""


class Compared(NamedTuple):
    """A comparison in the forms that it is shown in."""

    found: Comparison

    def figure(self, style: Style) -> Figure:
        """The signed map of the head shown."""
        from attnviz.render.figure import heat_map

        names, texts = self._named()
        matrix = self.found.matrix()
        return heat_map(matrix, style, title=f"{names}, {matrix.title}: {texts}")

    def page(self, stream: BinaryIO, style: Style) -> None:
        """Both maps beside their difference, and a table of what changes most."""
        from attnviz.render.page.plain_page import table, write_plain_page

        names, texts = self._named()
        rows = [self._cells(change) for change in self.found.changes(LISTED)]
        columns = ("from", "to", "first", "second", "head")
        parts = self._pictures(style)
        parts.insert(1, table(columns, rows, heading="Links that change most"))
        write_plain_page(stream, parts, title=style.heading(texts) or texts, about=names)

    def lines(self) -> list[str]:
        """The links that change most, ``it → hat  0.80 → 0.20 in 3.1``."""
        cells = [self._cells(change) for change in self.found.changes()]
        return [
            f"{query} → {key}  {one} → {two} in {heads}" for query, key, one, two, heads in cells
        ]

    def document(self) -> dict[str, Any]:
        """What changes, as data."""
        found, heads = self.found, tuple(zip(*self.found.pairs, strict=True))
        return {
            "format": "attnviz-comparison/1",
            "words": [word.text for word in found.words],
            "others": [word.text for word in found.others],
            "heads": [[str(pair.first), str(pair.second)] for pair in found.pairs],
            "labels": [labels_of_each(*side) for side in zip(heads, found.labels, strict=True)],
            "changes": [
                {
                    "heads": [str(one.pair.first), str(one.pair.second)],
                    "query": one.query,
                    "key": one.key,
                    "before": one.before,
                    "after": one.after,
                }
                for one in found.changes(LISTED_AS_DATA)
            ],
        }

    def _named(self) -> tuple[str, str]:
        """The models and the texts that are compared, each once."""
        names, texts = dict.fromkeys(self.found.models), dict.fromkeys(self.found.texts)
        return " and ".join(names), " | ".join(texts)

    def _pictures(self, style: Style) -> list[str]:
        """Both maps and their difference, of the head shown, then of those that change most."""
        from attnviz.render.fast_import import import_figures

        import_figures()
        from attnviz.render.figure import heat_map
        from attnviz.render.figure.save import to_svg
        from attnviz.render.page.plain_page import Picture, pictures

        found = self.found
        alike = found.texts[0] == found.texts[1]
        first, second = found.models if alike else found.texts
        captions = (f"first: {first}", f"second: {second}", "second minus first")
        changes = found.changes(LISTED)
        heads = dict.fromkeys([found.pair().first, *(one.pair.first for one in changes)])
        parts = []
        for head in list(heads)[:PICTURES]:
            matrices = [replace(one, labels=()) for one in found.matrices(head)]  # said above them
            drawn = [
                Picture(to_svg(heat_map(matrix, _on_one_scale(style, matrices[:2]))), caption)
                for matrix, caption in zip(matrices, captions, strict=True)
            ]
            said = labels_text(found.labels[0].get(head, ()))
            name = found.pair(head).name
            parts.append(pictures(drawn, heading=f"{name}: {said}" if said else name))
        return parts

    def _cells(self, change: Change) -> tuple[str, str, str, str, str]:
        """The words from and to, both weights, and the head or heads of one change."""
        one, two = map(named_head, change.pair, self.found.labels)
        heads = one if change.pair.first == change.pair.second else f"{one} and {two}"
        query, key = (word_label(self.found.both[at]) for at in (change.query, change.key))
        return query, key, f"{change.before:.2f}", f"{change.after:.2f}", heads


def _on_one_scale(style: Style, matrices: Sequence[MatrixView]) -> Style:
    """The style without a title, and where colours go up to the largest weight, to that of all."""
    if style.scale == "fit" and style.vmax is None:
        style = replace(style, vmax=max(float(one.weights.max()) for one in matrices))
    return replace(style, title=False)
