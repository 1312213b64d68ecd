"""What heads do with their weight, over packs of texts wherever they are computed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from attnviz.analysis.measured import HeadSums, add_up, head_sums
from attnviz.analysis.words import merge_words
from attnviz.corpus.lines import Text
from attnviz.corpus.packs import Job
from attnviz.model.idle import Idle
from attnviz.model.inputs import Input

if TYPE_CHECKING:
    from attnviz.model import Model
    from attnviz.result import Kind, Weighting

__all__ = ["Item", "heads_job", "text_of"]

Item = str | Text | Input
"""A text, one that stood on a line, or what a model's ``read`` made of one."""


def heads_job(
    kind: Kind, *, tokens: bool = False, truncate: bool = False, weights: Weighting = "raw"
) -> Job[Item, HeadSums]:
    """What the texts of a pack add to the measures of each head."""
    compute = partial(_sums, kind=kind, tokens=tokens, weights=weights)
    return Job(partial(_read, truncate=truncate), compute)


def text_of(one: Item) -> str:
    """The text itself, or as many characters as what was read of it has tokens."""
    if isinstance(one, Input):
        return "".join(one.texts) or " " * len(one.tokens)
    return one if isinstance(one, str) else one.text


def _read(model: Model, one: Item, *, truncate: bool) -> Input:
    return one if isinstance(one, Input) else model.read(text_of(one), truncate=truncate)


def _sums(
    model: Model,
    given: Sequence[tuple[Item, Input]],
    _cores: int | None,
    *,
    kind: Kind,
    tokens: bool,
    weights: Weighting,
) -> HeadSums:
    pack = [read for _, read in given]
    idle = Idle(model, kind, pack) if weights == "raw" else None
    results = model.attend_pack(pack, weights=weights, beside=idle.visit if idle else None)
    found = add_up(head_sums(one if tokens else merge_words(one), kind) for one in results)
    return found.extended("idle", idle.sums, idle.n) if idle else found
