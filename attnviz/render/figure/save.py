"""Figures as files: the same picture is the same bytes, and its text stays text."""

from __future__ import annotations

from typing import BinaryIO, Literal

import matplotlib
from matplotlib.figure import Figure

from attnviz.render.figure.sheet import plain_settings

__all__ = ["Format", "save"]

Format = Literal["png", "svg", "pdf"]
SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "attnviz",
    "pdf.fonttype": 42,
    "savefig.bbox": None,
}
NOBODY = {  # a date, or the version of a library, would change the bytes
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def save(figure: Figure, stream: BinaryIO, format: Format, *, dpi: int | None = None) -> None:
    """Write a figure as PNG, SVG or PDF; ``dpi`` is the figure's own unless given."""
    with plain_settings(), matplotlib.rc_context(SETTINGS):
        figure.savefig(stream, format=format, dpi=dpi or figure.dpi, metadata=NOBODY[format])
