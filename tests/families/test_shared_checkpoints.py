"""Whole checkpoints with recorded outputs, where they lie beside the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.references import tolerance
from tests.support.shared import differences, folders, rows

FOLDERS = folders()
pytestmark = pytest.mark.skipif(not FOLDERS, reason="no checkpoints beside the repository")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_recorded_row_comes_out_as_transformers_computed_it(folder: Path) -> None:
    import attnviz

    model = attnviz.load(folder)
    for row in rows(folder):
        result = model.attend(**row.given, hidden=True)
        for kind, difference in differences(result, row.expected).items():
            assert difference <= tolerance(row.noise[kind]), f"{row.case} {kind}: {difference:.2e}"
