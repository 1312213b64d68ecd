"""Small transformers for the core: their specs, weights drawn by name, and what a run shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from attnviz.core.hooks import AttentionBlock, Ids, Output, Request
from attnviz.core.spec import (
    AttentionSpec,
    EmbeddingSpec,
    HeadSpec,
    LayerSpec,
    MLPSpec,
    ModelSpec,
    NormSpec,
    PositionSpec,
    StackSpec,
)
from attnviz.core.transformer import run
from attnviz.core.weights import LayerWeights, StackWeights
from attnviz.families.layer_weights import layer_weights, stack_weights
from tests.support.seeded import draw

VOCABULARY = 50
POSITIONS = 64
D_MODEL = 16


def attention(n_heads: int = 2, d_head: int = 4, **more: Any) -> AttentionSpec:
    """One attention sublayer, scaled by 1/√d_head and with as many key heads as query heads."""
    scale = more.pop("scale", d_head**-0.5)
    return AttentionSpec(n_heads, more.pop("n_kv_heads", n_heads), d_head, scale, **more)


def layer(self_attention: AttentionSpec | None = None, **more: Any) -> LayerSpec:
    """One layer, post-norm as BERT's unless said otherwise."""
    given = {"mlp": MLPSpec(24, "gelu"), "norm": NormSpec(), "norms": ("after",)} | more
    return LayerSpec(self_attention or attention(), **given)


def stack(kind: Any, layers: Sequence[LayerSpec], **more: Any) -> StackSpec:
    """Layers over learned positions."""
    positions = PositionSpec("learned", POSITIONS)
    embedding = EmbeddingSpec(VOCABULARY, D_MODEL, positions=positions)
    given = {"d_model": D_MODEL, "embedding": embedding} | more
    return StackSpec(kind, layers=tuple(layers), **given)


def encoder(*layers: LayerSpec, **more: Any) -> ModelSpec:
    """A model that reads both ways; two of the usual layers unless others are given."""
    return ModelSpec(encoder=stack("encoder", layers or [layer()] * 2, **more))


def decoder(*layers: LayerSpec, **more: Any) -> ModelSpec:
    """A model that reads from left to right."""
    usual = layer(attention(right=0), norms=("before",))
    return ModelSpec(
        decoder=stack("decoder", layers or [usual] * 2, **more), head=HeadSpec(VOCABULARY)
    )


def translator(n_encoder: int = 2, n_decoder: int = 2) -> ModelSpec:
    """An encoder and a decoder that looks at it."""
    crossing = layer(attention(right=0), cross=attention())
    return ModelSpec(
        stack("encoder", [layer()] * n_encoder),
        stack("decoder", [crossing] * n_decoder),
        HeadSpec(VOCABULARY),
    )


@dataclass
class Drawn:
    """Weights drawn from a seed by name and shape; ``read`` lists the names asked for.

    ``fixed`` tensors are as given, and those whose name matches ``absent`` are not there.
    """

    fixed: Mapping[str, np.ndarray] = field(default_factory=dict)
    absent: str = "$^"
    seed: int = 0
    read: list[str] = field(default_factory=list)

    def has(self, name: str) -> bool:
        return not re.search(self.absent, name)

    def get(self, name: str, *shape: int) -> np.ndarray | None:
        self.read.append(name)
        if not self.has(name):
            return None
        found = self.fixed[name] if name in self.fixed else draw(name, shape, self.seed, {})
        assert found.shape == shape
        return np.asarray(found, np.float32)

    def below(self, names: Sequence[str], outs: Sequence[int], d_in: int) -> np.ndarray:
        return np.concatenate(
            [self.get(name, out, d_in) for name, out in zip(names, outs, strict=True)]
        )

    def built(self, build: Callable[[], np.ndarray], *shape: int) -> np.ndarray:
        assert build().shape == shape
        return build()

    def rows(self, name: str, rows: np.ndarray, width: int) -> np.ndarray:
        self.read.append(name)
        if name in self.fixed:
            return np.asarray(self.fixed[name], np.float32)[rows]
        return draw(name, (POSITIONS, width), self.seed, {})[rows]

    def layer(self, name: str, spec: LayerSpec, d_model: int) -> LayerWeights:
        return layer_weights(self, name, spec, d_model)

    def stack(self, stack: StackSpec) -> StackWeights:
        return stack_weights(self, stack)

    def tensor(self, name: str, *shape: int) -> np.ndarray:
        """The tensor in float64, for those who compute with it slowly."""
        return np.float64(self.get(name, *shape))


class Seen:
    """A visitor that copies every block it is shown, in the order in which it is shown."""

    def __init__(self) -> None:
        self.steps: list[AttentionBlock] = []

    def visit(self, step: AttentionBlock) -> None:
        self.steps.append(replace(step, weights=step.weights.copy()))

    def map(self, kind: str, layer: int, sequence: int = 0) -> np.ndarray:
        """The blocks (head, query, key) of one map put together."""
        by_head: dict[int, list[np.ndarray]] = {}
        for step in self.of(kind, layer, sequence):
            by_head.setdefault(step.head, []).append(step.weights)
        return np.concatenate([np.concatenate(by_head[i], axis=1) for i in sorted(by_head)])

    def of(self, kind: str, layer: int, sequence: int = 0) -> list[AttentionBlock]:
        wanted = (kind, layer, sequence)
        return [step for step in self.steps if (step.kind, step.layer, step.sequence) == wanted]

    @property
    def maps(self) -> dict[tuple[str, int, int], np.ndarray]:
        """Every map that was shown, by kind, layer and sequence."""
        keys = {(step.kind, step.layer, step.sequence) for step in self.steps}
        return {key: self.map(*key) for key in sorted(keys)}


def every_layer(spec: ModelSpec) -> dict[str, frozenset[int]]:
    """All layers of all kinds that a model has."""
    found = {stack.kind: frozenset(range(len(stack.layers))) for stack in spec.stacks}
    return found | ({"cross": found["decoder"]} if len(spec.stacks) == 2 else {})


def watched(
    spec: ModelSpec,
    sequences: Sequence[Ids],
    weights: Drawn | None = None,
    *,
    layers: Mapping[str, Any] | None = None,
    hidden: bool = True,
    edit: Callable[[AttentionBlock], None] | None = None,
    apart: bool = False,
    **more: Any,
) -> tuple[Seen, Output]:
    """Run and keep all that is shown: every layer unless said otherwise."""
    seen = Seen()
    wanted = every_layer(spec) if layers is None else layers
    want = Request(
        {kind: frozenset(which) for kind, which in wanted.items()},
        seen.visit,
        hidden=hidden,
        edit=edit,
        apart=apart,
    )
    return seen, run(spec, Drawn() if weights is None else weights, sequences, want, **more)


def ids(*numbers: int, target: Sequence[int] | None = None) -> Ids:
    """One input."""
    return Ids(np.asarray(numbers), None, None if target is None else np.asarray(target))


def some(n: int, seed: int = 0, n_target: int | None = None) -> Ids:
    """An input of n tokens drawn from a seed, and a target where one is wanted."""
    drawn = np.random.RandomState(seed)
    numbers = drawn.randint(0, VOCABULARY, n)
    target = None if n_target is None else drawn.randint(0, VOCABULARY, n_target)
    return Ids(numbers, None, target)
