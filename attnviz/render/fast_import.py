"""matplotlib imported fast, for a program that draws and ends."""

from __future__ import annotations


def import_figures() -> None:
    """Import matplotlib and our figures, but for the help texts that matplotlib would compose.

    It lists every property of every artist in its docstrings while it is imported, which takes a
    quarter of the time. Only a program should do without them, never a library: whoever imports
    attnviz in a notebook may want to read them.
    """
    import matplotlib.artist

    composed = matplotlib.artist.kwdoc
    matplotlib.artist.kwdoc = lambda _: ""  # type: ignore[assignment]
    try:
        import attnviz.render.figure  # noqa: F401 (for its artists)
    finally:
        matplotlib.artist.kwdoc = composed
