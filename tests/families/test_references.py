"""Every family gives what transformers gives, on every stored reference."""

from __future__ import annotations

import pytest

from tests.support.families_table import model_types, stated
from tests.support.references import check_case, names

OTHER_PROCESSORS = 4  # may round so much worse than the one that the README was written on


@pytest.mark.parametrize("name", names())
def test_attention_and_hidden_states_are_those_of_transformers(name: str) -> None:
    found = check_case(name)
    said = stated()[model_types()[name]]
    hidden = found.pop("hidden")
    assert max(found.values()) <= OTHER_PROCESSORS * said.weights
    assert hidden <= OTHER_PROCESSORS * said.hidden
