"""What a checkpoint's files say of writing: where to start and stop, and what is not to be said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from attnviz.brief import brief
from attnviz.core.buffers import FloatArray
from attnviz.errors import BadCheckpoint, UnsupportedModel, quote

IntArray = npt.NDArray[np.int64]

REFUSED = (
    "encoder_no_repeat_ngram_size",
    "encoder_repetition_penalty",
    "exponential_decay_length_penalty",
    "force_words_ids",
    "guidance_scale",
    "num_beam_groups",
    "renormalize_logits",
    "sequence_bias",
    "watermarking_config",
)
"""Settings of generation_config.json that change what even a greedy model writes."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What generation_config.json, or config.json where there is none, says of writing.

    ``phrases`` are sequences that must not be completed, ``banned_first`` tokens that must not be
    written first; ``unknown`` names a setting that attnviz cannot honour. ``beams`` are what
    num_beams says; ``length_penalty`` and ``early_stopping`` are for several.
    """

    start: int | None = None
    stops: frozenset[int] = frozenset()
    banned: tuple[int, ...] = ()
    forced_first: int | None = None
    forced_last: int | None = None
    banned_first: tuple[int, ...] = ()
    phrases: tuple[tuple[int, ...], ...] = ()
    least: int = 0
    least_new: int = 0
    no_repeat: int = 0
    penalty: float = 1.0
    length_penalty: float = 1.0
    early_stopping: bool | Literal["never"] = False
    beams: int = 1
    unknown: str | None = None
    padding: int | None = None

    __repr__ = brief

    @classmethod
    def of(cls, config: Mapping[str, Any], generation: Mapping[str, Any]) -> Rules:
        """The rules of a checkpoint; where both say something, config.json only where to start."""
        start, said = "decoder_start_token_id", generation or config

        def tokens(key: str) -> list[int]:
            return _ids(said.get(key), key)

        stops = frozenset(tokens("eos_token_id"))
        phrases = [tuple(_ids(ids, "bad_words_ids")) for ids in _list(said.get("bad_words_ids"))]
        lone = [ids[0] for ids in phrases if len(ids) == 1 and ids[0] not in stops]
        return cls(
            start=_id((config if said.get(start) is None else said).get(start), start),
            stops=stops,
            banned=(*lone, *tokens("suppress_tokens")),
            forced_first=_id(said.get("forced_bos_token_id"), "forced_bos_token_id"),
            forced_last=next(iter(tokens("forced_eos_token_id")), None),
            banned_first=tuple(tokens("begin_suppress_tokens")),
            phrases=tuple(ids for ids in phrases if len(ids) > 1),
            least=_count(generation, "min_length"),
            least_new=_count(generation, "min_new_tokens"),
            no_repeat=_count(generation, "no_repeat_ngram_size"),
            penalty=_penalty(generation),
            length_penalty=_length_penalty(generation),
            early_stopping=_early_stopping(generation),
            beams=_count(generation, "num_beams") or 1,
            unknown=next((key for key in REFUSED if generation.get(key) not in (None, 0, 1)), None),
            padding=_padding(config, stops),
        )

    def require_honoured(self) -> None:
        """Raise UnsupportedModel where a setting would change what is written."""
        if self.unknown is not None:
            raise UnsupportedModel(
                f"generation_config.json has {self.unknown}, which attnviz cannot honour; "
                "remove it, or give the text to attend to"
            )

    def next(self, scores: FloatArray, ids: IntArray, n_given: int, *, last: bool) -> int:
        """The token behind these ids that scores most; see ``apply``."""
        return int(self.apply(scores, ids, n_given, last=last).argmax())

    def apply(self, scores: FloatArray, ids: IntArray, n_given: int, *, last: bool) -> FloatArray:
        """Change in place what each token scores behind these ids; -inf where it must not follow.

        ``n_given`` of the ids were not written; ``last`` says that no token can follow this one.
        """
        forced = self.forced_first if len(ids) == 1 else None
        if last and self.forced_last is not None:
            forced = self.forced_last
        if forced is not None:
            if forced >= len(scores):
                raise BadCheckpoint(
                    f"the checkpoint says to write token {quote(forced)}, and its vocabulary has "
                    f"{len(scores)} tokens; correct forced_bos_token_id or forced_eos_token_id"
                )
            scores[:] = -np.inf
            scores[forced] = 0
            return scores
        first = len(ids) == n_given
        _penalise(scores, ids, self.penalty)
        hidden = {*_repeated(ids.tolist(), self.no_repeat), *self.banned}
        hidden |= {phrase[-1] for phrase in self.phrases if _ends_with(ids, phrase[:-1])}
        if len(ids) < self.least or len(ids) < n_given + self.least_new:
            hidden |= self.stops
        if first or (len(ids) == n_given + 1 == 2 and self.forced_first is not None):
            hidden |= {*self.banned_first}
        scores[[id for id in hidden if id < len(scores)]] = -np.inf
        return scores


def _penalise(scores: FloatArray, ids: IntArray, penalty: float) -> None:
    """Make what was said before less likely (Keskar et al. 2019, sec. 4.1)."""
    if penalty != 1.0:
        said = np.unique(ids[ids < len(scores)])
        found = scores[said]
        scores[said] = np.where(found < 0, found * penalty, found / penalty)


def _repeated(ids: list[int], size: int) -> list[int]:
    """What would complete a sequence of that size that was said before."""
    if not size or len(ids) < size:
        return []
    said = [ids[i : i + size] for i in range(len(ids) - size + 1)]
    begun = ids[len(ids) + 1 - size :]
    return [words[-1] for words in said if words[:-1] == begun]


def _ends_with(ids: IntArray, phrase: Sequence[int]) -> bool:
    return len(phrase) <= len(ids) and ids[len(ids) - len(phrase) :].tolist() == list(phrase)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _ids(value: Any, key: str) -> list[int]:
    values = value if isinstance(value, list) else [] if value is None else [value]
    return [found for found in (_id(each, key) for each in values) if found is not None]


def _id(value: Any, key: str) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise BadCheckpoint(f"{key} is {quote(value)} where a token id belongs")
    return value


def _count(generation: Mapping[str, Any], key: str) -> int:
    value = generation.get(key) or 0
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadCheckpoint(f"generation_config.json has {key} {quote(value)}, which is no count")
    return value


def _penalty(generation: Mapping[str, Any]) -> float:
    value = generation.get("repetition_penalty") or 1.0
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e6:
        raise BadCheckpoint(
            f"generation_config.json has repetition_penalty {quote(value)}, which is no factor"
        )
    return float(value)


def _padding(config: Mapping[str, Any], stops: frozenset[int]) -> int | None:
    """The id that fills up batches, where it stands for nothing else."""
    id = config.get("pad_token_id")
    return id if type(id) is int and id >= 0 and id not in stops else None


def _length_penalty(generation: Mapping[str, Any]) -> float:
    value = generation.get("length_penalty")
    value = 1.0 if value is None else value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e3:
        raise BadCheckpoint(
            f"generation_config.json has length_penalty {quote(value)}, which is no exponent"
        )
    return float(value)


def _early_stopping(generation: Mapping[str, Any]) -> bool | Literal["never"]:
    value = generation.get("early_stopping")
    if value is None or isinstance(value, bool):
        return bool(value)
    if value != "never":
        raise BadCheckpoint(
            f"generation_config.json has early_stopping {quote(value)}, which is none of "
            "true, false and never"
        )
    return "never"
