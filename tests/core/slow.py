"""A transformer written out slowly: float64, one head, one query and one key at a time."""

from __future__ import annotations

import math

import numpy as np

from attnviz.core.hooks import Ids
from attnviz.core.spec import (
    ALiBi,
    AttentionSpec,
    Buckets,
    Convolution,
    Disentangled,
    LayerSpec,
    NormSpec,
    StackSpec,
)
from tests.core.formulas import deberta_bucket, slopes, softmax, t5_bucket, turned
from tests.core.made import D_MODEL, Drawn

Rows = np.ndarray  # float64 (token, d)

ACTIVATIONS = {
    "gelu": lambda x: x * 0.5 * (1 + math.erf(x / math.sqrt(2))),
    "relu": lambda x: max(x, 0.0),
    "tanh": math.tanh,
    "silu": lambda x: x / (1 + math.exp(-x)),
}


def normed(x: Rows, spec: NormSpec, weight: np.ndarray | None, bias: np.ndarray | None) -> Rows:
    """Each row, or each head of each row, less its mean and over its deviation."""
    if spec.kind == "layer":
        x = x - x.mean(axis=-1, keepdims=True)
    x = x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + spec.eps)
    x = x if weight is None else x * (weight + spec.shift)
    return x if bias is None else x + bias


class Attention:
    """One attention sublayer: queries from ``x``, keys and values from ``source``."""

    def __init__(
        self, spec: AttentionSpec, weights: Drawn, name: str, x: Rows, source: Rows
    ) -> None:
        self.spec, self.weights, self.name = spec, weights, name
        self.queries = self.heads(x, "query", spec.n_heads)
        self.keys = self.heads(source, "key", spec.n_kv_heads)
        self.values = self.heads(source, "value", spec.n_kv_heads)

    def heads(self, x: Rows, what: str, n_heads: int) -> np.ndarray:
        """x (token, d_model) projected, split into (token, head, d_head), normed and turned."""
        spec, width = self.spec, n_heads * self.spec.d_head
        out = dense(self.weights, f"{self.name}.{what}", x, width)
        heads = out.reshape(len(x), n_heads, spec.d_head)
        if what == "value":
            return heads
        if spec.qk_norm:
            weight = self.weights.tensor(f"{self.name}.{what}_norm.weight", spec.d_head)
            heads = normed(heads, spec.qk_norm, weight, None)
        if spec.rotary:
            for token, head in np.ndindex(len(x), n_heads):
                heads[token, head] = turned(heads[token, head], token, spec.rotary)
        return heads

    def score(self, head: int, query: int, key: int) -> float:
        """The score of one pair, -inf where the query may not see the key."""
        spec = self.spec
        if spec.right is not None and key > query + spec.right:
            return -math.inf
        if spec.left is not None and key < query - spec.left:
            return -math.inf
        shared = head * spec.n_kv_heads // spec.n_heads
        score = float(self.queries[query, head] @ self.keys[key, shared]) * spec.scale
        score += self.of_positions(head, query, key)
        return spec.softcap * math.tanh(score / spec.softcap) if spec.softcap else score

    def of_positions(self, head: int, query: int, key: int) -> float:
        """What positions add to a score."""
        spec, stack = self.spec, self.name.split(".")[0]
        match spec.bias:
            case ALiBi(factor):
                return -slopes(spec.n_heads)[head] * factor * (query - key)
            case Buckets() as buckets:
                table = f"{stack}.relative.weight"
                scores = self.weights.tensor(table, buckets.n_buckets, spec.n_heads)
                return float(scores[t5_bucket(key - query, buckets), head])
            case Disentangled() as relative:
                return self.disentangled(relative, head, query, key)
        return 0.0

    def disentangled(self, spec: Disentangled, head: int, query: int, key: int) -> float:
        """Content to position, and position to content (He et al. 2021, eq. 4)."""
        table = self.weights.tensor("encoder.relative.weight", 2 * spec.span, D_MODEL)
        index = deberta_bucket(query - key, spec) + spec.span
        row = table[min(max(index, 0), 2 * spec.span - 1)][None]
        width = self.spec.n_heads * self.spec.d_head
        part = slice(head * self.spec.d_head, (head + 1) * self.spec.d_head)
        position_key = dense(self.weights, f"{self.name}.key", row, width)[0, part]
        position_query = dense(self.weights, f"{self.name}.query", row, width)[0, part]
        score = float(self.queries[query, head] @ position_key) if spec.c2p else 0.0
        score += float(self.keys[key, head] @ position_query) if spec.p2c else 0.0
        return score * self.spec.scale

    def run(self) -> tuple[np.ndarray, Rows]:
        """Weights (head, query, key), and what the output projection makes of the context."""
        spec, n, m = self.spec, len(self.queries), len(self.keys)
        weights = np.zeros((spec.n_heads, n, m))
        context = np.zeros((n, spec.n_heads, spec.d_head))
        for head, query in np.ndindex(spec.n_heads, n):
            row = softmax([self.score(head, query, key) for key in range(m)])
            weights[head, query] = row
            shared = head * spec.n_kv_heads // spec.n_heads
            context[query, head] = sum(
                weight * value for weight, value in zip(row, self.values[:, shared], strict=True)
            )
        return weights, dense(self.weights, f"{self.name}.output", context.reshape(n, -1), D_MODEL)


def dense(weights: Drawn, name: str, x: Rows, width: int) -> Rows:
    """x (row, in) times a weight, plus a bias where there is one."""
    out = x @ weights.tensor(f"{name}.weight", width, x.shape[1]).T
    return out + weights.tensor(f"{name}.bias", width) if weights.has(f"{name}.bias") else out


