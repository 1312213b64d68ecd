"""Which tensor of a checkpoint is which of ours, and how it is stored there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from attnviz.core.spec import ModelSpec
from attnviz.families.activations import TRAINED


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a fused tensor: rows seen as ``groups`` of ``sizes``, the ``index``-th of each.

    (1, (d, d, d), 0) is the query of queries, keys and values below each other;
    (n_heads, (d_head,) * 3, 1) is the key where each head has its three together.
    """

    groups: int
    sizes: tuple[int, ...]
    index: int


@dataclass(frozen=True, slots=True)
class Stored:
    """A checkpoint's tensor, without the base model's prefix, and how ours is taken from it.

    ``transposed`` is for weights stored (in, out); ``part`` takes one of several fused tensors;
    ``base`` is False for tensors outside the base model, such as lm_head; ``also`` are
    names of tensors that are the same and may be stored instead; ``stacked`` counts tensors
    named {n} that ours stacks; ``flat`` drops dimensions of 1; ours may be the ``slot``-th of
    ``slots`` that theirs stacks.
    """

    name: str
    transposed: bool = False
    part: Part | None = None
    base: bool = True
    optional: bool = False
    also: tuple[str, ...] = ()
    stacked: int = 0
    flat: bool = False
    slots: int = 0
    slot: int = 0


Module = str | Stored
"""A module of the checkpoint: its name, or more where it is stored in a special way."""

Names = dict[str, Stored]
"""Our name → theirs."""

QKV = ("attention.query", "attention.key", "attention.value")
ACTIVATION = "mlp.activation"


def expand(
    stack: str,
    names: Mapping[str, Module],
    *,
    layers: int | None = None,
    bias: Collection[str] | bool = True,
) -> Names:
    """Names of weights and biases from names of modules.

    "attention.query": "layer.{i}.self.query" becomes "encoder.0.attention.query.weight":
    "layer.0.self.query.weight", its bias, and so on for every layer. ``bias`` says which modules
    (by our name) have one: all, none or these. The activation's parameters are named later, by
    ``with_activations``.
    """
    found: Names = {}
    for number in [None] if layers is None else range(layers):
        prefix = stack if number is None else f"{stack}.{number}"
        for ours, theirs in names.items():
            stored = Stored(theirs) if isinstance(theirs, str) else theirs
            if ours == ACTIVATION:
                found[f"{prefix}.{ours}"] = replace(
                    stored, name=stored.name.replace("{i}", str(number)), flat=True
                )
                continue
            has_bias = bias if isinstance(bias, bool) else ours in bias
            for kind in ("weight", "bias") if has_bias else ("weight",):
                found[f"{prefix}.{ours}.{kind}"] = replace(
                    stored,
                    name=f"{stored.name.replace('{i}', str(number))}.{kind}",
                    transposed=stored.transposed and kind == "weight",
                    also=tuple(f"{name}.{kind}" for name in stored.also),
                )
    return found


def with_activations(names: Names, spec: ModelSpec) -> Names:
    """The names with each activation's own parameters, if it has any, in place of its module."""
    found = {ours: its for ours, its in names.items() if not ours.endswith(f".{ACTIVATION}")}
    for stack in spec.stacks:
        for number, layer in enumerate(stack.layers):
            module = f"{stack.kind}.{number}.{ACTIVATION}"
            for parameter in TRAINED.get(layer.mlp.activation, (None, ()))[1]:
                its = names[module]
                found[f"{module}.{parameter}"] = replace(its, name=f"{its.name}.{parameter}")
    return found


def table(theirs: str, *, tied_to: Collection[str] = ()) -> dict[str, Module]:
    """The token embeddings, which may be stored as one of the tables they are ``tied_to``."""
    return {"token": Stored(theirs, also=tuple(tied_to))}


def fused(
    theirs: str, ours: tuple[str, ...], part: tuple[int, tuple[int, ...]]
) -> dict[str, Module]:
    """Several of our modules in one of theirs: ``part`` gives its groups and sizes."""
    return {name: Stored(theirs, part=Part(*part, index)) for index, name in enumerate(ours)}


def head(name: str, *, tied_to: Collection[str] = (), bias: bool = False) -> Names:
    """The output head: its own tensor, or the embeddings it is ``tied_to``.

    A checkpoint without a head still attends, so its tensors are optional.
    """
    also = tuple(f"{table}.weight" for table in tied_to)
    found = {"head.weight": Stored(f"{name}.weight", also=also, optional=True)}
    if bias:
        found["head.bias"] = Stored(f"{name}.bias", base=False, optional=True)
    return found


def vocabulary(stack: str, tokens: str, name: str, *, tied: bool, bias: bool = False) -> Names:
    """Token embeddings and output head, either of which may hold both where they are tied."""
    tables = expand(stack, table(tokens, tied_to=[name] if tied else []), bias=False)
    return tables | head(name, tied_to=[tokens] if tied else [], bias=bias)
