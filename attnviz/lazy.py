"""Sequences that are made when somebody first looks into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar, overload

T_co = TypeVar("T_co", covariant=True)


class LazySequence(Sequence[T_co]):
    """A tuple whose items cost something to make, perhaps of a length that is known before.

    It equals the tuple that it becomes, and a copy or a pickle of it is that tuple.
    """

    def __init__(self, make: Callable[[], tuple[T_co, ...]], length: int | None = None) -> None:
        self._make: Callable[[], tuple[T_co, ...]] | None = make
        self._length = length
        self._made: tuple[T_co, ...] = ()

    @property
    def _items(self) -> tuple[T_co, ...]:
        make = self._make
        if make is not None:
            self._made = make()
            self._make = None  # and with it whatever was needed
        return self._made

    def __len__(self) -> int:
        return len(self._items) if self._length is None else self._length

    def __iter__(self) -> Iterator[T_co]:
        return iter(self._items)

    @overload
    def __getitem__(self, index: int) -> T_co: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T_co, ...]: ...
    def __getitem__(self, index: int | slice) -> T_co | tuple[T_co, ...]:
        return self._items[index]

    def __eq__(self, other: object) -> bool:
        return self._items == (other._items if isinstance(other, LazySequence) else other)

    def __hash__(self) -> int:
        return hash(self._items)

    def __repr__(self) -> str:
        return repr(self._items)

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (self._items,)
