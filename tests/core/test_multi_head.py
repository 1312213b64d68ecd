"""Eight heads of 64 make 512: the split, the concatenation and the output projection."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.core.spec import EmbeddingSpec, MLPSpec, ModelSpec
from tests.core.made import Drawn, attention, encoder, ids, layer, watched

D = 512
X = np.random.RandomState(0).normal(size=(3, D)).astype(np.float32)
LAYER = "encoder.0"


def model(n_heads: int = 8) -> ModelSpec:
    """One layer without norms: x + attention; its MLP gives nothing."""
    only = layer(attention(n_heads, D // n_heads), norms=(), mlp=MLPSpec(1, "relu"))
    return encoder(only, d_model=D, embedding=EmbeddingSpec(3, D))


def attended(n_heads: int = 8, **projections: np.ndarray) -> np.ndarray:
    """What attention adds to each of three tokens; projections that are not given are nothing."""
    fixed = {"encoder.token.weight": X, f"{LAYER}.mlp.down.weight": np.zeros((D, 1))}
    for name in ("query", "key", "value", "output"):
        fixed[f"{LAYER}.attention.{name}.weight"] = projections.get(name, np.zeros((D, D)))
    weights = Drawn(fixed, absent="bias")
    _, output = watched(model(n_heads), [ids(0, 1, 2)], weights)
    return output.encoder[0] - X


def test_heads_are_concatenated_in_order_and_projected() -> None:
    """Equal scores: every head gives the mean of the values; the projection reverses them."""
    backwards = np.eye(D)[::-1]
    added = attended(value=np.eye(D), output=backwards)
    np.testing.assert_allclose(added, np.tile(X.mean(axis=0)[::-1], (3, 1)), atol=1e-5)


def test_each_head_reads_its_own_64_dimensions() -> None:
    """Only queries and keys 192 to 255 are there, so only head 3 looks: at the token most like."""
    own = np.zeros((D, D))
    own[192:256, 192:256] = 40 * np.eye(64)
    added = attended(query=own, key=own, value=np.eye(D), output=np.eye(D))
    expected = np.tile(X.mean(axis=0), (3, 1))
    expected[:, 192:256] = X[:, 192:256]  # of three random vectors each is most like itself
    np.testing.assert_allclose(added, expected, atol=1e-5)


@pytest.mark.parametrize("n_heads", [1, 8, 64])
def test_multi_head_attention_is_its_formula(n_heads: int) -> None:
    """Concat(head₁ … headₕ) Wᴼ with headᵢ = softmax(QWᵢᑫ (KWᵢᵏ)ᵀ / √d) VWᵢᵛ, in float64."""
    drawn, d_head = np.random.RandomState(1), D // n_heads
    query, key, value, output = drawn.normal(size=(4, D, D)) / np.sqrt(D)
    heads = []
    for head in range(n_heads):
        part = slice(head * d_head, (head + 1) * d_head)
        q, k, v = X @ query[part].T, X @ key[part].T, X @ value[part].T
        powers = np.exp(q @ k.T / np.sqrt(d_head))
        heads.append(powers / powers.sum(axis=1, keepdims=True) @ v)
    expected = np.concatenate(heads, axis=1) @ output.T
    added = attended(n_heads, query=query, key=key, value=value, output=output)
    assert np.concatenate(heads, axis=1).shape == (3, 512)
    np.testing.assert_allclose(added, expected, atol=2e-5)


def test_eight_heads_are_seen_one_by_one() -> None:
    seen, _ = watched(model(), [ids(0, 1, 2)], hidden=False)
    assert seen.map("encoder", 0).shape == (8, 3, 3)
