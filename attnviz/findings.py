"""What was found about a model's heads and kept: lenses and labels, for all who ask again.

They lie in the model's own folder, as those of an embedded model do, or in the user's cache by
the kind of the model and the SHA-256 of its weights, which are read where one of its kind is kept.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from attnviz.analysis.claims import COREFERENCE, DEPENDENTS
from attnviz.checkpoint.source import embedded_folders
from attnviz.checkpoint.tensors import open_tensors
from attnviz.errors import DocumentError, InputError, OutputError, quote
from attnviz.result import Head, ModelInfo

if TYPE_CHECKING:
    from attnviz.analysis.labels import Label
    from attnviz.analysis.lenses import Lens


LABELS = "attnviz-labels/1"
DAMAGED = (ValueError, TypeError, KeyError, AttributeError, OverflowError)
RELATION = re.compile(r"[a-z]{1,40}")


class Known(Protocol):
    """What is needed of a model."""

    @property
    def info(self) -> ModelInfo:
        """Its description."""

    @property
    def folder(self) -> Path | None:
        """Where its files are, None for one that is not on this machine."""

    def fingerprint(self) -> ModelInfo:
        """Its description, with the SHA-256 of its weights."""


class Findings:
    """What was found about the model that made a result; read when it is first asked for."""

    def __init__(self, info: ModelInfo) -> None:
        self.info = info
        self._lenses: dict[str, Lens | None] = {}

    @property
    def folder(self) -> Path | None:
        """Where the model's files are, or those of the embedded model that it is by its weights."""
        return self.info.folder or _embedded(self.info.sha256)

    def fingerprint(self) -> ModelInfo:
        """The model's description, with the SHA-256 of its weights where they are here."""
        if self.info.sha256 is None and self.info.folder is not None:
            self.info = replace(self.info, sha256=open_tensors(self.info.folder).sha256())
        return self.info

    def lens(self, relation: str) -> Lens | None:
        """The lens for a relation, None where none was fitted; DocumentError if damaged."""
        if relation not in self._lenses:
            self._lenses[relation] = lens(self, relation)
        return self._lenses[relation]

    def read_all(self) -> None:
        """Read what there is now, so that it can be taken to where the model's folder is not."""
        with suppress(DocumentError):  # what is damaged is told where it is asked for
            for relation in (COREFERENCE, *DEPENDENTS):
                self.lens(relation)
            self.labels  # noqa: B018

    @cached_property
    def labels(self) -> dict[Head, tuple[Label, ...]]:
        """The labels of the model's heads, empty where none were made; DocumentError if damaged."""
        return labels(self)


def of(info: ModelInfo) -> Findings:
    """What was found about a model, by its description."""
    return Findings(info)


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


def dump_labels(found: Mapping[Head, Sequence[Label]], sha256: str | None = None) -> str:
    """Labels as JSON text; those of an embedded model name its weights by their SHA-256."""
    heads = {
        str(head): [
            [one.what, round(one.value, 3), one.against and round(one.against, 3), one.rule, one.n]
            for one in every
        ]
        for head, every in found.items()
    }
    named = {"format": LABELS} | ({"sha256": sha256} if sha256 else {})
    return json.dumps(named | {"heads": heads}, ensure_ascii=False, separators=(",", ":")) + "\n"


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
    except (*DAMAGED, RecursionError, InputError):
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
    path = model.folder and model.folder / name
    if path is None or not path.is_file():
        if not any(_kept().glob(f"{_kind(model.info)}-*/{name.as_posix()}")):
            return None
        path = _cached(model) / name  # whose name takes reading all weights
    return path.read_bytes() if path.is_file() else None


@cache
def _embedded(sha256: str | None) -> Path | None:
    """The folder of the embedded model with these weights, which its labels name."""
    for folder in embedded_folders() if sha256 else ():
        try:
            if json.loads((folder / "labels.json").read_bytes()).get("sha256") == sha256:
                return folder
        except (OSError, ValueError, AttributeError):
            continue
    return None


def _cached(model: Known) -> Path:
    """The cache's folder for a model; reads its weights to name it."""
    return _kept() / f"{_kind(model.info)}-{model.fingerprint().sha256 or 'unknown'}"


def _kind(info: ModelInfo) -> str:
    """What tells most models apart without their weights: family, layers and heads."""
    family = re.sub(r"\W", "", info.model_type or "", flags=re.ASCII)
    return f"{family}-{info.n_layers}x{info.n_heads}"


def _kept() -> Path:
    """Where what was found about models is kept."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        home = Path(base).expanduser()
    except RuntimeError:
        raise OutputError("there is no home folder to keep this in; set XDG_CACHE_HOME") from None
    return home / "attnviz" / "models"


def _write(path: Path, text: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{quote(path)} cannot be written: {error.strerror or error}") from None
    return path
