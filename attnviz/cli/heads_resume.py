"""``heads --resume FILE``: sums over many texts that are kept, and gone on with."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from attnviz.analysis.measured import HeadSums
from attnviz.analysis.measures import MEASURES
from attnviz.corpus.lines import Text
from attnviz.document.members import read_members
from attnviz.document.parse import KINDS
from attnviz.errors import DocumentError, InputError, quote
from attnviz.output import all_or_nothing
from attnviz.render.heads_forms import titles

if TYPE_CHECKING:
    from attnviz.corpus.packs import Done


FORMAT = "attnviz-sums/1"
UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, DocumentError)
EVERY = 2.0  # seconds between one writing and the next


class Kept:
    """Sums up to the last text of a pack, in a file that is written again every few seconds.

    ``made`` says of what they are. InputError for a file of anything else.
    """

    def __init__(self, path: Path, made: Mapping[str, Any]) -> None:
        self._path = path
        self._made = json.loads(json.dumps({"format": FORMAT, **made}))
        self._written = time.monotonic()
        self.sums: HeadSums | None = None
        self.last: Text | None = None
        if path.exists():
            self.sums, self.last = self._read()

    def add(self, done: Done[Any, HeadSums]) -> None:
        """Add what a pack gave; write, if it is time to."""
        if done.found is not None:
            self.sums = done.found if self.sums is None else self.sums + done.found
        self.last = Text(done.last.text, done.last.line)
        if time.monotonic() - self._written > EVERY:
            self.write()

    def write(self) -> None:
        """Write what there is, all or nothing."""
        self._written = time.monotonic()
        if self.sums is None or self.last is None:
            return
        told = {name: one for name, one in asdict(self.sums).items() if name != "sums"}
        head = {**self._made, "last": [*self.last], "of": told}
        with all_or_nothing([self._path]) as [stream]:
            np.savez(stream, head=np.array(json.dumps(head)), sums=self.sums.sums)

    def _read(self) -> tuple[HeadSums, Text]:
        try:
            if self._path.is_file():  # a pipe would be waited for
                arrays = read_members(self._path.read_bytes(), ("head", "sums").__contains__)
                head, sums = json.loads(str(arrays["head"])), arrays["sums"]
                made = {name: one for name, one in head.items() if name not in ("last", "of")}
                if made == self._made:
                    return _sums(head["of"], sums), _last(head["last"])
        except (*UNREADABLE, RecursionError):
            pass
        raise InputError(
            f"{quote(self._path, 200)} holds no sums of this model with these options; name the "
            "file that --resume wrote, or a new one"
        )


def _sums(of: Any, sums: npt.NDArray[Any]) -> HeadSums:
    """The sums of a file, if they are what ``Kept.write`` writes; ValueError or the like if not."""
    names, kind, layers, heads = of["names"], of["kind"], of["layers"], of["heads"]
    counts = of["n_texts"], of["n_queries"]
    sound = (
        names[: len(MEASURES)] == list(MEASURES)
        and set(names) <= set(titles())
        and len(set(names)) == len(names)
        and kind in KINDS
        and all(_are_counts(some) and some for some in (layers, heads))
        and _are_counts(counts)
        and sums.dtype == np.float64
        and sums.shape == (2, len(names), len(layers), len(heads))
        and np.isfinite(sums).all()
    )
    if not sound:
        raise ValueError
    return HeadSums(tuple(names), kind, tuple(layers), tuple(heads), sums, *counts)


def _last(said: Any) -> Text:
    match said:
        case [str(text), int(line)] if not isinstance(line, bool):
            return Text(text, line)
    raise ValueError


def _are_counts(numbers: Sequence[object]) -> bool:
    return all(type(one) is int and 0 <= one < 1 << 53 for one in numbers)
