"""Greedy text: the most likely token, again and again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from attnviz.core.head import logits
from attnviz.core.spec import ModelSpec
from attnviz.core.transformer import Ids, Step, Want, run
from attnviz.core.weights import Keeper, Weights
from attnviz.errors import BadCheckpoint, InputError, UnsupportedModel, quote

__all__ = ["Rules", "continue_ids", "write_target"]

IntArray = npt.NDArray[np.int64]


def _ignore(_: Step) -> None:
    """Nobody looks at the attention while text is written."""


NOTHING = Want({}, _ignore, hidden=True)


@dataclass(frozen=True, slots=True)
class Rules:
    """What generation_config.json, or else config.json, says of writing."""

    start: int | None = None
    stops: frozenset[int] = frozenset()
    banned: tuple[int, ...] = ()
    forced_first: int | None = None

    @classmethod
    def of(cls, config: Mapping[str, Any], generation: Mapping[str, Any]) -> Rules:
        """The rules of a checkpoint."""

        def value(key: str) -> Any:
            found = generation.get(key)
            return config.get(key) if found is None else found

        banned = [ids[0] for ids in value("bad_words_ids") or () if _is_lone(ids)]
        return cls(
            start=_id(value("decoder_start_token_id"), "decoder_start_token_id"),
            stops=frozenset(_ids(value("eos_token_id"), "eos_token_id")),
            banned=tuple(_ids([*banned, *(value("suppress_tokens") or ())], "suppress_tokens")),
            forced_first=_id(value("forced_bos_token_id"), "forced_bos_token_id"),
        )


def continue_ids(
    spec: ModelSpec, weights: Weights, keeper: Keeper, ids: IntArray, rules: Rules, n: int
) -> IntArray:
    """The ids and up to n more, until the model stops."""
    _require_head(spec, weights)
    for _ in range(n):
        hidden = run(spec, weights, [Ids(ids)], NOTHING, keeper=keeper).decoder[0]
        following = _best(spec, weights, hidden[-1:], rules)
        ids = np.append(ids, following)
        if following in rules.stops:
            break
    return ids


def write_target(
    spec: ModelSpec,
    weights: Weights,
    keeper: Keeper,
    ids: IntArray,
    rules: Rules,
    n: int,
    start: int | None = None,
) -> IntArray:
    """The decoder's ids for a source: its start token and up to n more."""
    _require_head(spec, weights)
    target = np.asarray([require_start(rules, start)])
    empty = [Ids(ids, target_ids=target)]
    memory = run(spec, weights, empty, NOTHING, keeper=keeper).encoder
    for _ in range(n):
        given = [Ids(ids, target_ids=target)]
        hidden = run(spec, weights, given, NOTHING, keeper=keeper, memory=memory).decoder[0]
        following = _best(spec, weights, hidden[-1:], rules)
        if len(target) == 1 and rules.forced_first is not None:
            following = rules.forced_first
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


def _best(spec: ModelSpec, weights: Weights, hidden: npt.NDArray[np.float32], rules: Rules) -> int:
    if spec.head is None:
        raise InputError("this model writes no text")
    scores = logits(spec.head, weights, hidden)[0]
    scores[[id for id in rules.banned if id < len(scores)]] = -np.inf
    return int(scores.argmax())


def _require_head(spec: ModelSpec, weights: Weights) -> None:
    if spec.head is None or spec.decoder is None:
        raise InputError("this model reads but writes no text, so it has nothing to generate")
    if not weights.has("head.weight"):
        raise BadCheckpoint("the checkpoint has no output head, so it cannot write text")


def _is_lone(ids: Any) -> bool:
    return isinstance(ids, list) and len(ids) == 1


def _ids(value: Any, key: str) -> list[int]:
    values = value if isinstance(value, list) else [] if value is None else [value]
    return [found for found in (_id(each, key) for each in values) if found is not None]


def _id(value: Any, key: str) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise BadCheckpoint(f"{key} is {quote(value)} where a token id belongs")
    return value
