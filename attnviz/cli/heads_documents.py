"""Which heads ``attnviz heads`` tells of in which order, and a line of JSON for each text."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from attnviz.cli.heads_forms import Labels, MeasuredHeads
from attnviz.cli.signals import unbroken
from attnviz.corpus.lines import Text

if TYPE_CHECKING:
    from attnviz.analysis.measured import HeadMeasures
    from attnviz.model import Model
    from attnviz.result import Head


def labels_of(model: Model, found: HeadMeasures) -> Labels:
    """What the heads that were measured are known to do."""
    from attnviz import findings

    return findings.labels(model) if found.kind != "cross" else {}


def ordered(found: HeadMeasures, sort: str | None) -> list[Head]:
    """The heads as they are told: the largest of a measure first, or by their numbers."""
    return found.ranked(sort) if sort else sorted(found.ranked(found.names[0]))


def print_each(
    model: Model, found: Iterable[tuple[object, HeadMeasures]], sort: str | None
) -> None:
    """Print a whole line for each text, which says the text and where it stood, as it comes."""
    labels = None
    for one, measures in found:
        labels = labels_of(model, measures) if labels is None else labels
        order = ordered(measures, sort)
        told = MeasuredHeads(measures, order, labels, sort or "spread", model).document()
        told = {"format": told["format"], **_told(one), **told}
        with unbroken():
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


def _told(one: object) -> dict[str, Any]:
    """The text, and the number of its line where it stood on one."""
    if not isinstance(one, Text):
        return {}
    return ({} if one.line is None else {"line": one.line}) | {"text": one.text}
