"""Rotary positions from a config, in the old spelling (rope_theta, rope_scaling) and the new."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attnviz.core.spec import Rotary
from attnviz.errors import BadCheckpoint, UnsupportedModel, quote
from attnviz.families.config import Config

__all__ = ["parameters", "rotary"]

NEEDED = {
    "default": (),
    "linear": ("factor",),
    "dynamic": ("factor",),
    "yarn": ("factor",),
    "longrope": ("long_factor", "short_factor"),
    "llama3": ("factor", "low_freq_factor", "high_freq_factor"),
}
OLD_NAMES = {"su": "longrope", "yarn": "longrope"}
"""What Phi-3 first called LongRoPE."""

KNOWN = {
    "type", "rope_type", "rope_theta", "partial_rotary_factor", "factor", "long_factor",
    "short_factor", "low_freq_factor", "high_freq_factor", "attention_factor", "beta_fast",
    "beta_slow", "mscale", "mscale_all_dim", "truncate", "original_max_position_embeddings",
    "max_position_embeddings", "long_mscale", "short_mscale",
}  # fmt: skip


def rotary(
    config: Config,
    d_head: int,
    *,
    theta: float = 10000.0,
    theta_key: str = "rope_theta",
    partial: float = 1.0,
    interleaved: bool = False,
    layer_type: str | None = None,
    scaled: bool = True,
) -> Rotary:
    """The rotary positions of a config, ``theta`` and ``partial`` being its family's defaults.

    ``layer_type`` picks one of several sets of parameters; where there is only one set, it holds
    for this layer type if ``scaled``. Raises UnsupportedModel for a scaling
    that attnviz does not implement and BadCheckpoint for one with missing numbers.
    """
    values = parameters(config, layer_type, scaled=scaled)
    theta = _number(values, "rope_theta", config.number(theta_key, theta))
    share = _number(
        values, "partial_rotary_factor", config.number("partial_rotary_factor", partial)
    )
    kind = values.get("rope_type", values.get("type", "default"))
    kind = OLD_NAMES.get(kind, kind) if "long_factor" in values else kind
    if not isinstance(kind, str) or kind not in NEEDED:
        raise UnsupportedModel(
            f"config.json has rope_scaling type {quote(kind)}; {config.model_type} implements "
            f"{', '.join(NEEDED)}"
        )
    strange = sorted(values.keys() - KNOWN)
    if strange:
        raise UnsupportedModel(
            f"config.json has {quote(strange[0])} in its rotary parameters, "
            "which attnviz does not know"
        )
    dims = int(d_head * share)
    if not 2 <= dims <= d_head or theta <= 0:
        raise BadCheckpoint(
            f"config.json asks for rotary positions on {dims} of {d_head} dimensions "
            f"with rope_theta {theta:g}"
        )
    scaling = _scaling(config, kind, values, dims)
    return Rotary(dims, theta, interleaved, kind, scaling)  # type: ignore[arg-type]


def parameters(
    config: Config, layer_type: str | None = None, *, scaled: bool = True
) -> Mapping[str, Any]:
    """rope_parameters or rope_scaling, as far as there are any; of one layer type if nested."""
    found = config.get("rope_parameters") or config.get("rope_scaling") or {}
    if not isinstance(found, Mapping):
        raise config.bad("rope_parameters", found, "an object")
    if layer_type is not None and layer_type in found:
        found = found[layer_type] or {}
        if not isinstance(found, Mapping):
            raise config.bad(f"rope_parameters.{layer_type}", found, "an object")
        return found
    return found if scaled else {}


def _scaling(
    config: Config, kind: str, values: Mapping[str, Any], dims: int
) -> Mapping[str, object]:
    """The numbers that a kind of scaling needs, defaults filled in as transformers does."""
    if kind == "default":
        return {}
    limit = float(config.whole("max_position_embeddings", 2048))
    outside = config.get("original_max_position_embeddings")
    trained = float(outside or _number(values, "original_max_position_embeddings", limit))
    found: dict[str, object] = {
        "max_position_embeddings": limit,
        "original_max_position_embeddings": trained,
    }
    if kind == "longrope":
        return found | _longrope(values, limit / trained, trained, dims)
    if kind == "yarn" and values.get("factor") is None:
        values = {**values, "factor": limit / trained}
    found |= {key: _number(values, key) for key in NEEDED[kind]}
    if kind == "yarn":
        found |= {
            "beta_fast": _number(values, "beta_fast", 32.0) or 32.0,
            "beta_slow": _number(values, "beta_slow", 1.0) or 1.0,
            "truncate": bool(values.get("truncate", True)),
        }
        found |= {key: values.get(key) for key in ("attention_factor", "mscale", "mscale_all_dim")}
    return found


def _longrope(
    values: Mapping[str, Any], ratio: float, trained: float, dims: int
) -> dict[str, object]:
    """LongRoPE's factors (Ding et al. 2024), with the attention factor that follows from them."""
    import math

    found: dict[str, object] = {}
    for key in NEEDED["longrope"]:
        factors = values.get(key)
        numbers = isinstance(factors, list) and all(isinstance(x, (int, float)) for x in factors)
        if not numbers or len(factors or ()) != (dims + 1) // 2:
            raise BadCheckpoint(f"config.json has a {key} that is not {(dims + 1) // 2} numbers")
        found[key] = factors
    factor = _number(values, "factor", ratio)
    plain = 1.0 if factor <= 1 else math.sqrt(1 + math.log(factor) / math.log(trained))
    return found | {"attention_factor": _number(values, "attention_factor", plain)}


def _number(values: Mapping[str, Any], key: str, default: float | None = None) -> float:
    value = values.get(key)
    value = default if value is None else value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadCheckpoint(f"config.json has {quote(value)} as {key} of its rotary parameters")
    return float(value)
