"""What a run shows of one head, as ``analysis.explain`` takes it; the head may be run otherwise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from attnviz.analysis.explain.chosen import Chosen
from attnviz.analysis.explain.recorded import Embedded, RecordedHead
from attnviz.core.attention import Heads, mask_, scores_
from attnviz.core.buffers import FloatArray, IntArray
from attnviz.core.embedding import absolute_positions, unmasked
from attnviz.core.functional import softcap_
from attnviz.core.hooks import AttentionBlock, Kind, LayerState, Request
from attnviz.core.positions import position_ids
from attnviz.core.score_bias import score_bias
from attnviz.core.spec import AttentionSpec, LayerSpec, ModelSpec, StackSpec
from attnviz.core.transformer import run
from attnviz.core.weights import (
    LayerWeights,
    StackWeights,
    Weights,
)
from attnviz.model.inputs import Edit, Input, hiding
from attnviz.model.record import require_numbers
from attnviz.result import Head, ModelInfo


@dataclass(frozen=True, slots=True)
class Knobs:
    """What is changed of one head: the scale of its scores, and whether it sees what follows."""

    scale: float | None = None
    causal: bool = False

    def turn(self, spec: AttentionSpec) -> AttentionSpec:
        """The attention with these changes."""
        scale = spec.scale if self.scale is None else self.scale
        return replace(spec, scale=scale, right=0 if self.causal else spec.right)


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """Where a head is in a model, and what it is made of."""

    stack: StackSpec
    kind: Kind
    head: Head
    layer: LayerSpec
    weights: LayerWeights
    tensors: StackWeights

    @property
    def spec(self) -> AttentionSpec:
        crossing = self.layer.cross if self.kind == "cross" else None
        return crossing or self.layer.attention

    @property
    def table(self) -> FloatArray | None:
        """The stack's table for score biases."""
        return None if self.kind == "cross" else self.tensors.relative


def record_head(
    spec: ModelSpec,
    weights: Weights,
    given: Input,
    row: Chosen,
    info: ModelInfo,
    *,
    knobs: Knobs | None = None,
) -> RecordedHead:
    """Run a model on one input and keep what it shows of a head's layer.

    With ``knobs`` this head alone runs otherwise, and what follows it follows from that.
    """
    kind, head, query = row
    place = _place(spec, weights, kind, head)
    turned = knobs.turn(place.spec) if knobs else place.spec
    recorder = _Recorder(place, query, turned)
    request = Request(
        {kind: frozenset((head.layer,))},
        recorder.visit,
        hidden=True,
        edit=_both(recorder.edit if knobs else None, hiding([given])),
        watch=recorder.watch,
    )
    output = run(spec, weights, [given.ids], request)
    states = recorder.states
    if not place.layer.mlp_norm:  # then both sublayers have the same input, which is shown once
        states["mlp_input"] = states["attention_input"]
    target = given.target_tokens or given.tokens
    heads, attention, contexts = recorder.block()
    name = "cross" if kind == "cross" else "attention"
    changed: dict[str, Any] = {name: turned}
    return RecordedHead(
        kind=kind,
        head=head,
        query=query,
        tokens=given.tokens if kind == "encoder" else target,
        keys=target if kind == "decoder" else given.tokens,
        model=info,
        layer=replace(place.layer, **changed),
        weights=place.weights,
        embedded=_embedded(place, weights, given, given.ids.into(place.stack.kind, spec), recorder),
        states=states,
        heads=heads,
        attention=attention,
        contexts=contexts,
        memory=output.encoder[0] if kind == "cross" else None,
        table=place.table,
    )


def _both(first: Edit | None, second: Edit | None) -> Edit | None:
    """One edit after the other, as far as there are any."""
    if first is None or second is None:
        return first or second

    def edit(block: AttentionBlock) -> None:
        first(block)
        second(block)

    return edit


def without_positions(spec: ModelSpec) -> ModelSpec:
    """The model with nothing that tells it where a token is; causal masks and windows stay."""

    def attention(given: AttentionSpec) -> AttentionSpec:
        return replace(given, rotary=None, bias=None)

    def layer(given: LayerSpec) -> LayerSpec:
        cross = attention(given.cross) if given.cross else None
        return replace(given, attention=attention(given.attention), cross=cross)

    def stack(given: StackSpec | None) -> StackSpec | None:
        if given is None:
            return None
        embedding = replace(given.embedding, positions=None)
        return replace(given, embedding=embedding, layers=tuple(map(layer, given.layers)))

    return replace(spec, encoder=stack(spec.encoder), decoder=stack(spec.decoder))


