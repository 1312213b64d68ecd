"""What a checkpoint forbids and forces when it writes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attnviz.errors import BadCheckpoint, UnsupportedModel
from attnviz.model.rules import Rules

N = 8


def following(
    said: dict[str, Any], ids: list[int], scores: list[float], *, given: int = 1, last: bool = False
) -> int:
    """The token that rules let follow these ids, where each token scores so much."""
    rules = Rules.of({}, said)
    return rules.next(np.float32(scores), np.asarray(ids), given, last=last)


def falling(*first: int) -> list[float]:
    """Scores that fall from these tokens on to all others."""
    order = [*first, *(id for id in range(N) if id not in first)]
    return [float(N - order.index(id)) for id in range(N)]


def test_the_likeliest_token_follows() -> None:
    assert following({}, [1], falling(5)) == 5


def test_a_phrase_is_never_completed_but_its_words_may_stand_elsewhere() -> None:
    said = {"bad_words_ids": [[2, 3, 5]]}
    assert following(said, [1, 2, 3], falling(5, 6)) == 6
    assert following(said, [1, 2, 4], falling(5, 6)) == 5
    assert following(said, [3], falling(5, 6)) == 5


def test_a_stop_is_no_bad_word() -> None:
    assert following({"bad_words_ids": [[5], [6]], "eos_token_id": 5}, [1], falling(6, 5)) == 5


def test_some_tokens_may_not_come_first() -> None:
    said = {"begin_suppress_tokens": [5]}
    assert following(said, [1], falling(5, 6)) == 6
    assert following(said, [1, 2], falling(5, 6)) == 5
    assert following(said, [1, 2], falling(5, 6), given=2) == 6


@pytest.mark.parametrize("id", [N, 2**31, 10**30])
def test_a_forced_token_that_the_vocabulary_lacks_is_one_sentence(id: int) -> None:
    with pytest.raises(BadCheckpoint, match="correct forced_bos_token_id or forced_eos_token_id"):
        following({"forced_bos_token_id": id}, [0], falling(1))


def test_behind_a_forced_first_token_the_second_counts_as_first() -> None:
    said = {"begin_suppress_tokens": [5], "forced_bos_token_id": 7}
    assert following(said, [1], falling(5, 6)) == 7
    assert following(said, [1, 7], falling(5, 6)) == 6


def test_a_short_text_does_not_stop() -> None:
    assert following({"eos_token_id": 5, "min_length": 3}, [1, 2], falling(5, 6)) == 6
    assert following({"eos_token_id": 5, "min_length": 3}, [1, 2, 3], falling(5, 6)) == 5
    said = {"eos_token_id": 5, "min_new_tokens": 2}
    assert following(said, [1, 2, 3, 4], falling(5, 6), given=3) == 6
    assert following(said, [1, 2, 3, 4, 4], falling(5, 6), given=3) == 5


@pytest.mark.parametrize(
    ("size", "ids", "expected"),
    [(1, [1, 5], 6), (2, [4, 5, 4], 6), (2, [5, 4], 5), (3, [3, 4, 5, 3, 4], 6), (3, [4, 5, 4], 5)],
)
def test_no_sequence_is_said_twice(size: int, ids: list[int], expected: int) -> None:
    assert following({"no_repeat_ngram_size": size}, ids, falling(5, 6)) == expected


def test_what_was_said_scores_less_whatever_its_sign() -> None:
    said = {"repetition_penalty": 2.0}
    assert following(said, [0], [3.0, 2.0]) == 1
    assert following(said, [0], [3.0, 1.0]) == 0
    assert following(said, [0], [-1.0, -1.5]) == 1


def test_the_last_token_may_be_forced() -> None:
    said = {"forced_eos_token_id": 2}
    assert following(said, [1, 4], falling(5), last=True) == 2
    assert following(said, [1, 4], falling(5)) == 5


def test_settings_that_are_off_rule_nothing() -> None:
    said = {"no_repeat_ngram_size": 0, "repetition_penalty": 1.0, "guidance_scale": 1.0}
    said |= {"sequence_bias": None, "min_length": 0, "num_beams": 1, "num_beam_groups": 1}
    assert Rules.of({}, said) == Rules()


def test_what_cannot_be_honoured_is_named_when_something_is_written() -> None:
    rules = Rules.of({}, {"sequence_bias": [[[3], -5.0]]})
    with pytest.raises(UnsupportedModel, match="sequence_bias"):
        rules.require_honoured()


@pytest.mark.parametrize("value", ["2", -1, True, 1.5, [3]])
@pytest.mark.parametrize("key", ["min_length", "min_new_tokens", "no_repeat_ngram_size"])
def test_what_is_no_count_is_refused_by_its_key(key: str, value: Any) -> None:
    with pytest.raises(BadCheckpoint, match=key):
        Rules.of({}, {key: value})


@pytest.mark.parametrize("value", ["2", -1, True, 1e9, [3]])
def test_what_is_no_penalty_is_refused(value: Any) -> None:
    with pytest.raises(BadCheckpoint, match="repetition_penalty"):
        Rules.of({}, {"repetition_penalty": value})
