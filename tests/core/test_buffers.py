"""Buffers: where they begin, how they lie in memory, and when they are used again."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.core import buffers
from attnviz.core.buffers import Scratch, buffer, empty, scratch, states


@given(st.lists(st.integers(1, 9), max_size=3))
def test_buffer_begins_with_a_cache_line(shape: list[int]) -> None:
    found = empty(*shape)
    assert found.shape == tuple(shape)
    assert found.__array_interface__["data"][0] % 64 == 0


def test_states_hold_the_tokens_of_each_feature_side_by_side() -> None:
    for found in (states(5, 3), Scratch().states("test", 5, 3)):
        assert found.shape == (5, 3)
        assert found.flags.f_contiguous
        assert found.__array_interface__["data"][0] % 64 == 0


def test_a_thread_gets_the_same_buffer_for_the_same_use_again() -> None:
    first = buffer("test", 5, 3)
    assert first.shape == (5, 3)
    assert np.shares_memory(buffer("test", 2, 4), first)
    assert buffer("test", 6, 3).shape == (6, 3)
    assert not np.shares_memory(buffer("test", 6, 3), buffer("another", 6, 3))


def test_another_thread_gets_another_buffer() -> None:
    elsewhere = []
    thread = threading.Thread(target=lambda: elsewhere.append(buffer("test", 6, 3)))
    thread.start()
    thread.join()
    assert not np.shares_memory(elsewhere[0], buffer("test", 6, 3))


def test_large_buffer_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffers, "KEPT", 4 * 5 * 3 - 1)
    assert not np.shares_memory(buffer("large", 5, 3), buffer("large", 5, 3))


def test_a_run_has_the_buffers_of_the_run_before_and_one_within_it_has_others() -> None:
    with scratch() as first:
        ours = first.buffer("test", 5, 3)
        with scratch() as within:
            assert not np.shares_memory(within.buffer("test", 5, 3), ours)
    with scratch() as second:
        assert second in (first, within)
        kept = second.buffer("test", 5, 3)
    with scratch() as third:
        assert np.shares_memory(third.buffer("test", 5, 3), kept)


def test_after_an_error_no_buffer_is_used_again() -> None:
    before = []
    with pytest.raises(KeyboardInterrupt), scratch() as first:
        before += [first.buffer("test", 5, 3), buffer("test", 5, 3)]
        raise KeyboardInterrupt
    with scratch() as second:
        assert not np.shares_memory(second.buffer("test", 5, 3), before[0])
    assert not np.shares_memory(buffer("test", 5, 3), before[1])
