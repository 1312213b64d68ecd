"""Greedy text: the most likely token, again and again."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from attnviz.core.hooks import AttentionBlock, Ids, Request
from attnviz.core.logits import logits
from attnviz.core.spec import ModelSpec
from attnviz.core.transformer import run
from attnviz.core.weights import WeightCache, Weights
from attnviz.errors import BadCheckpoint, InputError, UnsupportedModel
from attnviz.model.record import require_numbers
from attnviz.model.rules import Rules

__all__ = ["Rules", "continue_ids", "write_target"]

IntArray = npt.NDArray[np.int64]


def _ignore(_: AttentionBlock) -> None:
    """Nobody looks at the attention while text is written."""


NOTHING = Request({}, _ignore, hidden=True)


def continue_ids(
    spec: ModelSpec, weights: Weights, cache: WeightCache, ids: IntArray, rules: Rules, n: int
) -> IntArray:
    """The ids and up to n more, until the model stops."""
    _require_head(spec, weights, rules)
    n_given = len(ids)
    for left in reversed(range(n)):
        hidden = run(spec, weights, [Ids(ids)], NOTHING, cache=cache).decoder[0]
        scores = _scores(spec, weights, hidden)
        following = rules.next(scores, ids, n_given, last=not left)
        ids = np.append(ids, following)
        if following in rules.stops:
            break
    return ids


def write_target(
    spec: ModelSpec,
    weights: Weights,
    cache: WeightCache,
    ids: IntArray,
    rules: Rules,
    n: int,
    start: int | None = None,
) -> IntArray:
    """The decoder's ids for a source: its start token and up to n more."""
    _require_head(spec, weights, rules)
    target = np.asarray([require_start(rules, start)])
    empty = [Ids(ids, target_ids=target)]
    memory = run(spec, weights, empty, NOTHING, cache=cache).encoder
    for left in reversed(range(n)):
        given = [Ids(ids, target_ids=target)]
        hidden = run(spec, weights, given, NOTHING, cache=cache, memory=memory).decoder[0]
        following = rules.next(_scores(spec, weights, hidden), target, 1, last=not left)
        if following in rules.stops:
            break
        target = np.append(target, following)
    return target


def require_start(rules: Rules, start: int | None = None) -> int:
    """The token a decoder starts from."""
    found = rules.start if start is None else start
    if found is None:
        raise UnsupportedModel(
            "neither generation_config.json nor config.json has a decoder_start_token_id; "
            "give target_ids that begin with it"
        )
    return found


def _scores(
    spec: ModelSpec, weights: Weights, hidden: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """What every token scores behind these hidden states, float32 (vocabulary,)."""
    if spec.head is None:
        raise InputError("this model writes no text")
    with np.errstate(over="ignore", invalid="ignore"):
        scores: npt.NDArray[np.float32] = logits(spec.head, weights, hidden[-1:])[0]
    require_numbers(finite=bool(np.isfinite(scores).all()))
    return scores


def _require_head(spec: ModelSpec, weights: Weights, rules: Rules) -> None:
    rules.require_honoured()
    if spec.head is None or spec.decoder is None:
        raise InputError("this model reads but writes no text, so it has nothing to generate")
    if not weights.has("head.weight"):
        raise BadCheckpoint("the checkpoint has no output head, so it cannot write text")