class Layer:
    """One layer over one sequence; ``maps`` gets the weights of its attentions by kind."""

    def __init__(self, spec: LayerSpec, weights: Drawn, stack: str, index: int) -> None:
        self.spec, self.weights, self.stack = spec, weights, stack
        self.prefix = f"{stack}.{index}"
        self.maps: dict[str, np.ndarray] = {}

    def norm(self, sublayer: str, place: str, x: Rows) -> Rows:
        """x through the norm at a place around a sublayer, where there is one."""
        there = {"attention": self.spec.attention_norm, "mlp": self.spec.mlp_norm}
        if place not in self.spec.norms or not there.get(sublayer, True):
            return x
        name = f"{self.prefix}.{sublayer}.norm_{place}"
        weight = self.weights.tensor(f"{name}.weight", D_MODEL)
        layer_norm = self.spec.norm.kind == "layer"
        bias = self.weights.tensor(f"{name}.bias", D_MODEL) if layer_norm else None
        return normed(x, self.spec.norm, weight, bias)

    def attend(self, kind: str, spec: AttentionSpec, x: Rows, source: Rows) -> Rows:
        name = "cross" if kind == "cross" else "attention"
        self.maps[kind], out = Attention(
            spec, self.weights, f"{self.prefix}.{name}", x, source
        ).run()
        return out

    def mlp(self, x: Rows) -> Rows:
        spec, name = self.spec.mlp, f"{self.prefix}.mlp"
        act = np.vectorize(ACTIVATIONS[spec.activation])
        up = dense(self.weights, f"{name}.up", x, spec.d_ff)
        gated = spec.gated
        inner = act(dense(self.weights, f"{name}.gate", x, spec.d_ff)) * up if gated else act(up)
        return dense(self.weights, f"{name}.down", inner, D_MODEL)

    def run(self, x: Rows, memory: Rows | None) -> Rows:
        """The hidden states behind the layer."""
        spec, entered = self.spec, self.norm("attention", "before", x)
        branch = self.attend(self.stack, spec.attention, entered, entered)
        beside = entered if spec.residual_after_norm else x
        middle = self.leave("attention", branch, beside)
        if spec.cross and memory is not None:
            entered = self.norm("cross", "before", middle)
            crossed = self.attend("cross", spec.cross, entered, memory)
            middle = self.leave("cross", crossed, middle)
        source = x if spec.parallel else middle
        given = self.norm("mlp", "before", source) if spec.mlp_norm else entered
        return self.leave("mlp", self.mlp(given), given if spec.residual_after_norm else middle)

    def leave(self, sublayer: str, branch: Rows, beside: Rows) -> Rows:
        """A branch added to what is beside it, with the norms inside and after."""
        return self.norm(sublayer, "after", self.norm(sublayer, "inside", branch) + beside)


def run_stack(
    stack: StackSpec, weights: Drawn, ids: np.ndarray, memory: Rows | None = None
) -> tuple[dict[tuple[str, int], np.ndarray], Rows]:
    """The maps of a stack by kind and layer, and its last hidden states (token, d_model)."""
    kind, maps, first = stack.kind, {}, None
    x = np.float64(weights.rows(f"{kind}.token.weight", ids, D_MODEL))
    if stack.embedding.positions:
        x += weights.rows(f"{kind}.position.weight", np.arange(len(ids)), D_MODEL)
    for index, spec in enumerate(stack.layers):
        layer = Layer(spec, weights, kind, index)
        first, x = (x if index == 0 else first), layer.run(x, memory)
        if index == 0 and stack.convolution:
            x = convolved(stack.convolution, weights, spec.norm, first, x)
        maps |= {(kind, index): found for kind, found in layer.maps.items()}
    if stack.norm:
        name = f"{kind}.norm"
        bias = weights.tensor(f"{name}.bias", D_MODEL) if stack.norm.kind == "layer" else None
        x = normed(x, stack.norm, weights.tensor(f"{name}.weight", D_MODEL), bias)
    if stack.project_out:
        x = dense(weights, f"{kind}.project_out", x, stack.project_out)
    return maps, x


def convolved(spec: Convolution, weights: Drawn, norm: NormSpec, first: Rows, x: Rows) -> Rows:
    """x plus what a window over the embeddings gives, normed; groups see their own part alone."""
    inputs, side = D_MODEL // spec.groups, spec.kernel // 2
    name = "encoder.convolution"
    kernel = weights.tensor(f"{name}.weight", D_MODEL, inputs, spec.kernel)
    found = np.tile(weights.tensor(f"{name}.bias", D_MODEL), (len(x), 1))
    for token, out, i, k in np.ndindex(len(x), D_MODEL, inputs, spec.kernel):
        seen = token + k - side
        if 0 <= seen < len(x):
            found[token, out] += kernel[out, i, k] * first[seen, out // inputs * inputs + i]
    weight, bias = (weights.tensor(f"{name}_norm.{part}", D_MODEL) for part in ("weight", "bias"))
    return normed(np.vectorize(ACTIVATIONS[spec.activation])(found) + x, norm, weight, bias)


def run_model(
    encoder: StackSpec | None, decoder: StackSpec | None, weights: Drawn, given: Ids
) -> tuple[dict[tuple[str, int], np.ndarray], Rows]:
    """All maps of a model, and the last hidden states of its last stack."""
    maps, memory = run_stack(encoder, weights, given.ids) if encoder else ({}, None)
    if decoder is None:
        return maps, memory
    target = given.ids if encoder is None else given.target_ids
    more, hidden = run_stack(decoder, weights, target, memory)
    return maps | more, hidden
