"""How arrays lie in memory."""

from __future__ import annotations

from attnviz.core.buffers import states


def test_states_hold_the_tokens_of_each_feature_side_by_side() -> None:
    found = states(5, 3)
    assert found.shape == (5, 3)
    assert found.flags.f_contiguous
