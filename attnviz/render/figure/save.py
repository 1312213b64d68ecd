"""Figures as files and in notebooks: the same picture is the same bytes, its text stays text."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, BinaryIO, Literal

import matplotlib
from matplotlib.figure import Figure

from attnviz.render.style import require_pixels

Format = Literal["png", "svg", "pdf"]

SETTINGS = "agg axes figure font image lines patch path pcolormesh pdf savefig svg text xtick ytick"
PIXELS_AN_INCH = 96  # of CSS, in which browsers show a picture in its true size

# A date, or the version of a library, would change the bytes. Stronger compression would double
# the time for a tenth of the size.
OPTIONS: dict[str, dict[str, Any]] = {
    "png": {"metadata": {"Software": None}, "pil_kwargs": {"compress_level": 2}},
    "svg": {"metadata": {"Date": None, "Creator": None, "Format": None, "Type": None}},
    "pdf": {"metadata": {"CreationDate": None, "Creator": None, "Producer": None}},
}


@contextmanager
def plain_settings() -> Iterator[None]:
    """matplotlib as it comes while a picture is made, whatever the user's settings file says."""
    defaults = matplotlib.rcParamsDefault.items()
    ours = SETTINGS.split()
    findings = logging.getLogger("matplotlib.font_manager")
    level = findings.level
    findings.setLevel(logging.ERROR)  # that a font has no bold letters is no news to the user
    try:
        with matplotlib.rc_context({k: v for k, v in defaults if k.partition(".")[0] in ours}):
            yield
    finally:
        findings.setLevel(level)


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


def to_png(figure: Figure) -> tuple[bytes, dict[str, int]]:
    """A figure as a PNG, and the width and height in CSS's pixels of its true size."""
    drawn = BytesIO()
    save(figure, drawn, "png")
    width, height = (round(inches * PIXELS_AN_INCH) for inches in figure.get_size_inches())
    return drawn.getvalue(), {"width": width, "height": height}


def to_svg(figure: Figure) -> bytes:
    """A figure as an SVG, as pages carry it."""
    drawn = BytesIO()
    save(figure, drawn, "svg")
    return drawn.getvalue()


class Picture(Figure):
    """A figure that notebooks show where a cell ends in it, without any magic."""

    def png(self) -> tuple[bytes, dict[str, int]]:
        """The figure as a PNG, and the width and height in CSS's pixels of its true size."""
        return to_png(self)

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, bytes], dict[str, Any]]:
        # Not _repr_png_: "%matplotlib inline" would override it, and shows no figure without axes.
        png, size = self.png()
        return {"image/png": png}, {"image/png": size}
