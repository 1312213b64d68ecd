"""A walk as a list of named steps, each with its arrays: what is printed, drawn and written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from attnviz.analysis.explain.project import Projected
from attnviz.analysis.explain.walk import Explanation
from attnviz.brief import brief

Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One step and what it gives, by name; ``matrices`` are the weights that it multiplies with."""

    name: str
    arrays: Arrays
    matrices: Arrays

    __repr__ = brief


def steps(walk: Explanation) -> list[Step]:
    """The steps of a walk in order; those that the model does not have are left out."""
    return [step for make in STEPS for step in make(walk)]


def _step(
    name: str, arrays: Mapping[str, Any], matrices: Mapping[str, Any] | None = None
) -> list[Step]:
    """A step of what there is; none where there is nothing."""

    def there(given: Mapping[str, Any]) -> Arrays:
        return {key: np.asarray(value) for key, value in given.items() if value is not None}

    found = there(arrays)
    return [Step(name, found, there(matrices or {}))] if found else []


def _tokens(walk: Explanation) -> list[Step]:
    ids = [-1 if token.id is None else token.id for token in walk.recorded.tokens]
    return _step("tokens", {"ids": np.asarray(ids, np.int64)})


def _embedding(walk: Explanation) -> list[Step]:
    given = walk.recorded.embedded
    arrays = {"token": given.token, "position": given.position, "type": given.type}
    return _step("embedding", {**arrays, "embedded": given.states})


def _layer_input(walk: Explanation) -> list[Step]:
    name = "attention_sum" if walk.recorded.kind == "cross" else "layer_input"
    given = walk.state(name)
    pre_norm = None if given is not None and np.array_equal(given, walk.x) else walk.x
    memory = walk.memory if walk.recorded.kind == "cross" else None
    return _step("layer input", {"x": given, "normed x": pre_norm, "memory": memory})


def _projections(walk: Explanation) -> list[Step]:
    sides = {"q": walk.query, "k": walk.keys, "v": walk.values}
    arrays: dict[str, Any] = {}
    for name, side in sides.items():
        arrays |= _projected(name, side, one=name == "q")
    arrays["c_q"] = None if walk.query.latent is None else walk.query.latent[0]
    arrays["c_kv"] = walk.keys.latent
    matrices: dict[str, Any] = {f"W_{name}": side.weight for name, side in sides.items()}
    matrices |= {f"b_{name}": side.bias for name, side in sides.items()}
    return _step("projections", arrays, matrices)


def _projected(name: str, side: Projected, *, one: bool) -> dict[str, Any]:
    """The stages of queries, keys or values: as projected, normed, rotated."""
    stages: dict[str, Any] = {}
    if side.normed is not None or side.rotated is not None:
        stages[f"{name}_projected"] = side.projected
    if side.normed is not None and side.rotated is not None:
        between = ("rotated", side.rotated) if side.norm_turned else ("normed", side.normed)
        stages[f"{name}_{between[0]}"] = between[1]
    stages[name] = side.vectors
    return {key: value[0] if one else value for key, value in stages.items()}


def _products(walk: Explanation) -> list[Step]:
    return _step("products", {"q·k": walk.dots, "products": walk.products})


def _scaling(walk: Explanation) -> list[Step]:
    arrays = {"scale": walk.scale, "scaled": walk.scaled, "unscaled weights": walk.unscaled}
    return _step("scaling", arrays)


def _bias(walk: Explanation) -> list[Step]:
    if not walk.biases and walk.capped is None:
        return []
    summed = walk.scaled + sum(walk.biases.values())
    arrays = {**walk.biases, "summed": summed if walk.biases else None, "capped": walk.capped}
    return _step("bias", arrays)


def _mask(walk: Explanation) -> list[Step]:
    spec = walk.recorded.spec
    if spec.left is None and spec.right is None and not walk.recorded.masked.any():
        return []
    return _step("mask", {"visible": walk.visible, "scores": walk.scores})


def _softmax(walk: Explanation) -> list[Step]:
    found = walk.softmax
    arrays = {
        "exponentials": found.exponentials,
        "shift": found.shift or None,
        "sink": found.sink,
        "sum": found.total,
        "weights": found.weights,
        "weights before": walk.before,
    }
    return _step("softmax", arrays)


def _context(walk: Explanation) -> list[Step]:
    return _step("context", {"context": walk.context})


def _contributions(walk: Explanation) -> list[Step]:
    norms = np.linalg.norm(walk.contributions, axis=1)
    arrays = {
        "value norms": np.linalg.norm(walk.values.vectors, axis=1),
        "contribution norms": norms,
        "contributions": walk.contributions,
    }
    return _step("contributions", arrays, {"W_o": walk.output_weight})


def _heads(walk: Explanation) -> list[Step]:
    return _step("heads", {"concat": walk.concat})


def _output(walk: Explanation) -> list[Step]:
    recorded, name = walk.recorded, walk.recorded.sublayer
    beside = "attention_sum" if name == "cross" else "layer_input"
    if recorded.layer.residual_after_norm:
        beside = f"{name}_input"
    arrays = {
        "output": walk.state(f"{name}_output"),
        "residual": walk.state(beside),
        "sum": walk.state(f"{name}_sum"),
    }
    return _step("output", arrays)


def _feed_forward(walk: Explanation) -> list[Step]:
    experts, gates = walk.experts or (None, None)
    arrays = {
        "mlp input": walk.state("mlp_input"),
        "neurons": walk.neurons,
        "experts": experts,
        "gates": gates,
        "mlp output": walk.state("mlp_output"),
        "layer output": walk.state("mlp_sum"),
    }
    return _step("feed-forward", arrays)


STEPS: tuple[Callable[[Explanation], list[Step]], ...] = (
    _tokens, _embedding, _layer_input, _projections, _products, _scaling, _bias, _mask,
    _softmax, _context, _contributions, _heads, _output, _feed_forward,
)  # fmt: skip
