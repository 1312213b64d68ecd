"""Results of every shape, and how to compare them, for the tests of documents."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from attnviz.document import write_csv, write_json, write_npz
from attnviz.result import AttentionMap, AttentionResult, ModelInfo, Token

WEIGHTS = st.floats(0, 1, width=32)
STATES = st.floats(allow_nan=False, allow_infinity=False, width=32)
WORDS = st.text(max_size=6)
SPELLINGS = st.none() | WORDS
COUNTS = st.none() | st.integers(1, 10_000)


@st.composite
def texts_and_tokens(draw: st.DrawFn) -> tuple[tuple[str, ...], tuple[Token, ...]]:
    """One or two texts and some tokens in them, special ones and ones without offsets too."""
    texts = tuple(draw(st.lists(st.text(max_size=12), min_size=1, max_size=2)))
    tokens = []
    for word in range(draw(st.integers(1, 4))):
        segment = draw(st.integers(0, len(texts) - 1))
        start = draw(st.integers(0, len(texts[segment])))
        end = draw(st.integers(start, len(texts[segment])))
        unknown, masked, spelling = draw(st.booleans()), draw(st.booleans()), draw(SPELLINGS)
        rest = (segment, unknown, spelling, masked)
        token = Token(draw(WORDS), draw(st.integers(0, 30_000)), start, end, word, False, *rest)
        special = Token(draw(WORDS), None, None, None, None, True, *rest)
        tokens.append(draw(st.sampled_from([token, special])))
    return texts, tuple(tokens)


@st.composite
def maps(draw: st.DrawFn, n_queries: int, n_keys: int) -> AttentionMap:
    """A map of a few layers and heads, some of them and of its rows and columns left out."""
    n_layers, n_heads = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    full = AttentionMap(
        draw(arrays(np.float32, (n_layers, n_heads, n_queries, n_keys), elements=WEIGHTS))
    )
    chosen = {
        axis: draw(st.lists(st.sampled_from(getattr(full, axis)), min_size=1, unique=True))
        for axis in ("layers", "heads", "queries", "keys")
        if draw(st.booleans())
    }
    return full.select(**chosen)


@st.composite
def results(draw: st.DrawFn) -> AttentionResult:
    """Encoders, decoders and both."""
    texts, tokens = draw(texts_and_tokens())
    kind = draw(st.sampled_from(["encoder", "decoder", "both"]))
    model = ModelInfo(
        draw(WORDS.filter(bool)), draw(st.none() | WORDS), 3, 2, max_seq_length=draw(COUNTS)
    )
    line = draw(COUNTS)
    hidden = draw(st.none() | arrays(np.float32, (len(tokens), 3), elements=STATES))
    n = len(tokens)
    if kind != "both":
        return AttentionResult(tokens, {kind: draw(maps(n, n))}, (), texts, (), hidden, model, line)
    target_texts, targets = draw(texts_and_tokens())
    m = len(targets)
    made = {
        "encoder": draw(maps(n, n)),
        "decoder": draw(maps(m, m)),
        "cross": draw(maps(m, n)),
    }
    return AttentionResult(tokens, made, targets, texts, target_texts, hidden, model, line)


def small() -> AttentionResult:
    """Two layers of two heads over three tokens; every row sums to 1."""
    rows = np.array([[1, 0, 0], [0.25, 0.75, 0], [0.1, 0.2, 0.7]], np.float32)
    weights = np.stack([[rows, rows[::-1]], [rows[:, ::-1], rows]])
    tokens = (
        Token("[CLS]", 101, special=True),
        Token("un", 4895, 0, 2, 0),
        Token("do", 3527, 2, 4, 0),
    )
    model = ModelInfo("tiny", "bert", 2, 2)
    return AttentionResult(tokens, {"encoder": AttentionMap(weights)}, texts=("undo",), model=model)


def with_weights(weights: Any) -> AttentionResult:
    """The small result with other weights."""
    return replace(small(), maps={"encoder": AttentionMap(np.asarray(weights, np.float32))})


def json_bytes(result: AttentionResult, precision: int | None = None) -> bytes:
    stream = io.BytesIO()
    write_json(result, stream, precision=precision)
    return stream.getvalue()


def npz_bytes(result: AttentionResult) -> bytes:
    stream = io.BytesIO()
    write_npz(result, stream)
    return stream.getvalue()


def csv_text(result: AttentionResult, precision: int | None = None) -> str:
    stream = io.BytesIO()
    write_csv(result, stream, precision=precision)
    return stream.getvalue().decode()


def as_dict(result: AttentionResult) -> dict[str, Any]:
    """The document as any JSON reader sees it."""
    return json.loads(json_bytes(result))


def assert_same(one: AttentionResult, other: AttentionResult) -> None:
    """Both results hold the same, to the last bit."""
    for field in ("tokens", "target_tokens", "texts", "target_texts", "model", "line"):
        assert getattr(one, field) == getattr(other, field)
    assert list(one.maps) == list(other.maps)
    for kind, part in one.maps.items():
        twin = other.maps[kind]
        assert part.weights.tobytes() == twin.weights.tobytes()
        for axis in ("layers", "heads", "queries", "keys"):
            assert getattr(part, axis) == getattr(twin, axis)
    assert (one.hidden is None) == (other.hidden is None)
    if one.hidden is not None and other.hidden is not None:
        assert one.hidden.tobytes() == other.hidden.tobytes()
