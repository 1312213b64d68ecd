"""How data with many numbers says what it is, in one short line."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

MOST = 100
"""Characters of the line."""

FEW, SHORT = 3, 40
"""Items of a collection, and characters of a value, that are shown as they are."""


def brief(record: Any) -> str:
    """A dataclass or named tuple by what is not as by default; arrays by type and shape."""
    name, said = type(record).__name__, ""
    for field, value in _given(record):
        more = f"{', ' if said else ''}{field}={_value(value)}"
        if len(name) + len(said) + len(more) + len("(, …)") > MOST:
            return f"{name}({said}, …)"
        said += more
    return f"{name}({said})"


def _given(record: Any) -> Iterator[tuple[str, Any]]:
    """The fields that are to be shown and are not as they would be by themselves."""
    if is_dataclass(record):
        shown = [(field.name, field.default) for field in fields(record) if field.repr]
    else:
        shown = [(name, record._field_defaults.get(name, MISSING)) for name in record._fields]
    for name, default in shown:
        value = getattr(record, name)
        plain = value is default or (
            isinstance(value, str | int | float | tuple) and value == default
        )
        if not plain:
            yield name, value


def word(text: str) -> str:
    """A word of somebody's text in quotes, short and with nothing that a terminal obeys."""
    return _cut(repr(text))


def _value(value: Any) -> str:
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{value.dtype} {tuple(value.shape)}"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, str | bytes | int):
        return _cut(repr(value))
    if isinstance(value, Collection) and not hasattr(value, "_fields"):
        return _items(value)
    said = repr(value)
    return said if len(said) <= SHORT and said.isprintable() else f"{type(value).__name__}(…)"


def _items(items: Collection[Any]) -> str:
    """All of a few things, or how many there are of what."""
    few = [_value(item) for item in items] if len(items) <= FEW else []
    if isinstance(items, Mapping):
        said, else_said = f"{{{', '.join(few)}}}", f"{{{len(items)} × …}}"
    else:
        kinds = {type(item).__name__ for item in items}
        said = f"({', '.join(few)}{',' if len(few) == 1 else ''})"
        else_said = f"({len(items)} × {kinds.pop() if len(kinds) == 1 else '…'})"
    return said if len(items) <= FEW and len(said) <= SHORT else else_said


def _cut(said: str) -> str:
    return said if len(said) <= SHORT else said[: SHORT - 1] + "…"
