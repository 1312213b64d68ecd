"""The feed-forward is the same however many rows go through it at once."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.core import feed_forward as module
from tests.core.made import decoder, encoder, some, watched


@pytest.mark.parametrize("spec", [encoder(), decoder()], ids=["post-norm", "pre-norm"])
@pytest.mark.parametrize("tall", [1, 4, 8])
def test_rows_go_their_own_ways(spec, tall: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, expected = watched(spec, [some(9)])
    monkeypatch.setattr(module, "TALL", tall)
    blocks, output = watched(spec, [some(9)])
    for key, found in whole.maps.items():
        np.testing.assert_allclose(blocks.maps[key], found, atol=2e-6)
    for found, hidden in zip(
        output.encoder + output.decoder, expected.encoder + expected.decoder, strict=True
    ):
        np.testing.assert_allclose(found, hidden, atol=2e-5)
