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
from attnviz.model.long_texts import Tell, is_long, measured

if TYPE_CHECKING:
    from attnviz.model import Model
    from attnviz.result import Kind, Weighting

__all__ = ["Item", "heads_job", "text_of"]

Item = str | Text | Input
"""A text, one that stood on a line, or what a model's ``read`` made of one."""


def heads_job(
    kind: Kind,
    *,
    tokens: bool = False,
    truncate: bool = False,
    weights: Weighting = "raw",
    tell: Tell | None = None,
) -> Job[Item, HeadSums]:
    """What the texts of a pack add to the measures of each head.

    Raw weights of the first stack are measured as they come by where a text is long; ``tell`` is
    told how much of it is done.
    """
    compute = partial(_sums, kind=kind, tokens=tokens, weights=weights, tell=tell)
    return Job(partial(_read, kind=kind, truncate=truncate, weights=weights), compute)


def text_of(one: Item) -> str:
    """The text itself, or as many characters as what was read of it has tokens."""
    if isinstance(one, Input):
        return "".join(one.texts) or " " * len(one.tokens)
    return one if isinstance(one, str) else one.text


def _read(model: Model, one: Item, *, kind: Kind, truncate: bool, weights: Weighting) -> Input:
    if isinstance(one, Input):
        return one
    if not _streams(model, kind, weights):
        return model.read(text_of(one), truncate=truncate)
    read = model.encode(text_of(one), truncate=truncate)
    if not is_long(model, read):
        model.require_room(read)
    return read


def _streams(model: Model, kind: Kind, weights: Weighting) -> bool:
    """Whether what is measured can be as it comes by."""
    return weights == "raw" and kind == model.spec.stacks[0].kind and not model.has_target


def _sums(
    model: Model,
    given: Sequence[tuple[Item, Input]],
    cores: int | None,
    *,
    kind: Kind,
    tokens: bool,
    weights: Weighting,
    tell: Tell | None,
) -> HeadSums:
    streams = _streams(model, kind, weights)
    pack, parts = [], []
    for _, read in given:
        if streams and is_long(model, read):
            parts.append(measured(model, read, tokens=tokens, cores=cores, tell=tell))
        else:
            pack.append(read)
    if pack:
        parts.append(_together(model, pack, kind, tokens, weights))
    return add_up(parts)


def _together(
    model: Model, pack: Sequence[Input], kind: Kind, tokens: bool, weights: Weighting
) -> HeadSums:
    """What texts whose maps fit in memory add, computed together."""
    idle = Idle(model, kind, pack) if weights == "raw" else None
    results = model.attend_pack(pack, weights=weights, beside=idle.visit if idle else None)
    found = add_up(head_sums(one if tokens else merge_words(one), kind) for one in results)
    return found.extended("idle", idle.sums, idle.n) if idle else found
