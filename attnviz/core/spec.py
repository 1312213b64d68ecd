"""What a transformer is, as plain frozen data: everything that changes its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class NormSpec:
    """Layer norm (Ba et al. 2016, eq. 4) or RMS norm (Zhang & Sennrich 2019, eq. 4).

    ``shift`` is added to the stored weight (Gemma stores weight - 1).
    """

    kind: Literal["layer", "rms"] = "layer"
    eps: float = 1e-5
    shift: float = 0.0


RotaryKind = Literal["default", "linear", "dynamic", "yarn", "longrope", "llama3"]


@dataclass(frozen=True, slots=True)
class Rotary:
    """Rotary positions (Su et al. 2021, eq. 34) on the first ``dims`` dimensions of each head.

    ``interleaved`` pairs dimensions (0, 1), (2, 3) …, as GPT-J does; otherwise the two halves
    are paired. ``scaling`` holds the parameters of ``kind`` under transformers' names.
    """

    dims: int
    theta: float = 10000.0
    interleaved: bool = False
    kind: RotaryKind = "default"
    scaling: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ALiBi:
    """A penalty linear in the key's position (Press et al. 2022), multiplied by ``factor``."""

    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Buckets:
    """One learned score per head and bucketed distance (Raffel et al. 2020, sec. 2.1).

    The table ``{stack}.relative.weight`` is (n_buckets, n_heads); each layer has its ``own`` in
    its attention, or all share the stack's.
    """

    n_buckets: int
    max_distance: int
    bidirectional: bool
    own: bool = False


@dataclass(frozen=True, slots=True)
class Disentangled:
    """DeBERTa's content-to-position and position-to-content scores (He et al. 2021, eq. 4).

    ``span`` is half the number of relative embeddings; ``n_buckets`` 0 means that distances are
    not bucketed; ``shared`` reuses the content projections for positions.
    """

    span: int
    n_buckets: int
    max_distance: int
    c2p: bool
    p2c: bool
    shared: bool
    norm: NormSpec | None = None


@dataclass(frozen=True, slots=True)
class Latent:
    """Queries, keys and values made of few normed numbers (DeepSeek-AI 2024, sec. 2.1).

    Keys and values are made of ``d_shared`` numbers a token, but for the ``d_turned`` first
    dimensions of a key, which all heads share; queries of ``d_query``, or straight of x.
    """

    d_shared: int
    d_turned: int
    norm: NormSpec
    d_query: int | None = None


@dataclass(frozen=True, slots=True)
class AttentionSpec:
    """One attention sublayer; scores are query · key · ``scale``, then ``softcap``, then masks.

    A query at position q sees keys from q - ``left`` to q + ``right`` (None: no bound);
    causal attention has ``right`` 0. ``qk_norm`` normalises queries and keys per head
    ("head"), per head with a weight row of its own ("heads") or all heads at once ("all"), behind
    the rotation where ``norm_turned``. ``sinks`` are scores of no key, one a head, that take their
    share of each row (OpenAI 2025). Values have ``d_value`` dimensions if not d_head, and cross
    attention reads states of ``d_memory`` if not d_model.
    """

    n_heads: int
    n_kv_heads: int
    d_head: int
    scale: float
    left: int | None = None
    right: int | None = None
    rotary: Rotary | None = None
    bias: ALiBi | Buckets | Disentangled | None = None
    softcap: float | None = None
    qk_norm: NormSpec | None = None
    qk_norm_over: Literal["head", "heads", "all"] = "head"
    norm_turned: bool = False
    sinks: bool = False
    latent: Latent | None = None
    d_value: int | None = None
    d_memory: int | None = None

    @property
    def sides(self) -> tuple[slice, slice, slice]:
        """Where queries, keys and values lie, side by side in one projection."""
        d_query, d_key = self.n_heads * self.d_head, self.n_kv_heads * self.d_head
        keys, d_value = slice(d_query, d_query + d_key), self.n_kv_heads * self.value_width
        return slice(0, d_query), keys, slice(keys.stop, keys.stop + d_value)

    @property
    def value_width(self) -> int:
        """The dimensions of a value."""
        return self.d_value or self.d_head


