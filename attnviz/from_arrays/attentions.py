"""Attention that is already in memory, from torch, JAX or NumPy, as a result of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from attnviz.errors import InputError
from attnviz.from_arrays.arrays import NO_WEIGHTS, filled, kept_by, row_of
from attnviz.from_arrays.checks import check, kind_of
from attnviz.from_arrays.generated import generated
from attnviz.from_arrays.sides import Side, as_long, side_of
from attnviz.from_arrays.stacked import stacked
from attnviz.labelling.spellings import whole_characters
from attnviz.result import AttentionMap, AttentionResult, FloatArray, ModelInfo

FIELDS = {
    "encoder_attentions": "encoder",
    "decoder_attentions": "decoder",
    "cross_attentions": "cross",
    "attentions": "",
}
"""Where transformers keeps attention; "" is an encoder's or a decoder's, as the weights say."""
KINDS = ("encoder", "decoder", "cross")


def show(outputs: Any, *, tokenizer: Any = None, ids: Any = None, **labels: Any) -> AttentionResult:
    """What a model's outputs attend to; in a notebook the result shows itself.

    ``outputs`` is what a transformers model or its ``generate`` returned with
    ``output_attentions=True``, an object or a dict; ``labels`` are those of ``from_attentions``.
    Of ``generate``, ``item`` chooses one of the sequences, whose steps are put below each other
    whatever its cache was, along its beam where several were searched; ``ids`` are the prompt.
    Raises InputError where there are no weights, or none that fit the tokens.
    """
    found = {
        kind: value
        for name, kind in FIELDS.items()
        if (value := _field(outputs, name)) is not None and filled(value)
    }
    if not found:
        raise InputError(NO_WEIGHTS)
    sequences = _field(outputs, "sequences")
    if sequences is None:
        return from_attentions(found, tokenizer=tokenizer, ids=ids, **labels)
    if "" in found:
        found["decoder"] = found.pop("")
    beams = _field(outputs, "beam_indices")
    given = {name: labels.pop(name, None) for name in ("item", "attention_mask")}
    one = generated(found, sequences, beams, ids=ids, **given)
    return from_attentions(one.attentions, tokenizer=tokenizer, **{**one.labels, **labels})


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
    maps = {name: stacked(value, name or "attention", item) for name, value in given.items()}
    if "" in maps:
        only = maps.pop("")
        maps[kind_of(only)] = only
    for name, weights in maps.items():
        if name not in KINDS:
            raise InputError(f"there is no kind of attention '{name}'; take {', '.join(KINDS)}")
        check(weights, name)
    source = side_of(tokens, row_of(ids, item), tokenizer, text, offsets)
    target = side_of(target_tokens, row_of(target_ids, item), tokenizer, None, None)
    kept = kept_by(row_of(attention_mask, item))
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
    source = as_long(source, n_source, "tokens", spare="encoder" not in maps and not two_sided)
    target = as_long(target, n_target, "target tokens", spare=True) if two_sided else Side(())
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
