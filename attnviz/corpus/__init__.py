"""Many texts: read one by one from files, measured here or on a cluster, as tables for Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attnviz.corpus.cluster import open_cluster
    from attnviz.corpus.tables import heads, links

__all__ = ["heads", "links", "open_cluster"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: readers of files need no NumPy."""
    if name == "open_cluster":
        from attnviz.corpus.cluster import open_cluster

        return open_cluster
    if name in __all__:
        from attnviz.corpus import tables

        return getattr(tables, name)
    raise AttributeError(f"module 'attnviz.corpus' has no attribute '{name}'")
