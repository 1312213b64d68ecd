"""A line of JSON of ``attnviz heads`` for each text."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from attnviz.cli.signals import unbroken
from attnviz.corpus.lines import Text

if TYPE_CHECKING:
    from attnviz.analysis.measured import HeadMeasures


def print_each(found: Iterable[tuple[object, HeadMeasures]]) -> None:
    """Print a whole line for each text, which says the text and where it stood, as it comes."""
    from attnviz.display import document_of

    for one, measures in found:
        told = document_of(measures)
        told = {"format": told["format"], **_told(one), **told}
        with unbroken():
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


def _told(one: object) -> dict[str, Any]:
    """The text, and the number of its line where it stood on one."""
    if not isinstance(one, Text):
        return {}
    return ({} if one.line is None else {"line": one.line}) | {"text": one.text}
