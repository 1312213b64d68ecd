"""The README's table of families is made from the registry and the stored references."""

from __future__ import annotations

import pytest

from attnviz.families import FAMILIES, JOINED, WRAPPERS
from tests.support.families_table import Errors, section, shown, stated, table


def test_the_readme_has_every_family_as_its_module_describes_it() -> None:
    assert set(stated()) == {*FAMILIES, *JOINED, *WRAPPERS}
    assert section() == table(stated())


@pytest.mark.parametrize(
    ("error", "said"),
    [(1.2e-6, "2e-06"), (2e-6, "2e-06"), (9.1e-7, "1e-06"), (0.0, "0e+00"), (3.01e-5, "4e-05")],
)
def test_a_difference_is_rounded_up_to_one_digit(error: float, said: str) -> None:
    assert shown(error) == said


def test_no_family_is_further_off_than_a_few_roundings() -> None:
    for model_type, errors in stated().items():
        assert errors < Errors(2e-5, 1e-4), model_type
