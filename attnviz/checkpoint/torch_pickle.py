"""A pickle read as data: its opcodes are followed by hand, and nothing it names is ever called."""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, BinaryIO, NamedTuple, cast

from attnviz.errors import BadCheckpoint, UnsupportedModel, quote

LONGEST = 1 << 20
"""Bytes of a name or a number at most."""
MOST_ITEMS = 2_000_000
"""Opcodes and the items they copy at most: those of some fifty thousand tensors."""

STORAGES = {
    "FloatStorage": "F32", "HalfStorage": "F16", "BFloat16Storage": "BF16", "DoubleStorage": "F64",
    "LongStorage": "I64", "IntStorage": "I32", "ShortStorage": "I16", "CharStorage": "I8",
    "ByteStorage": "U8", "BoolStorage": "BOOL",
}  # fmt: skip


class Storage(NamedTuple):
    """A flat run of numbers in the file, by its key: its storage type and how many there are."""

    key: str
    dtype: str
    size: int


class TensorView(NamedTuple):
    """A tensor as a view of a storage; offset and strides count numbers, not bytes."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Name(str):
    """A global that the pickle names; a name and nothing more."""


class _Mark:
    """Where a run of items on the stack begins."""


_MARK = _Mark()


def read_pickle(file: BinaryIO, what: str) -> Any:
    """The object of one pickle, made of dicts, lists, tuples, numbers, texts and TensorViews.

    A name outside the list of inert ones raises UnsupportedModel and names it; whatever else is
    no plain pickle of a state dict raises BadCheckpoint. ``file`` then stands behind the pickle.
    """
    machine = _Machine(what)
    with suppress(ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError):
        for opcode, argument, _ in pickletools.genops(cast("BinaryIO", _Bounded(file))):
            if opcode.name == "STOP":
                return machine.pop()
            machine.spend(1)
            machine.step(opcode.name, argument)
    raise BadCheckpoint(
        f"{what} is not a pickle of weights, or it is damaged; the download may be incomplete"
    )


class _Bounded:
    """A file of which no more is read at once than an argument of weights may take."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        return self._file.read(min(size, LONGEST))

    def readline(self) -> bytes:
        return self._file.readline(LONGEST)


