"""One measure of every head as a picture: layers down, heads across."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from attnviz.analysis.answers import MatrixView
from attnviz.analysis.measured import HeadMeasures
from attnviz.analysis.paths import PATHS
from attnviz.render.figure.matrix import heat_map
from attnviz.render.style import Style
from attnviz.result import Weighting

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
    shown = np.maximum(np.nan_to_num(values), 0).astype(np.float32)
    heads = ["all heads"] if paths else found.heads
    view = MatrixView.of_all_heads(shown, found.layers, heads, title)
    view = replace(view, kind="layers") if paths else view
    return heat_map(view, style, title=title)
