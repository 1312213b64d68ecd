"""What was found about a model's heads and kept: lenses and labels, for all who ask again.

They lie in the model's own folder, as those of an embedded model do, or in the user's cache by
the SHA-256 of the weights.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from attnviz.errors import DocumentError, InputError, OutputError, quote
from attnviz.result import Head, ModelInfo

if TYPE_CHECKING:
    from attnviz.analysis.labels import Label
    from attnviz.analysis.lenses import Lens

__all__ = ["keep_labels", "keep_lens", "labels", "lens"]

LABELS = "attnviz-labels/1"
RELATION = re.compile(r"[a-z]{1,40}")


class Known(Protocol):
    """What is needed of a model."""

    @property
    def folder(self) -> Path:
        """Where its files are."""

    def fingerprint(self) -> ModelInfo:
        """Its description, with the SHA-256 of its weights."""


def lens(model: Known, relation: str) -> Lens | None:
    """The lens of a model for a relation, None where none was fitted; DocumentError if damaged."""
    from attnviz.analysis.lens_file import parse_lens

    data = _read(model, Path("lenses") / f"{_named(relation)}.json")
    return None if data is None else parse_lens(data)


def labels(model: Known) -> dict[Head, tuple[Label, ...]]:
    """The labels of a model's heads, empty where none were made; DocumentError if damaged."""
    data = _read(model, Path("labels.json"))
    return {} if data is None else _parse(data)


def keep_lens(model: Known, lens: Lens) -> Path:
    """Keep a lens for this model in the cache; returns where."""
    from attnviz.analysis.lens_file import dump_lens

    return _write(_cached(model) / "lenses" / f"{_named(lens.relation)}.json", dump_lens(lens))


def keep_labels(model: Known, found: Mapping[Head, Sequence[Label]]) -> Path:
    """Keep the labels of this model's heads in the cache; returns where."""
    return _write(_cached(model) / "labels.json", dump_labels(found))


def dump_labels(found: Mapping[Head, Sequence[Label]]) -> str:
    """Labels as JSON text."""
    heads = {
        str(head): [
            [one.what, round(one.value, 3), one.against and round(one.against, 3), one.rule, one.n]
            for one in every
        ]
        for head, every in found.items()
    }
    return (
        json.dumps({"format": LABELS, "heads": heads}, ensure_ascii=False, separators=(",", ":"))
        + "\n"
    )


def _parse(data: bytes) -> dict[Head, tuple[Label, ...]]:
    from attnviz.analysis.labels import Label

    try:
        read = json.loads(data)
        if read["format"] != LABELS:
            raise DocumentError(f"this is no {LABELS} document")
        return {
            Head.parse(head): tuple(
                Label(
                    str(what),
                    float(value),
                    None if against is None else float(against),
                    rule and str(rule),
                    n and int(n),
                )
                for what, value, against, rule, n in every
            )
            for head, every in read["heads"].items()
        }
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, InputError):
        raise DocumentError(
            "the labels of this model's heads are damaged; make them again with probe"
        ) from None


def _named(relation: str) -> str:
    if not RELATION.fullmatch(relation):
        raise InputError(
            f"{quote(relation)} is no relation; take coreference, nsubj or another of a treebank"
        )
    return relation


def _read(model: Known, name: Path) -> bytes | None:
    """The bytes of a file that came with the model or was kept here, in this order."""
    path = model.folder / name
    if not path.is_file():
        path = _cached(model) / name  # whose name takes reading all weights
    return path.read_bytes() if path.is_file() else None


def _cached(model: Known) -> Path:
    """The cache's folder for a model; reads its weights to name it."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        home = Path(base).expanduser()
    except RuntimeError:
        raise OutputError("there is no home folder to keep this in; set XDG_CACHE_HOME") from None
    return home / "attnviz" / "models" / (model.fingerprint().sha256 or "unknown")


def _write(path: Path, text: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{quote(path)} cannot be written: {error.strerror or error}") from None
    return path
