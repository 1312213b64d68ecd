"""What a model writes with: its logits' factor, and that there is none where it is not computed."""

from __future__ import annotations

import pytest

from attnviz.families import specify
from tests.support.references import read

WIDTH = 32


@pytest.mark.parametrize(
    ("name", "scale"),
    [
        ("t5-plain", WIDTH**-0.5),
        ("umt5-plain", WIDTH**-0.5),
        ("mt5-plain", 1.0),
        ("cohere-plain", 0.0625),
        ("granite-plain", 1 / 3.0),
        ("llama-plain", 1.0),
    ],
)
def test_logits_have_the_factor_of_their_family(name: str, scale: float) -> None:
    head = specify(read(name)["recipe"]["config"]).spec.head
    assert head is not None
    assert head.scale == pytest.approx(scale)


@pytest.mark.parametrize("name", ["modernbert-decoder-plain", "bert-decoder", "clip-plain"])
def test_a_decoder_whose_head_is_not_computed_writes_nothing(name: str) -> None:
    found = specify(read(name)["recipe"]["config"]).spec
    assert found.decoder is not None
    assert found.head is None
