"""A model explains a row of attention, as it is or as a reader changes it."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, sqrt

from attnviz.analysis.explain import Explanation, explain
from attnviz.analysis.explain.chosen import Chosen
from attnviz.core.spec import ModelSpec
from attnviz.errors import InputError, quote
from attnviz.model.inputs import Input
from attnviz.model.recorded_head import Knobs, record_head, without_positions
from attnviz.model.weight_cache import KeptWeights
from attnviz.result import ModelInfo

SCALES = (1e-6, 1e6)  # beyond, scores would be lost in float32


@dataclass(frozen=True, slots=True)
class Turned:
    """The knobs as a reader turns them; ``scale`` is "none", "d_model" or a factor."""

    scale: str | float | None = None
    positions: bool = True
    causal: bool = False

    def knobs(self, d_model: int) -> Knobs | None:
        """What that changes of one head, if it changes anything."""
        if self.scale is None and not self.causal:
            return None
        return Knobs(self._factor(d_model), self.causal)

    @property
    def names(self) -> tuple[str, ...]:
        """What was turned, as the command line calls it."""
        scale = () if self.scale is None else (f"--scale {self.scale}",)
        rest = {"--no-positions": not self.positions, "--causal": self.causal}
        return scale + tuple(name for name, turned in rest.items() if turned)

    def _factor(self, d_model: int) -> float | None:
        named: dict[object, float | None]
        named = {None: None, "none": 1.0, "d_model": 1 / sqrt(d_model)}
        if self.scale in named:
            return named[self.scale]
        try:
            found = float(self.scale or 0)
        except ValueError:
            found = 0.0
        if not (isfinite(found) and SCALES[0] <= abs(found) <= SCALES[1]):
            raise InputError(
                f"{quote(self.scale)} is no scale; take none, d_model, or the number that scores "
                "are to be multiplied by, as 0.25"
            )
        return found


def explain_row(
    spec: ModelSpec,
    weights: KeptWeights,
    given: Input,
    row: Chosen,
    turned: Turned,
    info: ModelInfo,
) -> Explanation:
    """The walk through a row; of a changed head, with the weights that it had before."""
    stack = spec.encoder if row.kind == "encoder" else spec.decoder
    knobs = turned.knobs(stack.d_model if stack else 1)
    plain = record_head(spec, weights, given, row, info)
    if not turned.names:
        return explain(plain)
    if turned.positions:
        changed = record_head(spec, weights, given, row, info, knobs=knobs)
    else:  # other tensors are read, so nothing that was kept may be taken
        spec = without_positions(spec)
        changed = record_head(spec, weights.source, given, row, info, knobs=knobs)
    return explain(changed, before=plain, knobs=turned.names)
