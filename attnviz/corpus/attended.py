"""The results of packs of texts, wherever they are computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from attnviz.corpus.lines import Text
from attnviz.corpus.packs import Job
from attnviz.result import AttentionResult

if TYPE_CHECKING:
    from attnviz.model import Model
    from attnviz.model.inputs import Input
    from attnviz.result import ModelInfo, Weighting


def attended_job(
    how: Mapping[str, Any], weights: Weighting, info: ModelInfo
) -> Job[Text, list[AttentionResult]]:
    """A result for each text with its line, in order, said to be of the model ``info``.

    ``how`` are options of ``Model.read``.
    """
    compute = partial(attend, layers=how.get("layers"), weights=weights, info=info)
    return Job(partial(_read, how=dict(how)), compute)


def attend(
    model: Model,
    given: Sequence[tuple[Text, Input]],
    cores: int | None,
    *,
    layers: Sequence[int] | None,
    weights: Weighting,
    info: ModelInfo,
) -> list[AttentionResult]:
    """The results of a pack that has been read."""
    pack = [read for _, read in given]
    results = model.attend_pack(pack, layers=layers, weights=weights, cores=cores)
    return [
        replace(result, line=text.line, model=info)
        for (text, _), result in zip(given, results, strict=True)
    ]


def _read(model: Model, text: Text, *, how: Mapping[str, Any]) -> Input:
    return model.read(text.text, **how)
