"""Rotary positions from a config, in the old spelling (rope_theta, rope_scaling) and the new."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

from attnviz.core.spec import Rotary, RotaryKind
from attnviz.errors import BadCheckpoint, UnsupportedModel, quote
from attnviz.families.config import Config

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

SECTIONS = "mrope_section"
"""Which dimensions turn with time, height and width (Wang et al. 2024): all the same in text."""

SECTIONED = ("qwen2_vl_text", "qwen2_5_vl_text", "qwen3_vl_text")
"""The families whose rotary positions may be of type "mrope"."""

KNOWN = {
    "type", "rope_type", "rope_theta", "partial_rotary_factor", "factor", "long_factor",
    "short_factor", "low_freq_factor", "high_freq_factor", "attention_factor", "beta_fast",
    "beta_slow", "mscale", "mscale_all_dim", "truncate", "original_max_position_embeddings",
    "max_position_embeddings", "finetuned", "attn_factor", SECTIONS, "mrope_interleaved",
}  # fmt: skip
Parameters = Mapping[str, Any]
SMALLEST, LARGEST = 1e-6, 1e12


def rotary(
    config: Config,
    d_head: int,
    *,
    theta: str | float = "rope_theta",
    partial: str | None = None,
    layer_type: str | None = None,
    scaled: bool = True,
) -> Rotary:
    """The rotary positions of a config.

    ``theta`` and ``partial`` are the keys of the base, or itself, and of the part of each head
    that is turned, the latter where a family has one. ``layer_type`` picks one of several sets
    of parameters, to which rope_scaling is added if ``scaled``. Raises UnsupportedModel for a
    scaling that attnviz does not implement and BadCheckpoint for one whose numbers make no sense.
    """
    values = _parameters(config) if layer_type is None else _nested(config, layer_type, scaled)
    kind = _kind(config, values)
    strange = sorted(values.keys() - KNOWN)
    if strange:
        raise UnsupportedModel(
            f"config.json has {quote(strange[0])} in its rotary parameters, "
            "which attnviz does not know"
        )
    base = config.number(theta, 10000.0) if isinstance(theta, str) else theta
    base = _number(values, "rope_theta", base)
    dims = int(d_head * _share(config, values, partial))
    if not 2 <= dims <= d_head:
        raise BadCheckpoint(f"config.json asks to turn {dims} of {d_head} dimensions of each head")
    found = Rotary(even(dims), base, kind=kind, scaling=_scaling(config, kind, values, dims))
    _require_solution(found)
    return found


def _parameters(config: Config) -> Parameters:
    """rope_scaling or rope_parameters, as far as there are any."""
    new = _object(config, "rope_parameters")
    return _object(config, "rope_scaling") or new


def _nested(config: Config, layer_type: str, scaled: bool) -> Parameters:
    """The parameters of one layer type."""
    every, scaling = _object(config, "rope_parameters"), _object(config, "rope_scaling")
    for key, value in every.items():
        if value is not None and not isinstance(value, Mapping):
            raise config.bad(f"rope_parameters.{key}", value, "an object for a type of layers")
    return {**(every.get(layer_type) or {}), **(scaling if scaled else {})}


def _object(config: Config, key: str) -> Parameters:
    value = config.get(key) or {}
    if not isinstance(value, Mapping):
        raise config.bad(key, value, "an object")
    return value


def _kind(config: Config, values: Parameters) -> RotaryKind:
    """The kind of scaling."""
    kind = values.get("rope_type", values.get("type", "default"))
    if isinstance(kind, str):
        kind = OLD_NAMES.get(kind, kind) if "long_factor" in values else kind
        kind = "default" if kind == "mrope" and config.model_type in SECTIONED else kind
        if kind in NEEDED:
            return cast(RotaryKind, kind)
    raise UnsupportedModel(
        f"config.json has rope_scaling type {quote(kind)}; {config.model_type} implements "
        f"{', '.join(NEEDED)}"
    )


def _share(config: Config, values: Parameters, key: str | None) -> float:
    """How much of each head is turned."""
    if key is not None:
        return _number(values, "partial_rotary_factor", config.number(key, 1.0))
    share = _number(values, "partial_rotary_factor", config.number("partial_rotary_factor", 1.0))
    if share != 1:
        raise config.unsupported("partial_rotary_factor", share, "1.0")
    return 1.0


def _scaling(
    config: Config, kind: RotaryKind, values: Parameters, dims: int
) -> Mapping[str, object]:
    """The numbers that a kind of scaling needs, defaults filled in as transformers does."""
    limit = float(config.whole("max_position_embeddings", 2048))
    inside = _number(values, "original_max_position_embeddings", limit)
    trained = float(config.whole("original_max_position_embeddings", 0, least=0)) or inside
    found: dict[str, object] = {
        "max_position_embeddings": limit,
        "original_max_position_embeddings": trained,
    }
    match kind:
        case "default":
            return {}
        case "longrope":
            return found | _longrope(values, limit / trained, trained, dims)
        case "yarn":
            return found | _yarn(values, limit / trained)
    return found | {key: _number(values, key) for key in NEEDED[kind]}


def _yarn(values: Parameters, ratio: float) -> dict[str, object]:
    """YaRN's numbers, with the attention factor that follows from them where none is given."""
    factor = _number(values, "factor", ratio)
    return {
        "factor": factor,
        "attention_factor": _number(values, "attention_factor", 0.0)
        if values.get("attention_factor")
        else _yarn_factor(values, factor),
        "beta_fast": _number({"beta_fast": values.get("beta_fast") or 32.0}, "beta_fast"),
        "beta_slow": _number({"beta_slow": values.get("beta_slow") or 1.0}, "beta_slow"),
        "truncate": values.get("truncate", True) is not False,
    }