class _Machine:
    """The stack and the memo of one pickle."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._left = MOST_ITEMS

    def spend(self, items: int) -> None:
        """Count what is made; a small file must not become a large object."""
        self._left -= items
        if self._left < 0:
            raise BadCheckpoint(f"{self._what} makes more of its pickle than weights need")

    def pop(self) -> Any:
        """The item on top."""
        return self._stack.pop()

    def step(self, name: str, argument: Any) -> None:
        """Follow one opcode."""
        if name in PLAIN:
            self._stack.append(argument)
        elif name in CONSTANTS:
            self._stack.append(CONSTANTS[name]())
        elif name in PUTS:
            self._memo[len(self._memo) if argument is None else int(argument)] = self._stack[-1]
        elif name in GETS:
            self._stack.append(self._memo[int(argument)])
        else:
            self._act(name, argument)

    def _act(self, name: str, argument: Any) -> None:
        """Follow an opcode that makes something of what is on the stack."""
        match name:
            case "PROTO" | "FRAME":
                pass
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                n = int(name[-1])
                self._stack[-n:] = [tuple(self._stack[-n:])]
            case "TUPLE":
                self._stack.append(tuple(self._since_mark()))
            case "APPEND":
                self._append([self.pop()])
            case "APPENDS":
                self._append(self._since_mark())
            case "SETITEM":
                self._set_items([self.pop(), self.pop()][::-1])
            case "SETITEMS":
                self._set_items(self._since_mark())
            case "GLOBAL":
                self._global(argument)
            case "REDUCE":
                self._reduce()
            case "BUILD":
                self._build()
            case "BINPERSID":
                self._persistent()
            case _:
                raise BadCheckpoint(
                    f"{self._what} uses the pickle opcode {name}, which weights do not"
                )

    def _since_mark(self) -> list[Any]:
        """The items behind the last mark, which are taken off with it."""
        at = len(self._stack) - 1
        while self._stack[at] is not _MARK:
            at -= 1
            if at < 0:
                raise IndexError
        items = self._stack[at + 1 :]
        del self._stack[at:]
        return items

    def _global(self, argument: str) -> None:
        name = _Name(argument)
        if name not in INERT:
            raise UnsupportedModel(
                f"{self._what} names {quote(argument.replace(' ', '.'))}, which is not part of a "
                "state dict, so it is not read; nothing in it was run; load it with "
                "transformers and call save_pretrained(), which writes safetensors"
            )
        self._stack.append(name)

    def _reduce(self) -> None:
        arguments, name = self.pop(), self.pop()
        if not isinstance(name, _Name) or not isinstance(arguments, tuple):
            raise TypeError
        self.spend(sum(len(each) for each in arguments if isinstance(each, (list, tuple, dict))))
        self._stack.append(REBUILT[name](*arguments))

    def _build(self) -> None:
        self.pop()  # attributes of a dict, as _metadata: nothing that weights need
        if not isinstance(self._stack[-1], dict):
            raise TypeError

    def _persistent(self) -> None:
        match self.pop():
            case ("storage", _Name() as kind, str(key), _, int(size), *_) if size >= 0:
                self._stack.append(Storage(key, STORAGES[kind.partition(" ")[2]], size))
            case _:
                raise TypeError

    def _set_items(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if not isinstance(target, dict) or len(items) % 2:
            raise TypeError
        target.update(_dict(list(zip(items[::2], items[1::2], strict=True))))

    def _append(self, items: list[Any]) -> None:
        if not isinstance(self._stack[-1], list):
            raise TypeError
        self._stack[-1].extend(items)


def _view(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> TensorView:
    numbers = (offset, *shape, *strides)
    if not isinstance(storage, Storage) or len(shape) != len(strides):
        raise TypeError
    if not all(type(number) is int and 0 <= number < 2**63 for number in numbers):
        raise ValueError
    return TensorView(storage, offset, tuple(shape), tuple(strides))


def _dict(pairs: Any = ()) -> dict[str | int, Any]:
    """A dict of pairs; a key of nested tuples could take forever to hash."""
    pairs = [(key, value) for key, value in pairs]
    if not all(isinstance(key, (str, int)) for key, _ in pairs):
        raise TypeError
    return dict(pairs)


def _parameter(data: Any, *_: Any) -> TensorView:
    if not isinstance(data, TensorView):
        raise TypeError
    return data


REBUILT: dict[str, Callable[..., Any]] = {
    "collections OrderedDict": _dict,
    "torch Size": tuple,
    "torch device": lambda *_: None,
    "torch._utils _rebuild_tensor": _view,
    "torch._utils _rebuild_tensor_v2": _view,
    "torch._utils _rebuild_parameter": _parameter,
}
"""What we make where the pickle wants one of the inert names to be called."""

CONSTANTS: dict[str, Callable[[], Any]] = {
    "MARK": lambda: _MARK,
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
}
PLAIN = frozenset(
    {"BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE"}
)
PUTS = frozenset({"BINPUT", "LONG_BINPUT", "MEMOIZE"})
GETS = frozenset({"BINGET", "LONG_BINGET"})
WRAPPERS, MOST_WRAPPED = ("state_dict", "model", "module"), 8
INERT = frozenset({*REBUILT, *(f"torch {name}" for name in STORAGES)})
"""The names that a state dict may hold; each stands for data that we make ourselves."""


def tensors_of(value: Any) -> Iterator[tuple[str, TensorView]]:
    """The named tensors of a state dict, or of one that a training script wrapped."""
    for _ in range(MOST_WRAPPED):  # it may be wrapped in itself
        if not isinstance(value, dict) or any(isinstance(v, TensorView) for v in value.values()):
            break
        value = next((value[key] for key in WRAPPERS if key in value), None)
    if isinstance(value, dict):
        yield from (
            (str(name), view) for name, view in value.items() if isinstance(view, TensorView)
        )
