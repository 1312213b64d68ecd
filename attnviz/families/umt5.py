"""UMT5 (Chung et al. 2023): mT5 whose layers each have distances of their own."""

from __future__ import annotations

from dataclasses import replace

from attnviz.core.spec import Buckets, LayerSpec, ModelSpec, StackSpec
from attnviz.families import mt5, t5
from attnviz.families.config import Config
from attnviz.families.names import Names, Stored

BASE = t5.BASE
ALIASES = t5.ALIASES
DEFAULTS = mt5.DEFAULTS


def spec(config: Config) -> ModelSpec:
    """A UMT5 encoder and decoder."""
    config.ignore("scalable_attention", "tokenizer_class")
    found = t5.spec(config)
    encoder, decoder = (stack and _own(stack) for stack in (found.encoder, found.decoder))
    return replace(found, encoder=encoder, decoder=decoder)


def _own(stack: StackSpec) -> StackSpec:
    """The stack with a table of distances in each layer."""

    def with_table(layer: LayerSpec) -> LayerSpec:
        bias = layer.attention.bias
        own = replace(bias, own=True) if isinstance(bias, Buckets) else bias
        return replace(layer, attention=replace(layer.attention, bias=own))

    return replace(stack, layers=tuple(map(with_table, stack.layers)))


def tensors(config: Config) -> Names:
    """Where a UMT5 checkpoint keeps its tensors."""
    found = {ours: its for ours, its in t5.tensors(config).items() if "relative" not in ours}
    queries = [ours for ours in found if ours.endswith(".attention.query.weight")]
    for ours in queries:
        theirs = found[ours].name.replace(".q.weight", ".relative_attention_bias.weight")
        found[ours.replace("query", "relative")] = Stored(theirs)
    return found
