"""One measure of every head as a picture: layers down, heads across."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from attnviz.analysis.answers import MatrixView
from attnviz.analysis.measured import HeadMeasures
from attnviz.analysis.paths import PATHS
from attnviz.render.figure.matrix import heat_map
from attnviz.render.style import Style
from attnviz.result import Token, Weighting

DEFAULT = Style()


def measured_heads(
    found: HeadMeasures,
    name: str,
    style: Style = DEFAULT,
    *,
    title: str = "",
    weighting: Weighting = "raw",
) -> Figure:
    """Draw a measure of all heads; what is undefined, or below 0 by rounding, has the colour of 0.

    Raises InputError for a measure that is not there.
    """
    values, paths = found.table(name), weighting in PATHS
    view = MatrixView(
        weights=np.maximum(np.nan_to_num(values), 0).astype(np.float32),
        queries=[Token(f"layer {layer}") for layer in found.layers],
        keys=[Token("all heads" if paths else str(head)) for head in found.heads],
        title=title,
        kind="layers" if paths else "heads",
    )
    return heat_map(view, style, title=title)
