"""What ``attnviz heads`` found, in every form: a figure or a page of one measure, JSON, CSV."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from attnviz.analysis.labels import Label
    from attnviz.analysis.measured import HeadMeasures
    from attnviz.model import Model
    from attnviz.render.style import Style
    from attnviz.result import Head, Weighting


Labels = dict["Head", tuple["Label", ...]]


class MeasuredHeads(NamedTuple):
    """Measures of heads in an order, what else is known of them, and the measure that is drawn."""

    found: HeadMeasures
    order: list[Head]
    labels: Labels
    name: str
    model: Model
    weighting: Weighting = "raw"

    @property
    def place(self) -> str:
        """What the numbers are of, ``head``; of paths, which go through all heads, ``layer``."""
        from attnviz.render.labels import matrices

        return matrices(self.weighting)

    def named(self, head: Head) -> str:
        """``3.1``, or of a layer its number."""
        return str(head.layer if self.place == "layer" else head)

    @property
    def about(self) -> str:
        """What the numbers are means of."""
        texts = "1 text" if self.found.n_texts == 1 else f"{self.found.n_texts:,} texts"
        return f"{self.found.kind} attention, {self.found.n_queries:,} words of {texts}"

    def figure(self, style: Style) -> Figure:
        """The measure of every head."""
        from attnviz.render.figure.measures import measured_heads

        title = f"{self.model.info.name}, {titles()[self.name]}: {self.about}"
        return measured_heads(self.found, self.name, style, title=title, weighting=self.weighting)

    def page(self, stream: BinaryIO, style: Style) -> None:
        """The picture over the table of all measures."""
        from attnviz.render.figure.save import to_svg
        from attnviz.render.page.measures_page import write_measures_page

        write_measures_page(
            self.found,
            self.order,
            stream,
            picture=to_svg(self.figure(replace(style, title=False))),
            titles=titles(),
            labels=self.labels,
            place=(self.place, self.named),
            title=style.heading(f"{self.model.info.name}: {titles()[self.name]}"),
            about=self.about,
        )

    def document(self) -> dict[str, Any]:
        """The table as data; what is undefined is null."""
        from attnviz.render.labels import label_text

        found, info = self.found, self.model.fingerprint()
        return {
            "format": "attnviz-heads/1",
            "model": {"name": info.name, "sha256": info.sha256},
            "map": found.kind,
            "texts": found.n_texts,
            "queries": found.n_queries,
            "measures": {name: titles()[name] for name in found.names},
            "heads": [
                {self.place: head.layer if self.place == "layer" else str(head)}
                | {name: None if math.isnan(x) else x for name, x in found.of(head).items()}
                | {"labels": [label_text(one) for one in self.labels.get(head, ())]}
                for head in self.order
            ],
        }

    def csv(self) -> str:
        """The table as CSV, every number in full, and labels; what is undefined is empty."""
        from attnviz.render.labels import labels_text

        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([self.place, *self.found.names, "labels"])
        for head in self.order:
            values = self.found.of(head).values()
            numbers = ("" if math.isnan(x) else repr(x) for x in values)
            said = labels_text(self.labels.get(head, ()))
            writer.writerow([self.named(head), *numbers, said])
        return stream.getvalue()


def titles() -> dict[str, str]:
    """What each measure is, by its name."""
    from attnviz.analysis.measures import MEASURES
    from attnviz.analysis.repetition import TITLES
    from attnviz.model import idle

    return {name: one.title for name, one in MEASURES.items()} | idle.TITLES | TITLES
