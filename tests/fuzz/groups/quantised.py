"""Quantised checkpoints whose settings, shapes, types or codes do not belong together."""

from __future__ import annotations

import json
import math
from pathlib import Path
from random import Random
from typing import Any

import attnviz
from tests.fuzz.groups.adapters import reads
from tests.fuzz.judge import Case, by_library
from tests.fuzz.values import NUMBERS, changed

__all__ = ["Quantised"]

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "quantised"
ALIKE = (("F32", "I32", "U32"), ("U8", "I8", "F8_E4M3", "F8_E5M2", "BOOL"), ("F16", "BF16", "I16"))
"""Types whose numbers take as many bytes."""
ENDS = (".scales", "_scales", "_scale_inv", ".g_idx", ".SCB", "x")
Header = dict[str, Any]


class Quantised:
    """One folder, written anew for every input."""

    def __init__(self, place: Path) -> None:
        self.folder = place / "quantised"
        self.folder.mkdir()
        self.sources = []
        for folder in sorted(path.parent for path in FIXTURES.glob("*/config.json")):
            data = (folder / "model.safetensors").read_bytes()
            begin = 8 + int.from_bytes(data[:8], "little")
            config = json.loads((folder / "config.json").read_text())
            self.sources.append((config, json.loads(data[8:begin]), data[begin:]))

    def case(self, random: Random) -> Case:
        """A folder in which one thing or a few are not what they were."""
        config, header, numbers = random.choice(self.sources)
        if random.random() < 0.5:
            config = self._settings(random, config)
        if random.random() < 0.7:
            header = _other(random, header)
        if random.random() < 0.3:
            numbers = _other_numbers(random, header, numbers)
        made = json.dumps(header).encode()
        (self.folder / "config.json").write_text(json.dumps(config))
        whole = len(made).to_bytes(8, "little") + made + numbers
        (self.folder / "model.safetensors").write_bytes(whole)
        if random.random() < 0.6:
            return by_library(lambda: reads(self.folder))
        return by_library(lambda: attnviz.load(self.folder).attend(token_ids=[1, 2, 3]))

    def _settings(self, random: Random, config: dict[str, Any]) -> dict[str, Any]:
        """The settings of another method, or its own with a few values changed."""
        key = next(key for key in ("quantization_config", "quantization") if key in config)
        other = random.choice(self.sources)[0]
        theirs = other.get("quantization_config") or other.get("quantization")
        said = changed(random, config[key]) if random.random() < 0.7 else theirs
        made = {**config, key: said}
        return changed(random, made, 1) if random.random() < 0.2 else made


def _other(random: Random, header: Header) -> Header:
    """The same header with tensors under other names, of other types and other shapes."""
    made = {name: dict(entry) for name, entry in header.items()}
    names = [name for name in made if name != "__metadata__"]
    for _ in range(random.choice((1, 1, 2, 4))):
        name, kind = random.choice(names), random.randrange(6)
        if name not in made:
            continue
        shape = made[name]["shape"]
        if kind == 0:
            del made[name]
        elif kind == 1:
            other = random.choice([other for other in names if other in made])
            made[name], made[other] = made[other], made[name]
        elif kind == 2:
            alike = next((kinds for kinds in ALIKE if made[name]["dtype"] in kinds), ("F32",))
            made[name]["dtype"] = random.choice(alike)
        elif kind == 3:
            made[name]["shape"] = _reshaped(random, shape)
        elif kind == 4 and shape:
            made[name] = _shorter(made[name], random.choice((0, 1, shape[0] // 2)))
        else:
            made[name + random.choice(ENDS)] = made.pop(name)
    return made


def _reshaped(random: Random, shape: list[int]) -> list[int]:
    """Another shape of as many numbers."""
    size = math.prod(shape)
    return random.choice((shape[::-1], [size], [1, size], [size, 1], [*shape, 1], [1, *shape]))


def _shorter(entry: dict[str, Any], height: int) -> dict[str, Any]:
    """A tensor of the first rows alone; the bytes of the others then belong to nobody."""
    begin, end = entry["data_offsets"]
    rows = entry["shape"][0] or 1
    stop = begin + (end - begin) // rows * height
    return {**entry, "shape": [height, *entry["shape"][1:]], "data_offsets": [begin, stop]}


def _other_numbers(random: Random, header: Header, numbers: bytes) -> bytes:
    """The same bytes with some of one tensor's overwritten by numbers that are odd."""
    made = bytearray(numbers)
    entry = random.choice([entry for name, entry in header.items() if name != "__metadata__"])
    begin, end = entry["data_offsets"]
    for _ in range(random.choice((1, 3, 50))):
        number = random.choice(NUMBERS)
        if isinstance(number, int) and begin + 4 <= end:
            at = random.randrange(begin, end - 3)
            made[at : at + 4] = (number % 2**32).to_bytes(4, "little")
        elif begin < end:
            at = random.randrange(begin, end)
            made[at] = random.choice((0, 0x7F, 0x80, 0xFF))
    return bytes(made)
