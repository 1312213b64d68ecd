"""All of a result but its numbers, as a JSON-ready dict."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from attnviz._version import __version__
from attnviz.document.arrays import WEIGHT_AXES
from attnviz.result import AttentionMap, AttentionResult, Token

SCHEMA = "attnviz/1"

FIELDS = tuple(field.name for field in fields(Token))


def labels(
    result: AttentionResult,
    precision: int | None = None,
    found: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The document of a result without its weights and hidden states.

    ``found`` is what analysis found in it, as ``document.found`` gives it.

    The decimals that numbers are rounded to are in it, so that nobody takes them for exact.
    """
    return {
        "schema": SCHEMA,
        "attnviz": __version__,
        **({} if precision is None else {"precision": precision}),
        **({} if result.line is None else {"line": result.line}),
        **({} if result.weighting == "raw" else {"weighting": result.weighting}),
        "model": result.model.described(),
        "texts": list(result.texts),
        "target_texts": list(result.target_texts),
        "tokens": list(map(_token, result.tokens)),
        "target_tokens": list(map(_token, result.target_tokens)),
        "maps": {kind: _axes(part) for kind, part in result.maps.items()},
        **({} if found is None else {"found": rounded(found, precision)}),
    }


def rounded(value: Any, precision: int | None) -> Any:
    """JSON-ready data with its fractions rounded to so many decimals, or as it is for None."""
    if precision is None:
        return value
    if isinstance(value, float):
        return round(value, precision)
    if isinstance(value, Mapping):
        return {name: rounded(one, precision) for name, one in value.items()}
    return [rounded(one, precision) for one in value] if isinstance(value, list) else value


def _axes(map: AttentionMap) -> dict[str, Any]:
    """The original index of each entry on each axis; of picked heads their names."""
    if map.picked:
        heads: dict[str, Any] = {"picked": [str(head) for head in map.picked]}
        return heads | {axis: list(getattr(map, axis)) for axis in ("queries", "keys")}
    return {axis: list(getattr(map, axis)) for axis in WEIGHT_AXES}


def _token(token: Token) -> dict[str, Any]:
    """What a token is; what few tokens are is said of those alone."""
    found = {name: getattr(token, name) for name in FIELDS}
    for flag in ("unknown", "masked"):
        if not found[flag]:
            del found[flag]
    if token.spelling is None:
        del found["spelling"]
    return found


def dumps(value: object) -> str:
    """Compact JSON in which letters read as themselves and whatever could act is escaped."""
    return quiet(json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")))


def quiet(text: str) -> str:
    """JSON in which whatever could act on a terminal is escaped."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)
