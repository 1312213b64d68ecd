"""Every family gives what transformers gives, on every stored reference."""

from __future__ import annotations

import pytest

from tests.support.references import check_case, names


@pytest.mark.parametrize("name", names())
def test_attention_and_hidden_states_are_those_of_transformers(name: str) -> None:
    check_case(name)
