"""What heads do with their weight, over packs of texts wherever they are computed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from attnviz.analysis.measured import HeadSums, add_up, each_sums
from attnviz.corpus.lines import Text
from attnviz.corpus.packs import Job
from attnviz.model.idle import PackIdle
from attnviz.model.inputs import Input
from attnviz.model.long_texts import Tell, is_long, measured

if TYPE_CHECKING:
    from attnviz.model import Model
    from attnviz.result import Kind, Weighting


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
    told how much of one is done that is alone.
    """
    each = each_job(kind, tokens=tokens, truncate=truncate, weights=weights, tell=tell)
    return Job(each.read, partial(_sums, each=each))


def each_job(
    kind: Kind,
    *,
    tokens: bool = False,
    truncate: bool = False,
    weights: Weighting = "raw",
    tell: Tell | None = None,
) -> Job[Item, list[tuple[Item, HeadSums]]]:
    """What each text of a pack adds, in order; as ``heads_job``, which adds that up."""
    compute = partial(_each, kind=kind, tokens=tokens, weights=weights, tell=tell)
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
    each: Job[Item, list[tuple[Item, HeadSums]]],
) -> HeadSums:
    return add_up(found for _, found in each.compute(model, given, cores))


def _each(
    model: Model,
    given: Sequence[tuple[Item, Input]],
    cores: int | None,
    *,
    kind: Kind,
    tokens: bool,
    weights: Weighting,
    tell: Tell | None,
) -> list[tuple[Item, HeadSums]]:
    streams = _streams(model, kind, weights)
    long = [streams and is_long(model, read) for _, read in given]
    pack = [read for (_, read), apart in zip(given, long, strict=True) if not apart]
    told = tell if cores is None and len(given) == 1 else None  # else texts interleave
    together = iter(_together(model, pack, kind, tokens, weights) if pack else ())
    return [
        (one, measured(model, read, tokens=tokens, cores=cores, tell=told))
        if apart
        else (one, next(together))
        for (one, read), apart in zip(given, long, strict=True)
    ]


def _together(
    model: Model, pack: Sequence[Input], kind: Kind, tokens: bool, weights: Weighting
) -> list[HeadSums]:
    """What each of the texts whose maps fit in memory adds, computed together."""
    idle = PackIdle(model, kind, pack) if weights == "raw" else None
    results = model.attend_pack(pack, weights=weights, beside=idle.visit if idle else None)
    found = each_sums(results, kind, words=not tokens)
    if idle is None:
        return found
    return [one.extended("idle", *more) for one, more in zip(found, idle.of(results), strict=True)]
