"""Finding a family's tensors in a checkpoint: prefixes and old spellings, shapes, what is left."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping

from attnviz.checkpoint.tensors import Tensors
from attnviz.errors import AttnvizWarning, BadCheckpoint, quote
from attnviz.families.checkpoint_weights import CheckpointWeights
from attnviz.families.config import Config
from attnviz.families.names import Names, Stored

Shape = tuple[int, ...]

EXPECTED = re.compile(
    r"(^|\.)(position_ids|token_type_ids|inv_freq|masked_bias|attn\.bias|attention\.bias|version"
    r"|num_batches_tracked|embed_positions\.weights|encoder\.embed_positions\.weight|embeddings\.position_embeddings\.weight)$"
    r"|(^|\.)(pooler|contact_head|text_model\.head|encoder\.LayerNorm)\.|EncDecAttention\.relative_attention_bias"
)
"""Unused tensors that say nothing: buffers of old versions, and heads inside the base model."""

SIZED_BY = {
    r"\.(query|key|value|output)(_norm)?\.": r"head|d_kv|multi_query",
    r"\.mlp\.": r"intermediate|inner|ffn|d_ff|hidden_dim",
    r"\.token\.|^head\.": r"vocab_size",
    r"\.position\.": r"positions|position_embeddings",
    r"\.type\.": r"type_vocab",
    r"\.relative\.": r"bucket|relative_positions|heads",
    r"\.convolution\.": r"conv",
    r"\.(token|project|project_out|embedding_norm)\.": r"embed_proj|embedding_size",
    r"": r"^(hidden_size|d_model|n_embd|dim)$",
}
"""Which keys of a config.json decide the shape of which of our tensors."""


def match_tensors(
    names: Names,
    tensors: Tensors,
    bases: tuple[str, ...],
    shapes: Mapping[str, Shape],
    config: Config,
) -> CheckpointWeights:
    """Find every tensor that the family declares; ``bases`` are prefixes of the base model.

    Raises BadCheckpoint for one that is missing or whose shape is not what config.json asks for;
    warns of tensors of the base model that nobody declared, because they would change the
    numbers if they belonged to the computation.
    """
    where: dict[Stored | None, str] = {}
    for ours, stored in names.items():
        found = where.get(stored) or _find(stored, tensors, bases)
        if found is not None:
            where[stored] = found
            _check(ours, stored, found, shapes[ours], tensors, config)
        elif not stored.optional:
            prefix = _prefix(tensors, bases) if stored.base else ""
            raise _missing(prefix + stored.name)
    _warn_of_unused(names, tensors, bases, where, config)
    return CheckpointWeights(names, tensors, where)


def _find(stored: Stored, tensors: Tensors, bases: tuple[str, ...]) -> str | None:
    """The checkpoint's name of a tensor, {n} left in it where there are several."""
    for name in _spellings(stored, bases):
        if name.replace("{n}", "0") in tensors.names:
            return name
    return None


def _missing(name: str) -> BadCheckpoint:
    return BadCheckpoint(
        f"the checkpoint has no tensor {quote(name)}, which its config.json asks for"
    )


def _prefix(tensors: Tensors, bases: tuple[str, ...]) -> str:
    """The prefix that the base model's tensors have in this checkpoint."""
    prefixes = [f"{base}." for base in bases]
    return next((p for p in prefixes if any(n.startswith(p) for n in tensors.names)), "")


def _spellings(stored: Stored, bases: tuple[str, ...]) -> Iterator[str]:
    """Where a tensor may be: with and without a prefix, in today's and old spelling."""
    prefixes = (*(f"{base}." for base in bases), "") if stored.base else ("",)
    for name in (stored.name, *stored.also):
        for prefix in prefixes:
            yield prefix + name
            if "norm" in name.lower():
                yield prefix + name.replace(".weight", ".gamma").replace(".bias", ".beta")


def _check(
    ours: str, stored: Stored, theirs: str, shape: Shape, tensors: Tensors, config: Config
) -> None:
    """Refuse a tensor that cannot be read or whose shape is not ``shape`` as it is stored."""
    wanted = _as_stored(stored, shape)
    every = [theirs.replace("{n}", str(n)) for n in range(stored.stacked)] or [theirs]
    for name in every:
        if name not in tensors.names:
            raise _missing(name)
        tensors.require_readable(name)
        found = tensors.shape(name)
        if found == wanted or (stored.flat and _flat(found) == _flat(wanted)):
            continue
        raise BadCheckpoint(
            f"tensor {quote(name)} has shape {found} where config.json, with "
            f"{_sizes(ours, config)}, asks for {wanted}"
        )


def _as_stored(stored: Stored, shape: Shape) -> Shape:
    """The shape in the checkpoint of a tensor that has this shape for us."""
    if stored.stacked:
        shape = shape[1:]
    if stored.part:
        shape = (stored.part.groups * sum(stored.part.sizes), *shape[1:])
    shape = shape[::-1] if stored.transposed else shape
    return (stored.slots, *shape) if stored.slots else shape


def _flat(shape: Shape) -> Shape:
    return tuple(size for size in shape if size != 1)


def _sizes(ours: str, config: Config) -> str:
    """The keys and values of config.json that a tensor's shape follows from."""
    keys = [
        key
        for names, pattern in SIZED_BY.items()
        if re.search(names, ours)
        for key in sorted(config.read)
        if re.search(pattern, key) and isinstance(config.get(key), int)
    ]
    return ", ".join(f"{config.named(key)} {config.get(key)}" for key in dict.fromkeys(keys))


def _warn_of_unused(
    names: Names,
    tensors: Tensors,
    bases: tuple[str, ...],
    where: Mapping[Stored | None, str],
    config: Config,
) -> None:
    """Name tensors of the base model that nobody reads, and that are not there for nothing."""
    used = set(where.values())
    base = _base_of(used, bases)
    left = {name for name in tensors.names - used if name.startswith(base)}
    left = {name for name in left if not EXPECTED.search(name)}
    left -= _predicting(config, left)
    strange = sorted(left - _known(names, bases) if left else ())
    if strange:
        warnings.warn(
            f"the checkpoint has {len(strange)} tensors that its config.json gives no use for, "
            f"such as {quote(strange[0])}; the numbers are those of a model without them",
            AttnvizWarning,
            stacklevel=2,
        )


def _predicting(config: Config, left: set[str]) -> set[str]:
    """Tensors of layers behind the last one, which guess further tokens ahead."""
    first, more = config.get("num_hidden_layers"), config.get("num_nextn_predict_layers")
    if not isinstance(first, int) or not isinstance(more, int):
        return set()
    numbers = "|".join(str(first + i) for i in range(min(more, 8)))
    return {name for name in left if numbers and re.search(rf"(^|\.)layers\.({numbers})\.", name)}


def _known(names: Names, bases: tuple[str, ...]) -> set[str]:
    """Every name that a declared tensor might have."""
    return {
        name.replace("{n}", str(n))
        for stored in set(names.values())
        for name in _spellings(stored, bases)
        for n in range(max(stored.stacked, 1))
    }


def _base_of(used: set[str], bases: tuple[str, ...]) -> tuple[str, ...]:
    """What the names of the base model's tensors begin with."""
    found = [next((base for base in bases if name.startswith(f"{base}.")), None) for name in used]
    prefixes = {f"{base}." for base in found if base}
    bare = {name.partition(".")[0] + "." for name in used if not name.startswith(tuple(prefixes))}
    return tuple(prefixes or bare - {"lm_head.", "embed_out."})
