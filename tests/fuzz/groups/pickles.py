"""pytorch_model.bin: files of torch that are damaged, and pickles that mean harm."""

from __future__ import annotations

import io
import pickle
import pickletools
import zipfile
from pathlib import Path
from random import Random

import numpy as np

from attnviz.checkpoint.tensors import open_tensors
from tests.fuzz.groups.state_dicts import state_dict_file
from tests.fuzz.judge import Case, by_library
from tests.fuzz.values import TEXTS, broken_bytes, nasty

__all__ = ["Pickles"]

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "torch"
OPCODES = tuple(op.code.encode("latin-1") for op in pickletools.opcodes)
NAMES = (
    "builtins eval", "posix system", "os system", "torch _utils._rebuild_tensor_v2",
    "torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_parameter", "torch FloatStorage",
    "collections OrderedDict", "torch BFloat16Storage", "builtins getattr", "copyreg __newobj__",
)  # fmt: skip


class Pickles:
    """One folder with such a file, written anew for every input."""

    def __init__(self, place: Path) -> None:
        self.folder, self.hit = place / "model", place / "hit"
        self.folder.mkdir()
        self.files = [path.read_bytes() for path in sorted(FIXTURES.glob("*.bin"))]
        self.archives = [data for data in self.files if data.startswith(b"PK")]

    def case(self, random: Random) -> Case:
        """A file that is damaged, in its archive or within it, or a pickle made of anything."""
        kind = random.randrange(13)
        if kind < 3:
            data = broken_bytes(random, random.choice(self.files))
        elif kind < 6:
            data = self._repacked(random)
        elif kind < 11:
            data = state_dict_file(random)
        elif kind == 11:
            data = self._harmful(random)
        else:
            data = pickle.dumps(nasty(random), random.randrange(6))
        (self.folder / "pytorch_model.bin").write_bytes(data)
        return by_library(lambda: reads(self.folder), check=self._check)

    def _check(self) -> str | None:
        return "ran what a pickle named" if self.hit.exists() else None

    def _repacked(self, random: Random) -> bytes:
        """A sound archive around a description that is not, or around other storages."""
        made = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(random.choice(self.archives))) as whole,
            zipfile.ZipFile(made, "w", random.choice((0, 0, 0, 8))) as written,
        ):
            for name in whole.namelist():
                data = whole.read(name)
                if name.endswith("data.pkl"):
                    data = self._pickle(random, data)
                elif random.random() < 0.1:
                    data = broken_bytes(random, data)
                if random.random() < 0.97:
                    written.writestr(name, data)
        return made.getvalue()

    def _pickle(self, random: Random, data: bytes) -> bytes:
        """Its opcodes with a few taken out, made twice, or in the place of others."""
        if random.random() < 0.3:
            return broken_bytes(random, data)
        starts = [at for _, _, at in pickletools.genops(data) if at is not None]
        parts = [data[a:b] for a, b in zip(starts, [*starts[1:], len(data)], strict=True)]
        for _ in range(random.choice((1, 1, 2, 5))):
            at = random.randrange(len(parts))
            other = random.choice((random.choice(parts), random.choice(OPCODES), b""))
            parts[at : at + random.randrange(2)] = [other] * random.choice((1, 1, 99))
        return b"".join(parts)

    def _harmful(self, random: Random) -> bytes:
        """A call of a name, by protocol 0, with an argument that would be seen."""
        module, _, name = random.choice(NAMES).partition(" ")
        word = random.choice((f"touch {self.hit}", random.choice(TEXTS), "1"))
        called = f"c{module}\n{name}\n(V".encode() + word.encode("unicode_escape")
        return called + b"\n" + random.choice((b"tR.", b"tR", b"tb.", b"lR.", b"t\x81.", b"(i."))


def reads(folder: Path) -> None:
    """Open the file and read every tensor, whole and by rows."""
    tensors = open_tensors(folder)
    for name in list(tensors.names)[:50]:
        if tensors.read(name).ndim:
            tensors.read_rows(name, np.array([0]))
