"""Figures as files: the same picture is the same bytes, and its text stays text."""

from __future__ import annotations

from io import BytesIO
from typing import Any, BinaryIO, Literal

import matplotlib
from matplotlib.figure import Figure

from attnviz.render.figure.canvas import plain_settings
from attnviz.render.style import require_pixels

__all__ = ["Format", "save"]

Format = Literal["png", "svg", "pdf"]

# A date, or the version of a library, would change the bytes. Stronger compression would double
# the time for a tenth of the size.
OPTIONS: dict[str, dict[str, Any]] = {
    "png": {"metadata": {"Software": None}, "pil_kwargs": {"compress_level": 2}},
    "svg": {"metadata": {"Date": None, "Creator": None, "Format": None, "Type": None}},
    "pdf": {"metadata": {"CreationDate": None, "Creator": None, "Producer": None}},
}


def save(figure: Figure, stream: BinaryIO, format: Format, *, dpi: int | None = None) -> None:
    """Write a figure as PNG, SVG or PDF; ``dpi`` is the figure's own unless given.

    It is drawn in memory first, for the writer of PDF fails anew while it tidies up after a
    stream that takes no more.
    """
    width, height = figure.get_size_inches()
    require_pixels(float(width), float(height), round(dpi or figure.dpi))
    drawn = BytesIO()
    text_as_text = matplotlib.rc_context(
        {"svg.fonttype": "none", "svg.hashsalt": "attnviz", "pdf.fonttype": 42}
    )
    with plain_settings(), text_as_text:
        figure.savefig(drawn, format=format, dpi=dpi or figure.dpi, **OPTIONS[format])
    stream.write(drawn.getbuffer())
