"""Files that the program wrote itself and reads again: heads, lenses, labels, sums and parts."""

from __future__ import annotations

import io
import json
import os
import shutil
import zipfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

import attnviz
from attnviz.cli import main
from tests.fuzz.judge import Case, by_program
from tests.fuzz.values import NUMBERS, broken_bytes, broken_json, changed

__all__ = ["Kept"]

MODELS = Path(attnviz.__file__).parent / "models"
LINES = "The ship sank because it was old.\nIt rained.\nNobody saw the hat.\nHe took it.\n"
ASKED = "The ship sank because it was old."
OFFLINE = {"HF_HUB_OFFLINE": "1"}
MODEL, HEADS = "all-MiniLM-L6-v2", ("sentiment", "summary")
KINDS = ("classifier", "classifier", "lens", "lens", "labels", "sums", "sums", "parts", "parts")
TYPES = ("f8", "f4", "i8", "?", "U3", "c16", "O")


class Kept:
    """One folder for each kind, whose files are written anew for every input."""

    def __init__(self, place: Path) -> None:
        self.place = place
        (place / "x.txt").write_text(LINES)
        self.heads = {name: place / name for name in HEADS}
        for name, folder in self.heads.items():
            shutil.copytree(MODELS / name, folder)
        self.model = place / "model"
        self.model.mkdir()
        for path in (MODELS / MODEL).iterdir():
            if path.is_file() and path.suffix != ".py":
                (self.model / path.name).symlink_to(path)
        (self.model / "labels.json").unlink()
        (self.model / "lenses").mkdir()
        self.measure = ["heads", "-f", "x.txt", "--resume", "sums.npz"]
        self.attend = ["run", "-f", "x.txt", "--layer", "0", "-o", "parts/"]
        for words in (self.measure, self.attend):
            done(words)
        with np.load(place / "sums.npz") as file:
            self.told, self.sums = json.loads(str(file["head"])), file["sums"]
        self.parts = {path.name: path.read_bytes() for path in (place / "parts").iterdir()}

    def case(self, random: Random) -> Case:
        """A command that reads a file of ours in which something is not as we write it."""
        case: Case = getattr(self, f"_{random.choice(KINDS)}")(random)
        return case

    def _classifier(self, random: Random) -> Case:
        name = random.choice(HEADS)
        folder, source = self.heads[name], MODELS / name
        config = (source / "head.json").read_bytes()
        weights = (source / "model.safetensors").read_bytes()
        if random.random() < 0.7:
            config = broken_json(random, json.loads(config))
        if random.random() < 0.5:
            size = int.from_bytes(weights[:8], "little")
            header = json.dumps(changed(random, json.loads(weights[8 : 8 + size]))).encode()
            weights = len(header).to_bytes(8, "little") + header + weights[8 + size :]
            weights = broken_bytes(random, weights) if random.random() < 0.2 else weights
        (folder / "head.json").write_bytes(config)
        (folder / "model.safetensors").write_bytes(weights)
        given = ["classify", ASKED] if name == "sentiment" else ["summarize", "x.txt"]
        some = random.choice(([], ["--json"], ["-n", "1"] if name == "summary" else ["--why"]))
        return by_program(*given, "-m", folder, *some, environment=OFFLINE)

    def _lens(self, random: Random) -> Case:
        path = random.choice(sorted((MODELS / MODEL / "lenses").iterdir()))
        lens = json.loads(path.read_text())
        for name, value in lens.items():
            if isinstance(value, list) and random.random() < 0.1:
                lens[name] = random.choice((value[1:], value[0], [], [value], value * 2))
            elif random.random() < 0.05:
                lens[name] = random.choice(NUMBERS)
        (self.model / "lenses" / path.name).write_bytes(broken_json(random, lens))
        return self._ask(random)

    def _labels(self, random: Random) -> Case:
        labels = json.loads((MODELS / MODEL / "labels.json").read_text())
        (self.model / "labels.json").write_bytes(broken_json(random, labels))
        return self._ask(random)

    def _ask(self, random: Random) -> Case:
        ways = (["--ask", "it"], ["--ask", "it", "--json"], ["--head", "3.1"], ["-o", "x.html"])
        words = ["run", ASKED, "-m", self.model, *random.choice((*ways, ["--heads", "all"]))]
        if random.random() < 0.2:
            words = ["heads", ASKED, "-m", self.model]
        return by_program(*words, environment=OFFLINE)

    def _sums(self, random: Random) -> Case:
        path, told = self.place / "sums.npz", dict(self.told)
        if random.random() < 0.5:
            told["of"] = changed(random, told["of"])
        elif random.random() < 0.5:
            told["last"] = changed(random, told["last"])
        data = broken_json(random, told) if random.random() < 0.2 else json.dumps(told).encode()
        with zipfile.ZipFile(path, "w", random.choice((0, 8))) as file:
            file.writestr("head.npy", npy(np.array(data.decode("utf-8", "replace"))))
            file.writestr("sums.npy", self._sums_of(random))
        if random.random() < 0.2:
            path.write_bytes(broken_bytes(random, path.read_bytes()))
        return by_program(*self.measure, environment=OFFLINE)

    def _sums_of(self, random: Random) -> bytes:
        """The sums, as they are or of another shape or type, or an array that boasts."""
        kind, sums = random.randrange(6), self.sums
        if kind == 0:
            sums = sums.reshape(random.choice(((-1,), sums.shape[::-1], (1, *sums.shape))))
        if kind == 1:
            sums = sums[tuple(slice(random.choice((None, 0, 1))) for _ in sums.shape)]
        if kind == 2:
            sums = np.full(sums.shape, random.choice((np.nan, np.inf, -1.0, 1e308)))
        if kind == 3 and (dtype := random.choice(TYPES)) != "O":
            sums = sums.astype(dtype)
        raw = npy(sums)
        if kind == 4:
            shape = random.choice((b"(10**12,)", b"(9999999999,)", b"(-1,)", b"(2, 2", b"9"))
            raw = raw.replace(str(sums.shape).encode(), shape.ljust(len(str(sums.shape))), 1)
        return raw

    def _parts(self, random: Random) -> Case:
        folder = self.place / "parts"
        shutil.rmtree(folder)
        folder.mkdir()
        for name, data in self.parts.items():
            (folder / name).write_bytes(data)
        name = random.choice(sorted(self.parts))
        data, path = self.parts[name], folder / name
        head = json.loads(self.parts["manifest.json"])
        begun = {key: one for key, one in head.items() if key not in ("texts", "parts")}
        (folder / "manifest.json").write_text(json.dumps(begun))
        kind = random.randrange(6)
        if kind < 3:
            lines = data.split(b"\n")[:-1]
            at = random.randrange(len(lines))
            lines[at] = broken_json(random, json.loads(lines[at])).replace(b"\n", b" ")
            path.write_bytes(b"\n".join(lines) + b"\n")
        elif kind == 3:
            path.write_bytes(broken_bytes(random, data))
        else:
            path.unlink()
            if kind == 4:
                random.choice((os.mkfifo, Path.mkdir))(path)
            else:
                path.symlink_to(random.choice(("/dev/zero", "/dev/full", "nowhere/x", name)))
        return by_program(*self.attend, environment=OFFLINE)


def done(words: list[str]) -> None:
    """Run a command that succeeds."""
    quiet = io.TextIOWrapper(io.BytesIO(), "utf-8")
    with redirect_stdout(quiet), redirect_stderr(quiet):
        try:
            main(words)
        except SystemExit as ended:
            if ended.code:
                raise RuntimeError(words) from None


def npy(array: Any) -> bytes:
    """An array as NumPy writes it."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asarray(array), allow_pickle=False)
    return stream.getvalue()
