"""What heads are called, in words: the same in tables, in grids and on the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attnviz.analysis.labels import Label
from attnviz.analysis.paths import PATHS
from attnviz.render.numbers import share
from attnviz.render.safe import visible
from attnviz.render.sentences import short_name
from attnviz.result import Head, Weighting


def label_text(label: Label) -> str:
    """``noun antecedent .64 against .29``."""
    against = "" if label.against is None else f" against {share(label.against)}"
    return f"{visible(label.what)} {share(label.value)}{against}"


def named_head(
    head: Head, labels: Mapping[Head, Sequence[Label]], weighting: Weighting = "raw"
) -> str:
    """A head and the first thing it was found to do, as ``3.1 noun antecedent``."""
    return f"{short_name(head, weighting)} {first_found(head, labels, weighting)}".rstrip()


def first_found(
    head: Head, labels: Mapping[Head, Sequence[Label]], weighting: Weighting = "raw"
) -> str:
    """The first thing that a head was found to do; of paths nothing."""
    first = () if weighting in PATHS else labels.get(head, ())[:1]
    return "".join(visible(label.what) for label in first)


def labels_text(labels: Iterable[Label]) -> str:
    """All labels of a head, a comma between them."""
    return ", ".join(map(label_text, labels))
