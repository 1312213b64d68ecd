"""Attention that is already in memory, from torch, JAX or NumPy, as a result of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from attnviz.errors import InputError
from attnviz.labelling.spellings import read_spellings, say_what_was_read, whole_characters
from attnviz.result import AttentionMap, AttentionResult, FloatArray, ModelInfo, Token

TOLERANCE = 0.02
"""How far beyond 1 a row may sum, for half precision loses digits."""

NO_WEIGHTS = (
    "there are no attention weights in these outputs; load the model with "
    "attn_implementation='eager' and call it with output_attentions=True"
)
FIELDS = {
    "encoder_attentions": "encoder",
    "decoder_attentions": "decoder",
    "cross_attentions": "cross",
    "attentions": "",
}
"""Where transformers keeps attention; "" is an encoder's or a decoder's, as the weights say."""
KINDS = ("encoder", "decoder", "cross")


class Side(NamedTuple):
    """The tokens of one side of a map, and the texts that their offsets count."""

    tokens: tuple[Token, ...]
    texts: tuple[str, ...] = ()


def show(outputs: Any, *, tokenizer: Any = None, ids: Any = None, **labels: Any) -> AttentionResult:
    """What a model's outputs attend to; in a notebook the result shows itself.

    ``outputs`` is what a transformers model or its ``generate`` returned with
    ``output_attentions=True``, an object or a dict; ``labels`` are those of ``from_attentions``.
    Raises InputError where there are no weights, or none that fit the tokens.
    """
    found = {
        kind: value
        for name, kind in FIELDS.items()
        if (value := _field(outputs, name)) is not None and len(value)
    }
    if not found:
        raise InputError(NO_WEIGHTS)
    sequences = _field(outputs, "sequences")
    if sequences is not None and "cross" in found:
        labels.setdefault("target_ids", sequences)
    elif ids is None:
        ids = sequences
    return from_attentions(found, tokenizer=tokenizer, ids=ids, **labels)


def from_attentions(
    attentions: Any,
    tokens: Sequence[str] | None = None,
    *,
    ids: Any = None,
    tokenizer: Any = None,
    target_tokens: Sequence[str] | None = None,
    target_ids: Any = None,
    attention_mask: Any = None,
    item: int | None = None,
    kind: str | None = None,
    text: str | None = None,
    offsets: Any = None,
    model: str = "attention in memory",
) -> AttentionResult:
    """Anybody's attention weights as a result that can be shown, asked, drawn and exported.

    ``attentions`` is an array (layer, head, query, key), one with a batch axis (layer, batch,
    head, query, key), a sequence over layers of (batch, head, query, key) or (head, query, key),
    the lists of steps that ``generate`` returns, or a mapping of these by kind: "encoder",
    "decoder", "cross". Arrays may be NumPy's, JAX's or torch's, of any float type on any device;
    torch is never imported. ``kind`` says what a single map is; without it, a map in which
    nothing looks ahead is a decoder's.

    Tokens are strings, or come from ``ids`` and a ``tokenizer`` (of transformers or tokenizers);
    ``offsets`` (token, 2) say where strings stand in ``text``. With several texts in the batch
    ``item`` chooses one; ``attention_mask`` (key,) or (batch, key) leaves its padding out.
    Weights stay as they are, float32, never renormalised.

    Raises InputError for shapes, numbers or tokens that do not fit, and names the place.
    """
    given = dict(attentions) if isinstance(attentions, Mapping) else {kind or "": attentions}
    maps = {name: _stacked(value, name or "attention", item) for name, value in given.items()}
    if "" in maps:
        only = maps.pop("")
        maps[_kind_of(only)] = only
    for name, weights in maps.items():
        if name not in KINDS:
            raise InputError(f"there is no kind of attention '{name}'; take {', '.join(KINDS)}")
        _check(weights, name)
    source = _side(tokens, _row(ids, item), tokenizer, text, offsets)
    target = _side(target_tokens, _row(target_ids, item), tokenizer, None, None)
    kept = _kept(_row(attention_mask, item))
    return _result(maps, source, target, kept, model)


def _result(
    maps: Mapping[str, FloatArray],
    source: Side,
    target: Side,
    kept: npt.NDArray[np.intp] | None,
    model: str,
) -> AttentionResult:
    """The result of maps that were checked: each side as long as its keys, padding left out."""
    two_sided = "cross" in maps or {"encoder", "decoder"} <= set(maps)
    n_source = max(map.shape[3] for name, map in maps.items() if name != "decoder" or not two_sided)
    n_target = max((map.shape[2] for name, map in maps.items() if name == "cross"), default=0)
    n_target = max(n_target, maps["decoder"].shape[3] if two_sided and "decoder" in maps else 0)
    source = _as_long(source, n_source, "tokens", spare="encoder" not in maps and not two_sided)
    target = _as_long(target, n_target, "target tokens", spare=True) if two_sided else Side(())
    made = {}
    for name, weights in maps.items():
        n_queries, n_keys = weights.shape[2:]
        first = n_keys - n_queries if name == "decoder" else 0
        map = AttentionMap(weights, queries=tuple(range(first, first + n_queries)))
        if kept is not None and not (two_sided and name == "decoder"):
            rows = None if name == "cross" else [i for i in kept.tolist() if i in map.queries]
            map = map.select(queries=rows, keys=kept.tolist())
        made[name] = map
    first_map = next(iter(made.values())).weights
    return AttentionResult(
        tokens=source.tokens,
        maps=made,
        target_tokens=target.tokens,
        texts=source.texts,
        target_texts=target.texts,
        model=ModelInfo(
            whole_characters(model), n_layers=first_map.shape[0], n_heads=first_map.shape[1]
        ),
    )


def _field(outputs: Any, name: str) -> Any:
    return outputs.get(name) if isinstance(outputs, Mapping) else getattr(outputs, name, None)


def _array(value: Any, name: str) -> npt.NDArray[Any]:
    """An array of NumPy's from anybody's; torch tensors may require gradients or be bfloat16."""
    if value is None:
        raise InputError(NO_WEIGHTS)
    for step in ("detach", "cpu"):
        value = getattr(value, step)() if hasattr(value, step) else value
    if "bfloat16" in str(getattr(value, "dtype", "")):
        value = value.float() if hasattr(value, "float") else value.astype(np.float32)
    try:
        only_dlpack = hasattr(value, "__dlpack__") and not hasattr(value, "__array__")
        array = np.from_dlpack(value) if only_dlpack else np.asarray(value)
    except (TypeError, ValueError, RuntimeError, BufferError):
        array = np.empty(0, object)
    if array.dtype.kind not in "fiub":
        raise InputError(f"the {name} weights are no array of numbers but {type(value).__name__}")
    return array


def _stacked(value: Any, name: str, item: int | None) -> FloatArray:
    """Weights float32 (layer, head, query, key) of one text, from any of the forms."""
    if isinstance(value, (list, tuple)):
        if not value or value[0] is None:
            raise InputError(NO_WEIGHTS)
        if isinstance(value[0], (list, tuple)):
            return _joined([_stacked(step, name, item) for step in value], name)
        layers = [_layer(_array(layer, name), name, item) for layer in value]
    else:
        array = _array(value, name)
        if array.ndim not in (4, 5) or not len(array):
            raise _wrong_shape(array.shape, name)
        layers = [_layer(layer, name, item) for layer in array]
    shapes = {layer.shape for layer in layers}
    if len(shapes) > 1:
        first, second = sorted(shapes)[:2]
        raise InputError(
            f"the layers of the {name} weights differ: one is (head, query, key) {first}, "
            f"another {second}; show them one by one"
        )
    return np.stack(layers).astype(np.float32)


def _layer(array: npt.NDArray[Any], name: str, item: int | None) -> npt.NDArray[Any]:
    """The weights (head, query, key) of one layer and one text."""
    if array.ndim == 3:
        return array
    if array.ndim != 4:
        raise _wrong_shape(array.shape, name)
    chosen: npt.NDArray[Any] = _chosen(array, item)
    return chosen


def _chosen(batch: npt.NDArray[Any], item: int | None) -> Any:
    """One text of a batch."""
    if item is None and len(batch) != 1:
        raise InputError(
            f"the weights are of a batch of {len(batch)} texts; choose an item "
            f"from 0 to {len(batch) - 1}"
        )
    at = item or 0
    if not -len(batch) <= at < len(batch):
        raise InputError(f"there is no item {at}; the batch has {len(batch)} texts")
    return batch[at]


def _joined(steps: Sequence[FloatArray], name: str) -> FloatArray:
    """The steps of a generation below each other; what a step could not see yet weighs nothing."""
    n_keys = max(step.shape[3] for step in steps)
    if any(step.shape[:2] != steps[0].shape[:2] for step in steps):
        raise InputError(f"the steps of the {name} weights differ in their layers or heads")
    widened = [
        np.pad(step, ((0, 0), (0, 0), (0, 0), (0, n_keys - step.shape[3]))) for step in steps
    ]
    return np.concatenate(widened, axis=2)


def _wrong_shape(shape: tuple[int, ...], name: str) -> InputError:
    return InputError(
        f"the {name} weights have the shape {shape}; give (layer, head, query, key), or for each "
        "layer (batch, head, query, key)"
    )


def _kind_of(weights: FloatArray) -> str:
    """A decoder's where no query gives weight to what comes after it."""
    n_queries, n_keys = weights.shape[2:]
    ahead = np.triu(np.ones((n_queries, n_keys), bool), k=n_keys - n_queries + 1)
    causal = n_queries <= n_keys and (n_queries > 1 or n_keys > 1) and not weights[..., ahead].any()
    return "decoder" if causal else "encoder"


