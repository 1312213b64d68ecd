"""``heads --resume FILE``: sums over many texts that are kept, and gone on with."""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.analysis.measured import HeadSums
from attnviz.corpus.lines import Text
from attnviz.errors import InputError, quote
from attnviz.output import all_or_nothing

if TYPE_CHECKING:
    from attnviz.corpus.packs import Done


FORMAT = "attnviz-sums/1"
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
            with np.load(self._path, allow_pickle=False) as file:
                head, sums = json.loads(str(file["head"])), np.asarray(file["sums"], np.float64)
            made = {name: one for name, one in head.items() if name not in ("last", "of")}
            if made == self._made:
                lists = head["of"].items()
                of: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in lists}
                return HeadSums(**of, sums=sums), Text(*head["last"])
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
            pass
        raise InputError(
            f"{quote(self._path, 200)} holds no sums of this model with these options; name the "
            "file that --resume wrote, or a new one"
        )
