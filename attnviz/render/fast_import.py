"""matplotlib imported fast, for a program that draws and ends."""

from __future__ import annotations

import logging
import os
from importlib.util import find_spec
from pathlib import Path

from attnviz.errors import OutputError, quote

__all__ = ["import_figures"]


def import_figures() -> None:
    """Import matplotlib and our figures, but for the help texts that matplotlib would compose.

    It lists every property of every artist in its docstrings while it is imported, which takes a
    quarter of the time. Only a program should do without them, never a library: whoever imports
    attnviz in a notebook may want to read them.
    """
    _own_settings()
    try:
        import matplotlib.artist
    except ValueError as error:  # it reads the matplotlibrc of this folder whatever it is told
        raise OutputError(
            f"the file matplotlibrc of this folder keeps matplotlib from starting: {quote(error)}; "
            "mend it, or run attnviz elsewhere"
        ) from None

    composed = matplotlib.artist.kwdoc
    matplotlib.artist.kwdoc = lambda _: ""  # type: ignore[assignment]
    try:
        import attnviz.render.figure  # noqa: F401 (for its artists)
    finally:
        matplotlib.artist.kwdoc = composed


def _own_settings() -> None:
    """Let matplotlib read no settings but its own, and say nothing of where it keeps its cache.

    A damaged file of settings, or a backend that is not there, would end its import.
    """
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    os.environ["MPLBACKEND"] = "agg"
    found = find_spec("matplotlib")
    if found is not None and found.origin is not None:
        own = Path(found.origin).parent / "mpl-data" / "matplotlibrc"
        if own.exists():
            os.environ["MATPLOTLIBRC"] = str(own)