def _check(weights: FloatArray, name: str) -> None:
    """Raise InputError, with the place, for what cannot be weights after a softmax."""
    if 0 in weights.shape:
        raise InputError(f"the {name} weights are empty: (layer, head, query, key) {weights.shape}")
    n_queries, n_keys = weights.shape[2:]
    if name != "cross" and n_queries > n_keys:
        raise InputError(
            f"the {name} weights have {n_queries} queries and {n_keys} keys, but each query is a "
            "key too; name weights between two texts by kind='cross'"
        )
    wrong = ~(weights >= 0)  # NaN too
    if wrong.any():
        place = np.unravel_index(int(wrong.argmax()), weights.shape)
        raise InputError(
            f"the {name} weights hold {weights[place]} at (layer, head, query, key) "
            f"{tuple(map(int, place))}; give the weights after the softmax"
        )
    total = weights.sum(axis=3, dtype=np.float64)
    place = np.unravel_index(int(total.argmax()), total.shape)
    if total[place] > 1 + TOLERANCE:
        raise InputError(
            f"row (layer, head, query) {tuple(map(int, place))} of the {name} weights sums to "
            f"{total[place]:.3g}; give the weights after the softmax, which sum to 1"
        )


def _row(value: Any, item: int | None) -> npt.NDArray[Any] | None:
    """One text's ids or mask, from a list, an array or a batch of them."""
    if value is None:
        return None
    array = _array(value, "ids or mask")
    if array.ndim > 2 or array.dtype.kind not in "iub":
        raise InputError("ids and masks are whole numbers, (token,) or (batch, token)")
    chosen: npt.NDArray[Any] = _chosen(array, item) if array.ndim == 2 else array
    return chosen


