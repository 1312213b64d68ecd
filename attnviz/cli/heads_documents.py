"""The documents of ``attnviz heads``: the table as JSON, of all texts or line by line of each."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from attnviz.cli.heads_pictures import Labels, titles
from attnviz.cli.signals import unbroken
from attnviz.corpus.lines import Text

if TYPE_CHECKING:
    from attnviz.analysis.measured import HeadMeasures
    from attnviz.model import Model
    from attnviz.result import Head, ModelInfo


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
    info, labels = model.fingerprint(), None
    for one, measures in found:
        labels = labels_of(model, measures) if labels is None else labels
        told = document(measures, ordered(measures, sort), labels, info)
        told = {"format": told["format"], **_told(one), **told}
        with unbroken():
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


def _told(one: object) -> dict[str, Any]:
    """The text, and the number of its line where it stood on one."""
    if not isinstance(one, Text):
        return {}
    return ({} if one.line is None else {"line": one.line}) | {"text": one.text}


def document(
    found: HeadMeasures, order: list[Head], labels: Labels, info: ModelInfo
) -> dict[str, Any]:
    """The table as data; what is undefined is null."""
    from attnviz.render.labels import label_text

    return {
        "format": "attnviz-heads/1",
        "model": {"name": info.name, "sha256": info.sha256},
        "map": found.kind,
        "texts": found.n_texts,
        "queries": found.n_queries,
        "measures": {name: titles()[name] for name in found.names},
        "heads": [
            {"head": str(head)}
            | {name: None if math.isnan(x) else x for name, x in found.of(head).items()}
            | {"labels": [label_text(one) for one in labels.get(head, ())]}
            for head in order
        ],
    }
