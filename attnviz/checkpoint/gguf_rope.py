"""How a GGUF scales rotary positions, in the words of config.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attnviz.checkpoint.gguf_file import Gguf
from attnviz.checkpoint.tensors import Tensors
from attnviz.errors import BadCheckpoint, UnsupportedModel, quote

ONE = "rope_freqs.weight"
LONG, SHORT = "rope_factors_long.weight", "rope_factors_short.weight"
FACTORS = frozenset((ONE, LONG, SHORT))
"""Tensors that divide each rotary frequency by a factor of its own, as Llama 3.1's and Phi-3's."""

MOST_FACTORS = 1 << 12


def rope_scaling(
    said: Mapping[str, Any], file: Gguf, stored: Tensors, limit: object, what: str
) -> dict[str, Any]:
    """What config.json says of it, if anything; ``limit`` is how many positions there are.

    Factors that do not depend on the length are LongRoPE's of long and short texts alike.
    """
    kind = said.get("rope.scaling.type", "none")
    original = said.get("rope.scaling.original_context_length")
    factors = FACTORS & file.entries.keys()
    scaling: dict[str, Any] = {"rope_type": kind, "factor": said.get("rope.scaling.factor")}
    if factors == {ONE} and kind == "none":
        every = _factors(stored, ONE)
        scaling = _long(every, every, limit, 1.0)
    elif factors == {LONG, SHORT} and kind in ("none", "longrope"):
        temperature = said.get("rope.scaling.attn_factor", 1.0)
        original = original or limit
        scaling = _long(_factors(stored, LONG), _factors(stored, SHORT), original, temperature)
        return {"rope_scaling": scaling, "original_max_position_embeddings": original}
    elif factors or kind not in ("none", "linear", "yarn"):
        raise UnsupportedModel(
            f"{what} scales rotary positions by {quote(kind)}{', and by factors' * bool(factors)}; "
            "attnviz reads 'linear', 'yarn' or factors alone from GGUF"
        )
    elif kind == "none":
        return {}
    elif original is not None and kind == "yarn":
        scaling["original_max_position_embeddings"] = original
    return {"rope_scaling": scaling}


def _long(
    long: list[float], short: list[float], original: object, temperature: object
) -> dict[str, Any]:
    return {
        "rope_type": "longrope",
        "long_factor": long,
        "short_factor": short,
        "original_max_position_embeddings": original,
        "attention_factor": temperature,
    }


def _factors(stored: Tensors, name: str) -> list[float]:
    shape = stored.shape(name)
    if len(shape) != 1 or shape[0] > MOST_FACTORS:
        raise BadCheckpoint(f"tensor {quote(name)} has the shape {shape} where a row is needed")
    factors: list[float] = stored.read(name).tolist()
    return factors