def _kept(mask: npt.NDArray[Any] | None) -> npt.NDArray[np.intp] | None:
    """Which keys are text; None where all are."""
    if mask is None or mask.all():
        return None
    if not mask.any():
        raise InputError("the attention_mask leaves no token of this text")
    return np.flatnonzero(mask)


def _side(
    strings: Sequence[str] | None,
    ids: npt.NDArray[Any] | None,
    tokenizer: Any,
    text: str | None,
    offsets: Any,
) -> Side:
    """The tokens of one side, from whatever says what they are."""
    if strings is not None:
        return _from_strings([str(string) for string in strings], text, offsets)
    if ids is None:
        return Side(())
    from attnviz.tokenizer.adopted import spelled

    return Side(*spelled(ids.tolist(), tokenizer))


def _from_strings(strings: Sequence[str], text: str | None, offsets: Any) -> Side:
    """Tokens as they are written, at their places in the text where these are given."""
    if offsets is None:
        read = read_spellings(strings)
        say_what_was_read(read)
        return Side(read.tokens, read.texts)
    spans = _spans(offsets)
    if len(spans) != len(strings) or text is None:
        raise InputError(
            f"there are {len(strings)} tokens and {len(spans)} offsets"
            if text is not None
            else "offsets need the text that they count; give text="
        )
    from attnviz.tokenizer.adopted import placed

    text = whole_characters(text)
    return Side(placed([whole_characters(one) for one in strings], spans, text), (text,))


def _spans(offsets: Any) -> list[tuple[int, int]]:
    """Where tokens begin and end, from a list or an array of two whole numbers for each."""
    try:
        array = np.asarray(offsets)
    except ValueError:  # rows of different lengths
        array = np.empty(0)
    if array.ndim != 2 or array.shape[1] != 2 or array.dtype.kind not in "iu":
        raise InputError("offsets are where each token begins and ends, whole numbers (token, 2)")
    return [(start, end) for start, end in array.tolist()]


def _as_long(side: Side, n: int, what: str, *, spare: bool) -> Side:
    """The side if it has a token for every row; ``spare`` ones behind were never read."""
    if not side.tokens:
        return Side(tuple(Token(str(number), word=number) for number in range(n)))
    if len(side.tokens) == n:
        return side
    if spare and len(side.tokens) == n + 1:
        return Side(side.tokens[:n], side.texts)
    raise InputError(f"there are {len(side.tokens)} {what} but the weights have {n}")
