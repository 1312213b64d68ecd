"""The document: a result as JSON, NPZ or CSV, and read back from any program's JSON or NPZ.

The fields are described in ``attnviz-1.schema.json`` among the assets beside this package. What
walks through a weight say is in ``explained``, which needs much that documents do not.
"""

from __future__ import annotations

from attnviz.document.bertviz import params_at
from attnviz.document.csv import write_csv
from attnviz.document.found import found, links_found
from attnviz.document.json import read_json, read_page, write_json
from attnviz.document.members import looks_like_npz
from attnviz.document.npz import read_npz, write_npz
from attnviz.document.plain import Plain, read_plain
from attnviz.result import AttentionResult

__all__ = [
    "Plain",
    "found",
    "links_found",
    "read",
    "read_json",
    "read_npz",
    "read_plain",
    "write_csv",
    "write_json",
    "write_npz",
]


def read(data: bytes) -> list[AttentionResult]:
    """The results in a file, whose first bytes say whether it is NPZ, JSON or a page of BertViz."""
    if looks_like_npz(data):
        return [read_npz(data)]
    start = params_at(data)
    return read_json(data) if start is None else [read_page(data, start)]
