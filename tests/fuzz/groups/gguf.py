"""GGUF files that lie in what they say of a model, and ones whose bytes are damaged."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import attnviz
from attnviz.checkpoint.gguf_file import TYPES, read_gguf
from attnviz.tokenizer.tokenizer import load_tokenizer
from tests.fuzz.judge import Case, by_library
from tests.fuzz.values import NUMBERS, TEXTS, broken_bytes, changed, nasty, text

__all__ = ["Ggufs"]

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "gguf"
STRING, ARRAY, BOOL, F32, F64, U32, I64, U64 = 8, 9, 7, 6, 12, 4, 11, 10
KINDS = {name: number for number, name in TYPES.items()}
SIZES = (0, 1, 2, 3, 255, 2**31, 2**32, 2**62, 2**63 - 1, 2**64 - 1)
Tensor = tuple[str, str, list[int], int]  # name, type, shape, offset


class Ggufs:
    """One file, written anew for every input."""

    def __init__(self, place: Path) -> None:
        self.path = place / "model.gguf"
        self.files = []
        for path in sorted(FIXTURES.glob("*.gguf")):
            header = read_gguf(path)
            begin = min(entry.start for entry in header.entries.values())
            tensors: list[Tensor] = [
                (name, entry.dtype, list(entry.shape), entry.start - begin)
                for name, entry in header.entries.items()
            ]
            raw = path.read_bytes()
            self.files.append((raw, dict(header.metadata), tensors, raw[begin:]))

    def case(self, random: Random) -> Case:
        """A file of which some values, tensors or bytes are others, and what reads it."""
        raw, metadata, tensors, numbers = random.choice(self.files)
        if random.random() < 0.3:
            cut = random.choice((200, 2000, 12_000))
            head = broken_bytes(random, raw[:cut])
            self.path.write_bytes(head + (raw[cut:] if random.random() < 0.8 else b""))
        else:
            if random.random() < 0.75:
                metadata = _lies(random, metadata)
            if random.random() < 0.4:
                tensors = _moved(random, tensors)
            data = broken_bytes(random, numbers) if random.random() < 0.1 else numbers
            self.path.write_bytes(_file(metadata, tensors, data))
        return by_library(self._work(random, text(random)))

    def _work(self, random: Random, given: str) -> Callable[[], object]:
        if random.random() < 0.5:
            return lambda: load_tokenizer(self.path).encode(given)
        return lambda: attnviz.load(self.path).attend(token_ids=[1, 2, 3])


def _lies(random: Random, metadata: dict[str, Any]) -> dict[str, Any]:
    """The same metadata with a few values of another size, kind or key."""
    made = dict(metadata)
    for _ in range(random.choice((1, 1, 2, 4))):
        key = random.choice(list(made))
        value, kind = made[key], random.randrange(7)
        if kind == 0:
            del made[key]
        elif kind == 1:
            made[key] = made[random.choice(list(made))]
        elif kind == 2 and isinstance(value, list):
            made[key] = changed(random, value[:50])
        elif kind < 5 and isinstance(value, int | float):
            made[key] = random.choice((*NUMBERS, value + 1, value * 2, value // 2))
        elif kind == 5:
            made[random.choice((*TEXTS, "general.alignment", "tokenizer.ggml.pre"))[:99]] = value
        else:
            made[key] = nasty(random)
    return made


def _moved(random: Random, tensors: list[Tensor]) -> list[Tensor]:
    """The same tensors, some with another name, type, shape or place."""
    made = list(tensors)
    for _ in range(random.choice((1, 1, 3))):
        at = random.randrange(len(made))
        name, kind, shape, offset = made[at]
        change = random.randrange(6)
        if change == 0:
            name = random.choice((random.choice(made)[0], random.choice(TEXTS)[:99], name + "x"))
        elif change == 1:
            kind = random.choice(list(KINDS))
        elif change == 2:
            shape = [random.choice((size, *SIZES)) for size in shape]
        elif change == 3:
            shape = random.choice((shape[::-1], [*shape, 1], shape[:-1], [], [1] * 9))
        elif change == 4:
            offset = random.choice((offset + 1, *SIZES))
        made[at] = name, kind, shape, offset
        if change == 5 and len(made) > 1:
            del made[at]
    return made


def _file(metadata: dict[str, Any], tensors: list[Tensor], numbers: bytes) -> bytes:
    out = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    for key, value in metadata.items():
        kind, raw = _value(value)
        out += _string(key) + struct.pack("<I", kind) + raw
    for name, kind, shape, offset in tensors:
        out += _string(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *shape[::-1])
        out += struct.pack("<IQ", KINDS.get(kind, 99), offset)
    return out + bytes(-len(out) % 32) + numbers


def _value(value: Any) -> tuple[int, bytes]:
    """A value's type and its bytes; what GGUF has no type for is written as a text."""
    match value:
        case bool():
            return BOOL, struct.pack("<?", value)
        case int() if 0 <= value < 2**32:
            return U32, struct.pack("<I", value)
        case int() if 0 <= value < 2**64:
            return U64, struct.pack("<Q", value)
        case int() if -(2**63) <= value < 0:
            return I64, struct.pack("<q", value)
        case float():
            return F64, struct.pack("<d", value)
        case list():
            parts = [_value(each) for each in value]
            kind = parts[0][0] if parts else STRING  # of the others, whose bytes then lie
            return ARRAY, struct.pack("<IQ", kind, len(parts)) + b"".join(raw for _, raw in parts)
    return STRING, _string(value if isinstance(value, str) else repr(value)[:300])


def _string(value: str) -> bytes:
    raw = value.encode("utf-8", "replace")
    return struct.pack("<Q", len(raw)) + raw
