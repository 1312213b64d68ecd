"""From a document that any program may have written to a result: liberal, but checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from attnviz.document.arrays import (
    WEIGHT_AXES,
    check_hidden,
    check_weights,
    fail,
    shown,
)
from attnviz.document.foreign import read_tokens, with_four_axes
from attnviz.document.labels import SCHEMA
from attnviz.errors import InputError
from attnviz.labelling.spellings import Read, say_what_was_read, whole_characters
from attnviz.result import (
    AttentionMap,
    AttentionResult,
    FloatArray,
    Head,
    ModelInfo,
    Token,
    Weighting,
)

KINDS = ("encoder", "decoder", "cross")
WEIGHTINGS: tuple[Weighting, ...] = get_args(Weighting)
FLAGS = ("special", "unknown", "masked")
LARGEST = 2**31 - 1

Fields = Mapping[str, Any]
Tokens = tuple[Token, ...]


def opened(value: object) -> Fields:
    """The document as an object, once it says that it is one of ours."""
    document = _object(value, "it")
    schema = document.get("schema")
    if schema is None:
        fail("it", f"lacks \"schema\": '{SCHEMA}'")
    if schema != SCHEMA:
        fail("schema", f"is {shown(schema)}, but this version of attnviz reads '{SCHEMA}'")
    return document


def map_labels(document: Fields) -> dict[str, Fields]:
    """What the document says of each map, by kind."""
    maps = _object(document.get("maps", {}), "maps")
    for kind in maps:
        if kind not in KINDS:
            fail("maps", f"has a {shown(kind)}; the kinds are {', '.join(KINDS)}")
    return {kind: _object(maps[kind], f"maps.{kind}") for kind in maps}


def result_from(
    document: Fields, weights: Mapping[str, FloatArray], hidden: FloatArray | None
) -> AttentionResult:
    """A result of an opened document and of its arrays, all checked against each other."""
    texts, target_texts = _texts(document, "texts"), _texts(document, "target_texts")
    sources = _tokens(document, "tokens", texts)
    written = _tokens(document, "target_tokens", target_texts)
    tokens, targets = sources.tokens, written.tokens
    model = _model(document.get("model"))
    if not tokens:
        fail("tokens", "is missing or empty")
    if not weights:
        fail("maps", "is missing or empty")
    if "cross" in weights and not targets:
        fail("maps.cross", "needs target_tokens for its queries")
    labels = map_labels(document)
    weighting = _weighting(document)
    maps = {
        kind: _map(
            array,
            labels.get(kind, {}),
            f"maps.{kind}",
            _limits(kind, tokens, targets, model),
            weighting,
        )
        for kind, array in weights.items()
    }
    if hidden is not None:
        _check_hidden(hidden, tokens, targets)
    say_what_was_read(sources, written)
    return AttentionResult(
        tokens,
        maps,
        targets,
        texts or sources.texts,
        target_texts or written.texts,
        hidden,
        model,
        None if document.get("line") is None else _whole(document["line"], "line"),
        weighting,
    )


def _weighting(document: Fields) -> Weighting:
    given = document.get("weighting")
    found = next((one for one in WEIGHTINGS if given in (one, None)), None)
    if found is None:
        fail("weighting", f"is {shown(given)}; there is {', '.join(WEIGHTINGS)}")
    return found


def _limits(kind: str, tokens: Tokens, targets: Tokens, model: ModelInfo) -> tuple[int, ...]:
    """How many layers, heads, queries and keys there can be; the model's own numbers are those
    of its first stack, so a second stack and what crosses to it are free."""
    first = kind == "encoder" or not targets
    n_queries = len(targets if targets and kind != "encoder" else tokens)
    n_keys = len(targets if targets and kind == "decoder" else tokens)
    n_layers, n_heads = (model.n_layers, model.n_heads) if first else (None, None)
    return (n_layers or LARGEST, n_heads or LARGEST, n_queries, n_keys)


def _map(
    weights: FloatArray,
    labels: Fields,
    where: str,
    limits: tuple[int, ...],
    weighting: Weighting,
) -> AttentionMap:
    weights = with_four_axes(weights, f"{where}.weights")
    check_weights(weights, f"{where}.weights", weighting)
    indices: dict[str, Any] = {}
    if labels.get("picked") is not None:
        indices["picked"] = _picked(labels["picked"], f"{where}.picked", weights.shape, limits)
        labels = {axis: labels.get(axis) for axis in ("queries", "keys")}
        limits = (1, weights.shape[1], *limits[2:])
    for axis, size, limit in zip(WEIGHT_AXES, weights.shape, limits, strict=True):
        given = labels.get(axis)
        if given is None and axis in ("queries", "keys") and size != limit:
            fail(f"{where}.weights", f"has {size} {axis} but there are {limit} tokens for them")
        given = list(range(size)) if given is None else given
        indices[axis] = _indices(given, f"{where}.{axis}", size, limit)
    return AttentionMap(weights, **indices)


def _picked(
    value: object, where: str, shape: tuple[int, ...], limits: tuple[int, ...]
) -> tuple[Head, ...]:
    """The names of single heads that lie along the head axis, as "3.1"; no head twice."""
    names = [_text(name, f"{where}[{i}]") for i, name in enumerate(_list(value, where))]
    try:
        heads = Head.several(names)
    except InputError as error:
        fail(where, f"cannot be read: {error}")
    if shape[:2] != (1, len(heads)):
        fail(where, f"names {len(heads)} heads, so its weights must be 1 × {len(heads)} matrices")
    for head in heads:
        if head.layer >= limits[0] or head.head >= limits[1]:
            fail(where, f"names {head}, which the model does not have")
    return heads


def _indices(value: object, where: str, size: int, limit: int) -> tuple[int, ...]:
    """The original indices along an axis of this size, each below the limit, none twice."""
    indices = tuple(
        _whole(index, f"{where}[{i}]", limit - 1) for i, index in enumerate(_list(value, where))
    )
    if len(indices) != size:
        fail(where, f"has {len(indices)} indices but the weights have {size}")
    if len(set(indices)) != size:
        fail(where, "names an index twice")
    return indices


def _check_hidden(hidden: FloatArray, tokens: Tokens, targets: Tokens) -> None:
    """Hidden states are those of the last stack, or of the only one."""
    check_hidden(hidden)
    if len(hidden) not in (len(targets), len(tokens)):
        fail("hidden", f"has {len(hidden)} rows but there are {len(targets or tokens)} tokens")


def _model(value: object) -> ModelInfo:
    if value is None or isinstance(value, str):
        return ModelInfo(_text(value or "unknown", "model"))
    model = _object(value, "model")

    def text(key: str) -> str | None:
        return None if model.get(key) is None else _text(model[key], f"model.{key}")

    def whole(key: str) -> int | None:
        return None if model.get(key) is None else _whole(model[key], f"model.{key}")

    return ModelInfo(
        name=text("name") or "unknown",
        model_type=text("model_type"),
        n_layers=whole("n_layers"),
        n_heads=whole("n_heads"),
        revision=text("revision"),
        sha256=text("sha256"),
        max_seq_length=whole("max_seq_length"),
        n_target_layers=whole("n_target_layers"),
        n_target_heads=whole("n_target_heads"),
    )


def _texts(document: Fields, field: str) -> tuple[str, ...]:
    texts = _list(document.get(field), field)
    return tuple(_text(text, f"{field}[{i}]") for i, text in enumerate(texts))


def _tokens(document: Fields, field: str, texts: tuple[str, ...]) -> Read:
    values = _list(document.get(field), field)
    tokens = [_token(token, f"{field}[{i}]", texts) for i, token in enumerate(values)]
    return read_tokens(tokens, values, placed=not texts)


def _token(value: object, where: str, texts: tuple[str, ...]) -> Token:
    """A token from its text alone or from an object in which only the text is required."""
    if isinstance(value, str):
        return Token(_text(value, where))
    token = _object(value, where)
    flags = {key: _flag(token.get(key, False), f"{where}.{key}") for key in FLAGS}
    spelling = token.get("spelling")
    numbers: dict[str, Any] = {
        key: _whole(token[key], f"{where}.{key}")
        for key in ("id", "start", "end", "word", "segment")
        if token.get(key) is not None
    }
    _check_offsets(numbers, where, texts)
    text = _text(token.get("text"), f"{where}.text")
    spelt = None if spelling is None else _text(spelling, f"{where}.spelling")
    return Token(text, spelling=spelt, **flags, **numbers)


def _check_offsets(numbers: Mapping[str, int], where: str, texts: tuple[str, ...]) -> None:
    start, end, segment = numbers.get("start"), numbers.get("end"), numbers.get("segment", 0)
    if (start is None) != (end is None):
        fail(where, "has only one of start and end")
    if start is None or end is None:
        return
    if end < start:
        fail(f"{where}.end", f"is {end}, before its start {start}")
    if texts and segment >= len(texts):
        fail(f"{where}.segment", f"is {segment}, but there are {len(texts)} texts")
    if texts and end > len(texts[segment]):
        length = len(texts[segment])
        fail(f"{where}.end", f"is {end}, beyond the {length} characters of text {segment}")


def _flag(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        fail(where, f"is {shown(value)}, not true or false")
    return value


def _whole(value: object, where: str, highest: int = LARGEST) -> int:
    if type(value) is not int or not 0 <= value <= highest:
        fail(where, f"is {shown(value)}, not a whole number from 0 to {highest}")
    return value


def _text(value: object, where: str) -> str:
    """A string; halves of a surrogate pair, which no file can hold, become U+FFFD."""
    if not isinstance(value, str):
        fail(where, f"is {shown(value)}, not a string")
    return whole_characters(value)


def _list(value: object, where: str) -> list[Any]:
    """A list; what is missing or null is an empty one."""
    if value is None:
        return []
    if not isinstance(value, list):
        fail(where, f"is {shown(value)}, not a list")
    return value


def _object(value: object, where: str) -> Fields:
    if not isinstance(value, dict):
        fail(where, f"is {shown(value)}, not an object")
    return value