class _Recorder:
    """Keeps what a run shows of one layer, and lets one of its heads run by another spec."""

    def __init__(self, place: _Place, query: int, turned: AttentionSpec) -> None:
        self.place, self.query, self.turned = place, query, turned
        self.states: dict[str, FloatArray] = {}
        self.first: FloatArray | None = None
        self._seen: tuple[Heads, FloatArray, FloatArray] | None = None

    def watch(self, state: LayerState) -> None:
        """Keep the hidden states of the layer, and what goes into the first one."""
        stack = self.place.stack.kind
        if state.kind != stack:
            return
        if state.layer == 0 and state.name == "layer_input":
            self.first = state.values[self.query].copy()
        if state.layer == self.place.head.layer:
            self.states[state.name] = state.values.copy()

    def visit(self, block: AttentionBlock) -> None:
        """Keep the row of the query, and queries, keys and values of all heads."""
        require_numbers(finite=block.finite)
        if block.start <= self.query < block.stop and block.context is not None:
            row, heads = self.query - block.start, block.heads
            values = None if heads.values is None else heads.values.copy()
            kept = Heads(self._scaled(heads.queries), heads.keys.copy(), values)
            self._seen = kept, block.weights[:, row].copy(), block.context[:, row].copy()

    def edit(self, block: AttentionBlock) -> None:
        """Put the scores of the turned spec in the place of this head's own."""
        place, head = self.place, self.place.head.head
        if (block.kind, block.layer) != (place.kind, place.head.layer):
            return
        queries = self._scaled(block.heads.queries)
        rows, keys = slice(block.start, block.stop), slice(0, block.heads.keys.shape[1])
        mine = slice(head, head + 1)
        shared = slice(head // block.heads.group, head // block.heads.group + 1)
        scores = block.weights[mine]
        scores_(queries[mine, rows], block.heads.keys[shared], scores)
        weights = place.weights.cross if place.kind == "cross" else place.weights.attention
        if weights is not None:
            bias = score_bias(self.turned, weights, queries, block.heads.keys, place.table)
            if bias is not None:
                bias.add(scores, mine, rows, keys)
        if self.turned.softcap is not None:
            softcap_(scores, self.turned.softcap)
        mask_(scores, self.turned, rows, keys)

    def block(self) -> tuple[Heads, FloatArray, FloatArray]:
        """Heads, the query's weights (head, key) and its contexts (head, d_head)."""
        if self._seen is None:
            raise RuntimeError("the run did not show the row that was asked for")
        return self._seen

    def _scaled(self, queries: FloatArray) -> FloatArray:
        """A copy of the queries (head, query, d_head), scaled as the turned spec says."""
        return queries * np.float32(self.turned.scale / self.place.spec.scale)


def _place(spec: ModelSpec, weights: Weights, kind: Kind, head: Head) -> _Place:
    stack = spec.encoder if kind == "encoder" else spec.decoder
    if stack is None:
        raise RuntimeError(f"the model has no {kind}")
    layer, name = stack.layers[head.layer], f"{stack.kind}.{head.layer}"
    loaded = weights.layer(name, layer, stack.d_model)
    return _Place(stack, kind, head, layer, loaded, weights.stack(stack))


def _embedded(
    place: _Place, weights: Weights, given: Input, ids: IntArray, recorder: _Recorder
) -> Embedded:
    """The rows of the embedding tables that the query is made of."""
    query = recorder.query
    spec, name, d = place.stack.embedding, place.stack.kind, place.stack.d_model
    token = weights.rows(f"{name}.token.weight", ids[query : query + 1], spec.d_embedding)[0]
    if spec.masked is not None:
        token = token * unmasked(ids, spec.masked)[query]
    width = d if spec.project == "tokens" else spec.d_embedding
    position, where = None, None
    if spec.positions:
        at = position_ids(ids, spec.positions)[query : query + 1]
        position, where = (
            absolute_positions(weights, name, spec.positions, at, width)[0],
            int(at[0]),
        )
    type_row, type_id = None, None
    if spec.n_types:
        types = given.ids.types if name == "encoder" else None
        type_id = 0 if types is None else int(types[query])
        type_row = weights.rows(f"{name}.type.weight", np.asarray([type_id]), width)[0]
    if recorder.first is None:
        raise RuntimeError("the run did not show what goes into its first layer")
    return Embedded(
        spec=spec, tensors=place.tensors, id=int(ids[query]), token=token, position=position,
        position_id=where, type=type_row, type_id=type_id, states=recorder.first,
    )  # fmt: skip
