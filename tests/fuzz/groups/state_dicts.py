"""State dicts as pickles, opcode by opcode, whose tensors reach where they should not."""

from __future__ import annotations

import io
import struct
import zipfile
from random import Random
from typing import Any, NamedTuple

from tests.fuzz.values import TEXTS, nasty

__all__ = ["state_dict_file"]

KINDS = ("FloatStorage", "HalfStorage", "BFloat16Storage", "LongStorage", "BoolStorage", "Odd")
SIZES = (0, 1, 2, 3, 4, 5, 8, 2**31, 2**62, 2**63 - 1)
STORED = 12  # numbers in each storage
REBUILD = "torch._utils _rebuild_tensor_v2"


class Called(NamedTuple):
    """A name that is called with arguments."""

    name: str
    arguments: tuple[Any, ...]


class Stored(NamedTuple):
    """A storage, by its type and its key."""

    kind: str
    key: str
    size: Any


def state_dict_file(random: Random) -> bytes:
    """A file as torch.save writes it, of a few tensors of which one is odd."""
    count = random.choice((1, 2, 4))
    odd = random.randrange(count)
    found: Any = {f"w{i}": _tensor(random, str(i), odd=i == odd) for i in range(count)}
    if random.random() < 0.2:
        found[random.choice(TEXTS)[:200]] = nasty(random)
    for _ in range(random.choice((0, 0, 1, 2, 12))):
        found = {random.choice(("state_dict", "model", "module", "x")): found}
    if random.random() < 0.3:
        found = Called("collections OrderedDict", ([list(one) for one in found.items()],))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", 8 if random.random() < 0.05 else 0) as file:
        file.writestr("archive/data.pkl", b"\x80\x02" + _bomb(random) + _pickled(found) + b".")
        for i in range(4):
            file.writestr(f"archive/data/{i}", random.randbytes(random.choice((48, 48, 48, 7))))
    return made.getvalue()


def _tensor(random: Random, key: str, *, odd: bool) -> Any:
    height, width = random.choice((1, 2, 3)), random.choice((1, 2, 4))
    offset, shape, strides = 0, [height, width], [width, 1]
    kind, size = random.choice(KINDS[:2]), STORED
    change = random.randrange(9) if odd else -1
    if change == 0:
        shape[random.randrange(2)] = random.choice(SIZES)
    elif change == 1:
        strides[random.randrange(2)] = random.choice((*SIZES, -1))
    elif change == 2:
        offset = random.choice((*SIZES, -1))
    elif change == 3:
        shape, strides = random.choice((([], []), ([1] * 99, [1] * 99), ([2], [1, 1])))
    elif change == 4:
        kind, size = random.choice(KINDS), random.choice((*SIZES, -1, 1.5))
    elif change == 5:
        key = random.choice(("9", "../0", *TEXTS))[:200]
    arguments: list[Any] = [Stored(kind, key, size), offset, tuple(shape), tuple(strides)]
    if change == 6:
        arguments[random.randrange(4)] = nasty(random)
    elif change == 7:
        del arguments[random.randrange(4) :]
    tensor = Called(REBUILD, (*arguments, False, Called("collections OrderedDict", ())))
    return Called("torch._utils _rebuild_parameter", (tensor, True)) if change == 8 else tensor


def _bomb(random: Random) -> bytes:
    """What doubles with every opcode, hashed, copied or wrapped in itself; mostly nothing."""
    doubled = b")q\x00" + b"h\x00h\x00\x86q\x00" * 60
    return random.choice((b"",) * 20 + (
        doubled + b"ccollections\nOrderedDict\n](h\x00N\x86e\x85R",
        doubled + b"ctorch\nSize\nh\x00\x85R",
        b"}q\x00X\x05\x00\x00\x00modelh\x00s.",
        b"](" + b"N" * 3000 + b"eq\x00ctorch\nSize\nq\x01" + b"h\x01h\x00\x85R" * 3000,
    ))  # fmt: skip


def _pickled(value: Any) -> bytes:
    """The opcodes that make a value, of those alone that torch.save uses."""
    match value:
        case Called():
            return _name(value.name) + _pickled(tuple(value.arguments)) + b"R"
        case Stored():
            said = _pickled("storage") + _name(f"torch {value.kind}")
            return b"(" + said + b"".join(map(_pickled, (value.key, "cpu", value.size))) + b"tQ"
        case None | True | False:
            return {None: b"N", True: b"\x88", False: b"\x89"}[value]
        case int() if -(2**1000) < value < 2**1000:
            raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
            return b"\x8a" + bytes([len(raw)]) + raw
        case float():
            return b"G" + struct.pack(">d", value)
        case tuple():
            return b"(" + b"".join(map(_pickled, value)) + b"t"
        case list():
            return b"](" + b"".join(map(_pickled, value)) + b"e"
        case dict():
            return b"}(" + b"".join(_pickled(k) + _pickled(v) for k, v in value.items()) + b"u"
    raw = str(value)[:2000].encode("utf-8", "replace")
    return b"X" + struct.pack("<I", len(raw)) + raw


def _name(name: str) -> bytes:
    return b"c" + name.replace(" ", "\n").encode() + b"\n"
