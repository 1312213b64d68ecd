"""Reading small files of a checkpoint: regular files of bounded size, and JSON objects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from attnviz.errors import BadCheckpoint, quote

LARGEST_TEXT = 5_000_000
LARGEST_JSON = 100_000_000  # bytes; the largest index in use is about a tenth of this


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file; BadCheckpoint when it is missing, damaged or something else."""
    if not path.exists():
        raise BadCheckpoint(f"there is no {path.name} in {quote(path.parent)}")
    return parse_object(_read(path, LARGEST_JSON), path.name)


def read_text(path: Path) -> str:
    """The text of a small file; BadCheckpoint when it is none."""
    try:
        return _read(path, LARGEST_TEXT).decode("utf-8")
    except UnicodeDecodeError:
        raise BadCheckpoint(f"{path.name} is not UTF-8") from None


def _read(path: Path, most: int) -> bytes:
    if not path.is_file():  # a pipe or a device could block or never end
        raise BadCheckpoint(f"{path.name} is not a regular file")
    try:
        if path.stat().st_size > most:
            raise BadCheckpoint(f"{path.name} is larger than {most // 1_000_000} MB")
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None


def read_list(path: Path) -> list[Any]:
    """The JSON array in a small file; BadCheckpoint when it is damaged or something else."""
    try:
        value = json.loads(_read(path, LARGEST_JSON))
    except (ValueError, RecursionError):
        raise BadCheckpoint(f"{path.name} is not JSON") from None
    if not isinstance(value, list):
        raise BadCheckpoint(f"{path.name} is not a JSON array")
    return value


def parse_object(raw: bytes, what: str, *, unique: bool = False) -> dict[str, Any]:
    """The JSON object in these bytes, which ``what`` names in errors; ``unique``: no key twice."""
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique if unique else None)
    except UnicodeDecodeError:
        raise BadCheckpoint(f"{what} is not UTF-8") from None
    except _RepeatedKeyError as error:
        raise BadCheckpoint(f"{what} has the key {quote(error.key)} twice") from None
    except RecursionError:
        raise BadCheckpoint(f"{what} is nested too deeply to be read") from None
    except json.JSONDecodeError as error:
        raise BadCheckpoint(
            f"{what} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from None
    except ValueError:  # a number of more than 4,300 digits
        raise BadCheckpoint(f"{what} holds a number that is too long to be read") from None
    if not isinstance(value, dict):
        raise BadCheckpoint(f"{what} is not a JSON object")
    return value


def unreadable(path: Path, error: OSError) -> BadCheckpoint:
    """The error for a file that the system does not let us read."""
    return BadCheckpoint(f"{quote(path)} cannot be read: {error.strerror or type(error).__name__}")


class _RepeatedKeyError(ValueError):
    def __init__(self, key: str) -> None:
        self.key = key


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise _RepeatedKeyError(key)
        result[key] = value
    return result
