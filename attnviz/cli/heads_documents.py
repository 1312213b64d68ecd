"""Which heads ``attnviz heads`` tells of in which order, and a line of JSON for each text."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from attnviz.cli.heads_forms import MeasuredHeads
from attnviz.cli.signals import unbroken
from attnviz.corpus.lines import Text

if TYPE_CHECKING:
    from attnviz.analysis.measured import HeadMeasures
    from attnviz.model import Model
    from attnviz.result import Weighting


def measured(
    model: Model, found: HeadMeasures, sort: str | None, weighting: Weighting
) -> MeasuredHeads:
    """Heads with what they are known to do, the largest of a measure first, or by their numbers."""
    from attnviz import findings
    from attnviz.analysis.labels import are_of

    labels = findings.labels(model) if are_of(model.info, found.kind, weighting) else {}
    order = found.ranked(sort) if sort else sorted(found.ranked(found.names[0]))
    return MeasuredHeads(found, order, labels, sort or "spread", model, weighting)


def print_each(
    model: Model,
    found: Iterable[tuple[object, HeadMeasures]],
    sort: str | None,
    weighting: Weighting,
) -> None:
    """Print a whole line for each text, which says the text and where it stood, as it comes."""
    for one, measures in found:
        told = measured(model, measures, sort, weighting).document()
        told = {"format": told["format"], **_told(one), **told}
        with unbroken():
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


def _told(one: object) -> dict[str, Any]:
    """The text, and the number of its line where it stood on one."""
    if not isinstance(one, Text):
        return {}
    return ({} if one.line is None else {"line": one.line}) | {"text": one.text}