@dataclass(frozen=True, slots=True)
class Experts:
    """Each token goes through ``top`` of ``n`` MLPs, and through a shared one of ``d_shared``.

    They are those with the largest ``score`` of the router's logits, a stored ``correction`` added
    for the choice alone; with ``groups`` (n, top, best), only those of the top of n groups, ranked
    by the sum of so many best (DeepSeek-AI 2024, eq. 20 and 2.1.2). Scores, ``normed`` to a sum of
    1 and times ``scale``, weigh what comes out. ``shared_gate`` weighs the shared one.
    """

    n: int
    top: int
    score: Literal["softmax", "sigmoid"] = "softmax"
    normed: bool = True
    scale: float = 1.0
    correction: bool = False
    groups: tuple[int, int, int] | None = None
    d_shared: int = 0
    shared_gate: bool = False


@dataclass(frozen=True, slots=True)
class MLPSpec:
    """down(act(up(x))), or down(act(gate(x)) * up(x)) where ``gated`` (Shazeer 2020).

    With a ``limit``, the gate is at most that, up within ± that, and 1 is added to it (OpenAI
    2025). With ``experts``, this is each of them.
    """

    d_ff: int
    activation: str
    gated: bool = False
    limit: float | None = None
    experts: Experts | None = None


Place = Literal["before", "inside", "after"]
PositionKind = Literal["learned", "interleaved", "halves", "fairseq"]
Projected = Literal["tokens", "sum", "normed"]


@dataclass(frozen=True, slots=True)
class LayerSpec:
    """One block: self attention, cross attention where there is one, and the MLP.

    ``norms`` says where norms stand around each sublayer: "before" it, "inside" the residual
    branch behind it, or "after" the sum. Post-norm BERT is ("after",), pre-norm GPT ("before",),
    Gemma 2 ("before", "inside"), OLMo 2 ("inside",).
    ``parallel`` adds attention and MLP of the same input (GPT-J); without ``mlp_norm`` both
    share the attention's norm. ``residual_after_norm`` adds to the normed input (BLOOM), and what
    is added is multiplied by ``residual_scale`` (Granite).
    """

    attention: AttentionSpec
    mlp: MLPSpec
    norm: NormSpec
    norms: tuple[Place, ...]
    cross: AttentionSpec | None = None
    parallel: bool = False
    mlp_norm: bool = True
    attention_norm: bool = True
    residual_after_norm: bool = False
    residual_scale: float = 1.0


@dataclass(frozen=True, slots=True)
class PositionSpec:
    """Absolute positions added to the embeddings.

    ``kind``: "learned" (a table of ``size`` rows), or sinusoids, which are computed where the
    checkpoint does not store them: "interleaved" (Vaswani et al. 2017, sec. 3.5), "halves" (the
    same, all sines first) or "fairseq" (their own frequencies). The first token has position
    ``offset``. With ``pad_id``, positions count only tokens other than it from pad_id + 1 on, and
    a pad token has position ``pad_id`` itself.
    """

    kind: PositionKind
    size: int
    offset: int = 0
    pad_id: int | None = None


@dataclass(frozen=True, slots=True)
class Convolution:
    """DeBERTa's convolution over the embeddings, added behind the first layer."""

    kernel: int
    groups: int
    activation: str


@dataclass(frozen=True, slots=True)
class EmbeddingSpec:
    """Token embeddings times ``scale``, plus positions and types, then a norm.

    Where d_embedding is not d_model, ``project`` says what is mapped to d_model: the "tokens"
    (OPT), the "sum" before its norm (DeBERTa) or the "normed" sum (ALBERT, ELECTRA). Tokens
    ``masked`` are zeros, and the others as much larger as if those had been dropped out (ESM).
    """

    vocab_size: int
    d_embedding: int
    scale: float = 1.0
    positions: PositionSpec | None = None
    n_types: int = 0
    norm: NormSpec | None = None
    project: Projected | None = None
    masked: int | None = None


@dataclass(frozen=True, slots=True)
class StackSpec:
    """Embeddings, layers and final norm of an encoder or a decoder."""

    kind: Literal["encoder", "decoder"]
    d_model: int
    embedding: EmbeddingSpec
    layers: tuple[LayerSpec, ...]
    norm: NormSpec | None = None
    project_out: int | None = None
    convolution: Convolution | None = None
    max_positions: int | None = None


@dataclass(frozen=True, slots=True)
class HeadSpec:
    """From hidden states to logits over the vocabulary, for models that write text."""

    vocab_size: int
    scale: float = 1.0
    softcap: float | None = None
    bias: bool = False


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A whole model: one stack, or an encoder and a decoder."""

    encoder: StackSpec | None = None
    decoder: StackSpec | None = None
    head: HeadSpec | None = None

    @property
    def stacks(self) -> tuple[StackSpec, ...]:
        """The stacks there are, encoder first."""
        return tuple(stack for stack in (self.encoder, self.decoder) if stack)