def _yarn_factor(values: Parameters, factor: float) -> float:
    """The temperature of YaRN's attention (Peng et al. 2023, eq. 22)."""
    weights = [
        _number(values, key) if values.get(key) else 0.0 for key in ("mscale", "mscale_all_dim")
    ]

    def scale(weight: float) -> float:
        return 1.0 if factor <= 1 else 0.1 * weight * math.log(factor) + 1.0

    return scale(weights[0]) / scale(weights[1]) if all(weights) else scale(1.0)


def _longrope(values: Parameters, ratio: float, trained: float, dims: int) -> dict[str, object]:
    """LongRoPE's factors (Ding et al. 2024), with the attention factor that follows from them."""
    found: dict[str, object] = {}
    for key in NEEDED["longrope"]:
        factors = values.get(key)
        if not isinstance(factors, list) or len(factors) != (dims + 1) // 2:
            raise BadCheckpoint(f"config.json has a {key} that is not {(dims + 1) // 2} numbers")
        found[key] = [_number({key: factor}, key) for factor in factors]
    factor = _number(values, "factor", ratio)
    plain = 1.0
    if factor > 1 and trained > 1:
        plain = math.sqrt(1 + math.log(factor) / math.log(trained))
    return found | {"attention_factor": _number(values, "attention_factor", plain)}


def _require_solution(rotary: Rotary) -> None:
    """Refuse numbers that the formulas divide by zero with."""
    scaling = rotary.scaling
    if (
        (rotary.kind == "dynamic" and rotary.dims == 2)
        or (rotary.kind == "yarn" and rotary.theta == 1)
        or (rotary.kind == "llama3" and scaling["low_freq_factor"] == scaling["high_freq_factor"])
    ):
        raise BadCheckpoint(
            f"config.json has rotary parameters of type {rotary.kind} that have no solution"
        )


def _number(values: Parameters, key: str, default: float | None = None) -> float:
    value = values.get(key)
    value = default if value is None else value
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not SMALLEST <= value <= LARGEST:  # type: ignore[operator]
        raise BadCheckpoint(
            f"config.json has {quote(value)} as {key} of its rotary parameters, where a number "
            f"from {SMALLEST} to {LARGEST:g} belongs"
        )
    return float(value)  # type: ignore[arg-type]


def even(dims: int) -> int:
    """How many dimensions are turned, for they are turned in pairs; BadCheckpoint for others."""
    if dims % 2:
        raise BadCheckpoint(f"config.json asks to turn {dims} dimensions, which make no pairs")
    return dims
