"""Greedy writing guesses at repetitions, reads guesses together, and writes the same tokens."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.core.buffers import FloatArray, IntArray
from attnviz.core.key_value_cache import KeyValueCache
from attnviz.model import generate
from attnviz.model.generate import Rules, greedy
from attnviz.model.guess import MOST, guess
from tests.core.made import decoder
from tests.model.made import small, write
from tests.model.test_generate import written
from tests.model.test_key_value_cache import step


def guessed(*ids: int, most: int = MOST) -> list[int]:
    return guess(np.asarray(ids), most).tolist()


def test_as_many_tokens_are_guessed_as_agree() -> None:
    assert guessed(1, 2, 3, 8, 9, 9, 1, 2, 3) == [8, 9, 9]
    assert guessed(1, 2, 3, 8, 9, 7, 2, 3) == [8, 9]


def test_the_longest_agreement_counts_and_then_the_nearest() -> None:
    assert guessed(1, 2, 3, 5, 5, 2, 3, 6, 6, 1, 2, 3) == [5, 5, 2]
    assert guessed(2, 3, 5, 5, 2, 3, 6, 6, 2, 3) == [6, 6]


def test_a_repetition_goes_on_past_the_end() -> None:
    assert guessed(4, 7, 7, 7, 7) == [7, 7, 7]
    assert guessed(1, 2, 1, 2, 1, 2) == [1, 2, 1, 2]


def test_nothing_is_guessed_behind_what_is_new_or_a_single_word() -> None:
    assert guessed(1) == guessed(1, 2, 3) == guessed(1, 2, 3, 1) == []


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60), st.integers(0, 20))
def test_a_guess_continues_what_the_text_said(ids: list[int], most: int) -> None:
    found = guessed(*ids, most=most)
    assert len(found) <= min(most, MOST, len(ids))
    if found:
        end = ids[-max(2, len(found)) :]
        assert any(
            ids[i : i + len(end)] == end and (ids + found)[i + len(end) :][: len(found)] == found
            for i in range(len(ids) - len(end))
        )


class Reader:
    """Logits of a model whose next token follows the last and its place, so that guesses fail.

    It counts how often it is asked.
    """

    def __init__(self, table: FloatArray) -> None:
        self.table = table
        self.reads = 0

    def __call__(self, ids: IntArray, guessed: IntArray) -> FloatArray:
        self.reads += 1
        whole = np.append(ids, guessed)
        places = range(len(ids) - 1, len(whole))
        return np.stack([self.table[i % len(self.table), whole[i]] for i in places])


def loop(table: FloatArray, ids: list[int], n: int, stops: frozenset[int]) -> list[int]:
    """One token at a time."""
    ids = list(ids)
    for _ in range(n):
        ids.append(int(table[(len(ids) - 1) % len(table), ids[-1]].argmax()))
        if ids[-1] in stops:
            break
    return ids


@pytest.mark.parametrize("stops", [frozenset[int](), frozenset({3})])
@pytest.mark.parametrize("n", [1, 7, 60])
@given(seed=st.integers(0, 200))
def test_guesses_change_no_token(n: int, stops: frozenset[int], seed: int) -> None:
    table = np.random.default_rng(seed).normal(size=(6, 6, 6)).astype(np.float32)
    found = greedy(Reader(table), np.asarray([1, 2]), Rules(stops=stops), n)
    assert found.tolist() == loop(table, [1, 2], n, stops)


def test_a_text_that_repeats_itself_is_read_in_few_steps() -> None:
    table = np.zeros((4, 4, 4), np.float32)
    table[:, [0, 1, 2, 3], [1, 2, 3, 0]] = 1
    reader = Reader(table)
    greedy(reader, np.asarray([0, 1]), Rules(), 200)
    assert reader.reads < 25


def test_nothing_is_guessed_where_nothing_may_be_repeated() -> None:
    reader = Reader(np.random.default_rng(0).normal(size=(6, 6, 6)).astype(np.float32))
    greedy(reader, np.asarray([1, 2]), Rules(no_repeat=3), 30)
    assert reader.reads == 30


@pytest.mark.parametrize("remembers", [True, False])
def test_a_model_writes_what_it_writes_without_guesses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remembers: bool
) -> None:
    model = write(tmp_path, small("gpt2-plain"))
    if not remembers:
        monkeypatch.setattr(generate, "can_remember", lambda stack, n: False)
    ids = [3, 7, 9, 3, 7]
    found = written(model, token_ids=ids, generate=20)
    monkeypatch.setattr(generate, "guess", lambda ids, most: ids[:0])
    assert found == written(model, token_ids=ids, generate=20)


def test_a_decoder_forgets_what_did_not_come_true() -> None:
    past = KeyValueCache()
    step(decoder(), [3, 7, 11, 5], past)
    past.n_read = 2
    found = step(decoder(), [3, 7, 2, 9], past)[0]
    whole = step(decoder(), [3, 7, 2, 9], None)[0]
    np.testing.assert_allclose(found, whole[2:], atol=2e-5)
