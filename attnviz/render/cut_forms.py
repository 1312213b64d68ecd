"""What ``attnviz cut`` found, in every form: a figure or a page, and JSON."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from attnviz.analysis.answers import MatrixView
    from attnviz.analysis.cuts import CutEffect, CutSearch, Ranked
    from attnviz.render.style import Style

HEADS = "Heads, silenced: the mean over all words of how far final vectors move (1 − cosine)"
LINKS = "Links, cut in all heads: how far the final vector of their word moves"
MOVED = "Words that move most"


class Effect(NamedTuple):
    """One cut and what it changes in the forms that it is shown in."""

    found: CutEffect

    def figure(self, style: Style) -> Figure:
        """The effect among those of the controls."""
        from attnviz.render.cuts import cut_name
        from attnviz.render.figure.effects import cut_effect
        from attnviz.render.sentences import title_of

        found = self.found
        what = f"without {cut_name(found.cut, found)}"
        return cut_effect(found, style, title=title_of(found.model, what, found.text))

    def page(self, stream: BinaryIO, style: Style) -> None:
        """The figure over the sentences and all words."""
        from attnviz.render.cuts import CAUSE, cut_name, cut_sentences
        from attnviz.render.figure.save import to_svg
        from attnviz.render.page.plain_page import (
            Picture,
            pictures,
            sentences,
            table,
            write_plain_page,
        )

        bare = replace(style, title=False, notes=False)
        parts = [
            pictures([Picture(to_svg(self.figure(bare)))], name="the effect among its controls"),
            sentences([*cut_sentences(self.found), CAUSE]),
            table(["word", "1 − cosine"], self.moved(), heading=MOVED),
        ]
        about = f"{self.found.model}, without {cut_name(self.found.cut, self.found)}"
        write_plain_page(stream, parts, title=style.heading(self.found.text), about=about)

    def moved(self, most: int | None = None) -> list[list[str]]:
        """Words and how far they move."""
        from attnviz.render.safe import word_label

        return [[word_label(one.word), f"{one.distance:.4f}"] for one in self.found.words[:most]]

    def document(self) -> dict[str, Any]:
        """A cut and its effects as data."""
        from attnviz.render.claims import claim_text
        from attnviz.render.cuts import cut_name, cut_sentences
        from attnviz.render.labels import label_text

        found, said = self.found, self.found.prediction
        return {
            "format": "attnviz-cut/1",
            "cut": cut_name(found.cut, found),
            "heads": [str(head) for head in found.cut.heads],
            "labels": [label_text(one) for one in found.labels],
            "weight": found.weight,
            "effect": found.effect,
            "percentile": found.percentile,
            "percentiles": None if found.bounds is None else [one.share for one in found.bounds],
            "others": found.others.tolist(),
            "words": [
                {"word": one.word.text, "position": one.position, "distance": one.distance}
                for one in found.words
            ],
            "before": [claim_text(claim) for claim in found.before],
            "after": [claim_text(claim) for claim in found.after],
            "prediction": said and said._asdict(),
            "said": cut_sentences(found),
        }


class Search(NamedTuple):
    """All heads and links of a text of a model, those first that change most."""

    found: CutSearch

    def figure(self, style: Style) -> Figure:
        """What every head moves, layers × heads, beside what every link moves, word × word."""
        from attnviz.render.figure import side_by_side
        from attnviz.render.sentences import title_of

        found = self.found
        title = title_of(found.model, "how far cuts move final vectors", found.text)
        return side_by_side(self._matrices(), self._scaled(style), title=title)

    def page(self, stream: BinaryIO, style: Style) -> None:
        """Both matrices over both lists."""
        from attnviz.render.cuts import CAUSE
        from attnviz.render.figure import heat_map
        from attnviz.render.figure.save import to_svg
        from attnviz.render.page.plain_page import (
            Picture,
            pictures,
            sentences,
            table,
            write_plain_page,
        )

        bare = replace(self._scaled(style), title=False)
        drawn = [Picture(to_svg(heat_map(one, bare)), one.title) for one in self._matrices()]
        columns, *links = self.link_rows()
        parts = [
            pictures(drawn),
            table(["head", "effect"], self.head_rows(), heading=HEADS),
            table(columns, links, heading=LINKS),
            sentences([CAUSE]),
        ]
        write_plain_page(
            stream, parts, title=style.heading(self.found.text), about=self.found.model
        )

    def head_rows(self) -> list[list[str]]:
        """The first heads and what they move."""
        from attnviz.render.labels import named_head

        labels = self.found.labels
        return [
            [named_head(one.cut.heads[0], labels), f"{one.effect:.4f}"] for one in self.found.heads
        ]

    def link_rows(self) -> list[list[str]]:
        """The first links, their weight and what they move, under the names of the columns."""
        rows = [
            [self._link(one), f"{one.weight:.2f}", f"{one.effect:.4f}"] for one in self.found.links
        ]
        return [["link", "weight", "effect"], *rows]

    def document(self) -> dict[str, Any]:
        """The first of both as data."""
        from attnviz.render.labels import label_text

        return {
            "format": "attnviz-cuts/1",
            "heads": [
                {
                    "head": str(one.cut.heads[0]),
                    "effect": one.effect,
                    "labels": [
                        label_text(each) for each in self.found.labels.get(one.cut.heads[0], ())
                    ],
                }
                for one in self.found.heads
            ],
            "links": [
                {"link": self._link(one), "weight": one.weight, "effect": one.effect}
                for one in self.found.links
            ],
        }

    def _link(self, one: Ranked) -> str:
        from attnviz.render.safe import word_label

        at = [position for position in (one.cut.query, one.cut.key) if position is not None]
        return " → ".join(word_label(self.found.words[position]) for position in at)

    def _scaled(self, style: Style) -> Style:
        """The style with colours up to the largest effect, unless it says up to where."""
        largest = max(
            (one.effect for one in (*self.found.every_head, *self.found.every_link)), default=0.0
        )
        return replace(style, vmax=largest) if style.vmax is None and largest > 0 else style

    def _matrices(self) -> list[MatrixView]:
        """The effects of heads (layer, head) and of links (query, key), 0 where none was cut."""
        import numpy as np

        from attnviz.analysis.answers import MatrixView

        words = self.found.words
        silenced = {one.cut.heads[0]: one.effect for one in self.found.every_head}
        layers, heads = (sorted(set(axis)) for axis in zip(*silenced, strict=True))
        of_heads = np.zeros((len(layers), len(heads)), np.float32)
        for head, effect in silenced.items():
            of_heads[layers.index(head.layer), heads.index(head.head)] = effect
        of_links = np.zeros((len(words), len(words)), np.float32)
        for one in self.found.every_link:
            of_links[one.cut.query, one.cut.key] = one.effect
        return [
            MatrixView.of_all_heads(of_heads, layers, heads, "heads, silenced"),
            MatrixView(of_links, words, words, "links, cut in all heads"),
        ]
