"""Texts of any length in blocks of their tokens, found as their weights come by, none kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from attnviz.corpus.lines import Text
from attnviz.corpus.packs import Job
from attnviz.result import AttentionResult

if TYPE_CHECKING:
    from attnviz.model import Model
    from attnviz.model.inputs import Input
    from attnviz.model.long_texts import Tell
    from attnviz.result import Head, ModelInfo


@dataclass(frozen=True, slots=True)
class Blocks:
    """``n`` by ``n`` blocks of tokens, of some layers or heads, or of all."""

    n: int
    layers: Sequence[int] | None = None
    heads: Sequence[Head] | None = None


def pooled_job(
    blocks: Blocks, how: Mapping[str, Any], info: ModelInfo, tell: Tell | None = None
) -> Job[Text, list[AttentionResult]]:
    """Each text of a pack in blocks, in order, said to be of the model ``info``.

    ``how`` are options of ``Model.encode``; ``tell`` is told how much is done of a text that is
    alone here.
    """
    compute = partial(_pooled, blocks=blocks, info=info, tell=tell)
    return Job(partial(_read, how=dict(how)), compute)


def _read(model: Model, one: Text, *, how: Mapping[str, Any]) -> Input:
    return model.encode(one.text, **how)


def _pooled(
    model: Model,
    given: Sequence[tuple[Text, Input]],
    cores: int | None,
    *,
    blocks: Blocks,
    info: ModelInfo,
    tell: Tell | None,
) -> list[AttentionResult]:
    chosen: dict[str, Any] = {"layers": blocks.layers, "heads": blocks.heads, "cores": cores}
    alone = tell if cores is None else None
    found = ((one, model.pooled(read, blocks.n, tell=alone, **chosen)) for one, read in given)
    return [replace(result, line=one.line, model=info) for one, result in found]
