"""What ``attnviz heads`` found, in every form: a figure or a page of one measure, JSON, CSV."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from attnviz.analysis.measured import HeadMeasures
    from attnviz.render.style import Style
    from attnviz.result import Head


DRAWN = "spread"
"""The measure that is drawn where none was asked for."""

IDLE = {"idle": "weight that moves nothing"}


class Measured(NamedTuple):
    """Measures of heads in the forms that they are shown in."""

    found: HeadMeasures

    @property
    def place(self) -> str:
        """What the numbers are of, ``head``; of paths, which go through all heads, ``layer``."""
        from attnviz.render.labels import matrices

        return matrices(self.found.weighting)

    def named(self, head: Head) -> str:
        """``3.1``, or of a layer its number."""
        return str(head.layer if self.place == "layer" else head)

    @property
    def about(self) -> str:
        """What the numbers are means of."""
        texts = "1 text" if self.found.n_texts == 1 else f"{self.found.n_texts:,} texts"
        return f"{self.found.kind} attention, {self.found.n_queries:,} words of {texts}"

    @property
    def about_model(self) -> str:
        """What the measure that is drawn is, and of which model."""
        return ", ".join(filter(None, (self.found.model.name, titles()[self.name])))

    @property
    def name(self) -> str:
        """The measure that is drawn."""
        return self.found.sort or DRAWN

    def figure(self, style: Style) -> Figure:
        """The measure of every head."""
        from attnviz.render.figure.measures import measured_heads

        found, title = self.found, f"{self.about_model}: {self.about}"
        return measured_heads(found, self.name, style, title=title, weighting=found.weighting)

    def page(self, stream: BinaryIO, style: Style) -> None:
        """The picture over the table of all measures."""
        from attnviz.render.figure.save import to_svg
        from attnviz.render.page.measures_page import write_measures_page

        write_measures_page(
            self.found,
            self.found.order,
            stream,
            picture=to_svg(self.figure(replace(style, title=False))),
            titles=titles(),
            labels=self.found.labels,
            place=(self.place, self.named),
            title=style.heading(f"{self.found.model.name}: {titles()[self.name]}"),
            about=self.about,
        )

    def document(self) -> dict[str, Any]:
        """The table as data; what is undefined is null."""
        from attnviz.render.labels import label_text

        found, info = self.found, self.found.model
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
                | {"labels": [label_text(one) for one in self.found.labels.get(head, ())]}
                for head in self.found.order
            ],
        }

    def csv(self) -> str:
        """The table as CSV, every number in full, and labels; what is undefined is empty."""
        from attnviz.render.labels import labels_text

        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([self.place, *self.found.names, "labels"])
        for head in self.found.order:
            values = self.found.of(head).values()
            numbers = ("" if math.isnan(x) else repr(x) for x in values)
            said = labels_text(self.found.labels.get(head, ()))
            writer.writerow([self.named(head), *numbers, said])
        return stream.getvalue()


def titles() -> dict[str, str]:
    """What each measure is, by its name."""
    from attnviz.analysis.measures import MEASURES
    from attnviz.analysis.repetition import TITLES

    return {name: one.title for name, one in MEASURES.items()} | IDLE | TITLES
