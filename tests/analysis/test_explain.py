"""A walk through one weight: every step follows from the one before it, in every family."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz.analysis.explain import Explanation, explain, steps
from attnviz.analysis.explain.chosen import Chosen
from attnviz.core.spec import ALiBi, Buckets, Disentangled
from attnviz.errors import UnknownWord
from attnviz.model import Model
from attnviz.model.recorded_head import record_head
from attnviz.result import Head
from tests.core.formulas import deberta_bucket, slopes, t5_bucket, turned
from tests.support.references import names, read, recipe
from tests.support.seeded import write_checkpoint
from tests.support.shared import folders, rows

LONG = "An unbelievably long walk"
HAT = "He took the hat and examined it carefully"
NOISE = 3e-5  # of float32, relative to the largest number of a step

Array = np.ndarray


@pytest.fixture(scope="module")
def hat() -> Explanation:
    return attnviz.load().explain(HAT, word="it", head="3.1")


def close(found: Array, expected: Array, noise: float = NOISE) -> None:
    assert found.shape == expected.shape
    np.testing.assert_allclose(
        found, expected, atol=noise * np.abs(expected).max(initial=1), rtol=0
    )


def softmax(scores: Array) -> Array:
    exponentials = np.exp(scores - scores.max())
    return exponentials / exponentials.sum()


def norm(x: Array, weights: object) -> Array:
    """Layer norm or RMS norm, as the papers have them."""
    spec, weight, bias = weights  # type: ignore[misc]
    if spec.kind == "layer":
        x = x - x.mean(-1, keepdims=True)
    x = x / np.sqrt((x * x).mean(-1, keepdims=True) + spec.eps)
    x = x if weight is None else x * weight
    return x if bias is None else x + bias


def walks(model: Model, **given: list[int]) -> Iterator[Explanation]:
    """A walk through each kind of attention: of its last layer, another head and token each."""
    made = model.label(**given)
    kinds = ("encoder", "decoder", "cross") if model.has_target else (model.spec.stacks[0].kind,)
    for number, kind in enumerate(kinds):
        stack = model.spec.encoder if kind == "encoder" else model.spec.decoder
        n = len(made.ids.ids if kind == "encoder" or not model.has_target else made.ids.target_ids)
        head = Head(len(stack.layers) - 1, stack.layers[-1].attention.n_heads - 1 - number % 2)
        at = max(0, n - 1 - number)
        row = Chosen(kind, head, at)
        recorded = record_head(model.spec, model.weights, made, row, model.info)
        yield explain(recorded)


def check_embedding(walk: Explanation) -> None:
    given = walk.recorded.embedded
    spec, tensors = given.spec, given.tensors
    x = given.token.astype(np.float64) * spec.scale

    def projected(x: Array, when: str) -> Array:
        if spec.project != when or tensors.project is None:
            return x
        weight, bias = tensors.project
        return x @ weight.T + (0 if bias is None else bias)

    x = projected(x, "tokens")
    for row in (given.position, given.type):
        x = x if row is None else x + row
    x = projected(x, "sum")
    x = norm(x, tensors.embedding_norm) if tensors.embedding_norm else x
    close(given.states, projected(x, "normed"))


def feed_forward(weights: object, spec: object, x: Array) -> Array:
    """A feed-forward of one token, as the papers have it."""
    up, down, activation = weights.up, weights.down, weights.activation
    both = up.weight @ x + (0 if up.bias is None else up.bias)
    d_ff = down.weight.shape[1]
    bent, limit = both[:d_ff].astype(np.float32), spec.limit
    bent = np.minimum(bent, np.float32(limit)) if limit else bent
    activation(bent)
    if spec.gated:
        bent = bent * (np.clip(both[d_ff:], -limit, limit) + 1 if limit else both[d_ff:])
    return down.weight @ bent + (0 if down.bias is None else down.bias)


def mixture(walk: Explanation, x: Array) -> Array:
    """What the experts give together, which are chosen here one by one."""
    weights, spec = walk.recorded.weights, walk.recorded.layer.mlp
    router, experts = weights.experts.router, spec.experts
    logits = router.weight @ x + (0 if router.bias is None else router.bias)
    scores = softmax(logits) if experts.score == "softmax" else 1 / (1 + np.exp(-logits))
    correction = weights.experts.correction
    ranked = scores if correction is None else scores + correction
    allowed = range(experts.n)
    if experts.groups:
        n, top, best = experts.groups
        groups = np.arange(experts.n).reshape(n, -1)
        strength = [sum(sorted(ranked[group])[-best:]) for group in groups]
        allowed = groups[sorted(range(n), key=lambda g: -strength[g])[:top]].ravel()
    chosen = sorted(allowed, key=lambda expert: -ranked[expert])[: experts.top]
    gates = scores[chosen] / (scores[chosen].sum() if experts.normed else 1) * experts.scale
    assert sorted(walk.experts[0].tolist()) == sorted(map(int, chosen))
    close(np.sort(walk.experts[1]), np.sort(gates))
    found = np.zeros_like(x)
    if weights.mlp is not None:
        found = feed_forward(weights.mlp, spec, x)
        if (gate := weights.experts.shared_gate) is not None:
            found = found / (1 + np.exp(-(gate.weight @ x)))
    for expert, weight in zip(chosen, gates, strict=True):
        found = found + weight * feed_forward(weights.experts.read(int(expert)), spec, x)
    return found


def check_latent(walk: Explanation) -> None:
    """What queries, and keys and values, are made of where that is not x itself."""
    latent = walk.recorded.projections.latent
    if latent is None:
        assert all(side.latent is None for side in (walk.query, walk.keys, walk.values))
        return

    def made(linear: object, x: Array) -> Array:
        return x @ linear.weight.T + (0 if linear.bias is None else linear.bias)

    shared = made(latent.shared, walk.memory)
    first = shared.shape[1] - latent.turned
    expected = np.concatenate([norm(shared[:, :first], latent.norm), shared[:, first:]], axis=1)
    for side in (walk.keys, walk.values):
        close(side.latent, expected)
    if latent.query is None:
        assert walk.query.latent is None
    else:
        close(walk.query.latent, norm(made(latent.query, walk.x[None]), latent.query_norm))


def check_projections(walk: Explanation) -> None:
    recorded = walk.recorded
    spec, weights = recorded.spec, recorded.projections
    at = recorded.head.head
    for side, x, head in (
        (walk.query, walk.x[None], at),
        (walk.keys, walk.memory, recorded.key_head),
        (walk.values, walk.memory, recorded.key_head),
    ):
        bias = 0 if side.bias is None else side.bias
        close(side.projected, (x if side.latent is None else side.latent) @ side.weight.T + bias)
        qk = weights.query_norm if side is walk.query else weights.key_norm
        if side.normed is not None and not spec.norm_turned:
            if spec.qk_norm_over == "all":
                which = spec.sides[0 if side is walk.query else 1]
                whole = x @ weights.qkv.weight[which].T
                whole = whole if weights.qkv.bias is None else whole + weights.qkv.bias[which]
                mine = slice(head * spec.d_head, (head + 1) * spec.d_head)
                close(side.normed, norm(whole, qk)[:, mine])
            else:
                row = qk.weight if qk.weight.ndim == 1 else qk.weight[head]
                shift = None if qk.bias is None else qk.bias if qk.bias.ndim == 1 else qk.bias[head]
                close(side.normed, norm(side.projected, (qk.spec, row, shift)))
        if side.rotated is not None:
            before = side.projected if side.normed is None or spec.norm_turned else side.normed
            d = spec.rotary.dims
            close(side.rotated[:, d:], before[:, d:])
            if spec.rotary.kind == "default":
                first = recorded.query if side is walk.query else 0
                close(side.rotated, np.array([
                    turned(x, first + i, spec.rotary) for i, x in enumerate(before)
                ]), noise=3e-4)  # fmt: skip
            if spec.rotary.kind in ("default", "linear", "dynamic", "llama3"):
                lengths = np.linalg.norm(side.rotated, axis=1)  # turning changes no length
                close(lengths, np.linalg.norm(before, axis=1))
    assert (walk.query.rotated is None) == (spec.rotary is None or recorded.kind == "cross")


def check_biases(walk: Explanation) -> None:
    """What positions add, made of the model's own tensors a distance at a time."""
    recorded, spec = walk.recorded, walk.recorded.spec
    at, head, keys = recorded.query, recorded.head.head, range(len(walk.dots))
    if "alibi" in walk.biases:
        slope = slopes(spec.n_heads)[head] * spec.bias.factor
        close(walk.biases["alibi"], np.array([slope * key for key in keys]))
    if "buckets" in walk.biases:
        own = spec.bias.own
        table = recorded.projections.relative if own else recorded.embedded.tensors.relative
        close(walk.biases["buckets"], np.array([
            table[t5_bucket(key - at, spec.bias), head] for key in keys
        ]))  # fmt: skip
    if not isinstance(spec.bias, Disentangled):
        return
    span, mine = spec.bias.span, slice(head * spec.d_head, (head + 1) * spec.d_head)
    table = recorded.embedded.tensors.relative.astype(np.float64)

    def projected(content: object, position: object) -> Array:
        if spec.bias.shared:
            return table @ content.weight.T + (0 if content.bias is None else content.bias)
        weight, bias = position
        return table @ weight[mine].T + (0 if bias is None else bias[mine])

    weights, ahead = recorded.projections, [at - key for key in keys]
    if "c2p" in walk.biases:
        relative = projected(walk.keys, weights.position_key)
        places = [min(max(deberta_bucket(d, spec.bias) + span, 0), 2 * span - 1) for d in ahead]
        close(walk.biases["c2p"], relative[places] @ walk.query.vectors[0] * spec.scale)
    if "p2c" in walk.biases:
        relative = projected(walk.query, weights.position_query)
        places = [min(max(span - deberta_bucket(-d, spec.bias), 0), 2 * span - 1) for d in ahead]
        close(walk.biases["p2c"], (relative[places] * walk.keys.vectors).sum(axis=1) * spec.scale)


def check_scores(walk: Explanation) -> None:
    spec, q, k = walk.recorded.spec, walk.query.vectors[0], walk.keys.vectors
    close(walk.products, q * k)
    close(walk.dots, k @ q)
    close(walk.scaled, walk.dots * spec.scale)
    names = {ALiBi: {"alibi"}, Buckets: {"buckets"}, type(None): set()}
    if isinstance(spec.bias, Disentangled):
        assert set(walk.biases) == {n for n in ("c2p", "p2c") if getattr(spec.bias, n)}
    elif walk.recorded.kind != "cross":
        assert set(walk.biases) == names[type(spec.bias)]
    check_biases(walk)
    summed = walk.scaled + sum(walk.biases.values())
    if spec.softcap is not None:
        close(walk.capped, spec.softcap * np.tanh(summed / spec.softcap))
        summed = walk.capped
    distance = np.arange(len(k)) - walk.recorded.query
    seen = np.ones(len(k), bool)
    seen &= spec.right is None or distance <= (spec.right or 0)
    seen &= spec.left is None or distance >= -(spec.left or 0)
    seen &= [not token.masked for token in walk.recorded.keys]
    np.testing.assert_array_equal(walk.visible, seen)
    close(walk.scores[seen], summed[seen])
    assert (walk.scores[~seen] == -np.inf).all()
    sinks = walk.recorded.projections.sinks
    scores = walk.scores
    if sinks is not None:
        scores = np.append(scores, sinks[walk.recorded.head.head, 0, 0])
    assert walk.softmax.total == pytest.approx(np.exp(scores - walk.softmax.shift).sum())
    close(walk.softmax.exponentials / walk.softmax.total, walk.weights)
    close(walk.weights, softmax(scores)[: len(walk.weights)])


def check_output(walk: Explanation) -> None:
    recorded, spec = walk.recorded, walk.recorded.spec
    layer, weights, name = recorded.layer, recorded.weights, recorded.sublayer
    close(walk.context, walk.weights @ walk.values.vectors)
    close(walk.contributions.sum(axis=0), walk.output_weight @ walk.context)
    width = spec.value_width
    mine = slice(recorded.head.head * width, (recorded.head.head + 1) * width)
    close(walk.concat[mine], walk.context)
    weight, bias = recorded.projections.output
    output = weight @ walk.concat + (0 if bias is None else bias)
    close(walk.state(f"{name}_output"), output)

    def added(name: str, output: Array, beside: Array) -> Array:
        if f"{name}.norm_inside" in weights.norms:
            output = norm(output, weights.norms[f"{name}.norm_inside"])
        found = layer.residual_scale * output + beside
        after = weights.norms.get(f"{name}.norm_after")
        return norm(found, after) if after else found

    before = walk.state("attention_sum" if name == "cross" else "layer_input")
    given = norm(before, pre) if (pre := weights.norms.get(f"{name}.norm_before")) else before
    close(walk.x, given)
    beside = given if layer.residual_after_norm else before
    close(walk.state(f"{name}_sum"), added(name, output, beside))
    middle = walk.state("cross_sum" if layer.cross is not None else "attention_sum")
    source = walk.state("layer_input") if layer.parallel else middle
    pre = weights.norms.get("mlp.norm_before")
    mlp = norm(source, pre) if pre else source
    if not layer.mlp_norm:
        mlp = walk.state("attention_input")
    close(walk.state("mlp_input"), mlp)
    found = walk.state("mlp_output")
    if layer.mlp.experts:
        assert walk.neurons is None
        close(found, mixture(walk, mlp))
    else:
        down, bias = weights.mlp.down
        found = down @ walk.neurons + (0 if bias is None else bias)
        close(walk.state("mlp_output"), found)
    beside = mlp if layer.residual_after_norm else middle
    close(walk.state("mlp_sum"), added("mlp", found, beside))


def check(walk: Explanation) -> None:
    check_embedding(walk)
    check_latent(walk)
    check_projections(walk)
    check_scores(walk)
    check_output(walk)
    recorded = walk.recorded
    close(recorded.attention[recorded.head.head], walk.weights)
    close(recorded.contexts[recorded.head.head], walk.context)


@pytest.mark.parametrize("name", names())
def test_every_step_follows_from_the_one_before(name: str) -> None:
    reference = read(name)
    with tempfile.TemporaryDirectory() as folder:
        write_checkpoint(Path(folder), recipe(reference))
        model = attnviz.load(folder)
        for walk in walks(model, **reference["inputs"][-1]):
            check(walk)


@pytest.mark.skipif(not folders(), reason="no checkpoints beside the repository")
@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_so_it_does_in_whole_checkpoints(folder: Path) -> None:
    model = attnviz.load(folder)
    for walk in walks(model, **next(rows(folder)).given):
        check(walk)


def test_it_looks_at_the_hat_by_these_numbers(hat: Explanation) -> None:
    at = [token.text for token in hat.recorded.keys].index("hat")
    cls = 0
    assert round(hat.dots[at], 2) == 22.74
    assert round(hat.scaled[at], 2) == 4.02
    assert round(hat.softmax.exponentials[at], 1) == 55.7
    assert round(hat.softmax.total, 1) == 69.6
    assert round(hat.weights[at], 3) == 0.801
    norms = np.linalg.norm(hat.contributions, axis=1)
    assert (round(hat.weights[cls], 2), round(norms[cls], 2)) == (0.17, 0.03)
    assert round(norms[at], 2) == 2.76


@pytest.mark.parametrize(("scale", "weight"), [("none", 0.9999), (None, 0.8006)])
def test_without_scaling_one_key_takes_everything(scale: str | None, weight: float) -> None:
    walk = attnviz.load().explain(HAT, word="it", head="3.1", scale=scale)
    assert walk.weights.max() == pytest.approx(weight, abs=5e-5)
    check(walk)  # what follows the head follows from its changed weights


def test_a_causal_head_sees_nothing_behind_the_query(hat: Explanation) -> None:
    walk = attnviz.load().explain(HAT, word="it", head="3.1", causal=True)
    assert not walk.weights[8:].any()
    close(walk.weights[:8], hat.weights[:8] / hat.weights[:8].sum())
    assert walk.before is not None and walk.knobs == ("--causal",)
    close(walk.before, hat.weights)
    check(walk)


def test_without_positions_words_in_another_order_get_the_same() -> None:
    model = attnviz.load()
    one, two = (
        model.explain(text, word="it", head="3.1", positions=False)
        for text in (HAT, "carefully it examined and hat the took He")
    )
    assert one.recorded.embedded.position is None
    by_word = [
        {token.text: weight for token, weight in zip(w.recorded.keys, w.weights, strict=True)}
        for w in (one, two)
    ]
    assert by_word[0] == pytest.approx(by_word[1], abs=1e-5)


@pytest.fixture(scope="module")
def unbelievable() -> Explanation:
    return attnviz.load().explain(LONG, word="unbelievably", head="0.0")


def test_of_a_word_of_several_tokens_the_first_is_explained_unless_another_is_named(
    unbelievable: Explanation,
) -> None:
    spellings = [token.spelling for token in unbelievable.recorded.tokens]
    assert spellings[3:7] == ["##bel", "##ie", "##va", "##bly"]
    assert unbelievable.recorded.query == 2
    for word, at in (("##ie", 4), ("bel", 3), ("##bly:1", 6), ("walk", 8)):
        walk = attnviz.load().explain(LONG, word=word, head="0.0")
        assert walk.recorded.query == at
        check(walk)
    with pytest.raises(UnknownWord, match="there is no word 'run' here"):
        attnviz.load().explain(LONG, word="run", head="0.0")


def test_a_word_stands_before_a_piece_that_is_spelt_like_it() -> None:
    walk = attnviz.load().explain("An unbelievably long un walk", word="un", head="0.0")
    at = [token.text for token in walk.recorded.tokens].index("long") + 1
    assert walk.recorded.query == at
    again = attnviz.load().explain("An unbelievably long un walk", word="un:1", head="0.0")
    assert again.recorded.query == at


def test_without_a_head_the_word_of_the_piece_decides_it() -> None:
    model = attnviz.load()
    found = [model.explain(LONG, word=word).recorded.head for word in ("##ie", "unbelievably")]
    assert found[0] == found[1]


@pytest.mark.parametrize("scale", [None, "none"])
def test_what_an_attention_mask_hides_has_no_weight(scale: str | None) -> None:
    ids, mask = [101, 2002, 2165, 1996, 6045, 2009, 102], [1, 1, 1, 1, 0, 1, 1]
    model = attnviz.load()
    walk = model.explain(token_ids=ids, attention_mask=mask, word="it", head="3.1", scale=scale)
    assert (walk.weights == 0).tolist() == [seen == 0 for seen in mask]
    check(walk)
    mask_step = next(step for step in steps(walk) if step.name == "mask")
    assert mask_step.arrays["visible"].tolist() == [seen == 1 for seen in mask]
    if scale is None:
        whole = model.attend(token_ids=ids, attention_mask=mask).maps["encoder"]
        close(walk.weights, whole.head(Head(3, 1))[5], noise=1e-5)


def test_a_walk_without_positions_leaves_nothing_behind_for_the_next(tmp_path: Path) -> None:
    """There is room for a stack without its table of distances, but not with it."""
    write_checkpoint(tmp_path, recipe(read("t5-plain")))
    model = attnviz.load(tmp_path)
    model.weights.cache.budget = 4 * model.spec.stacks[0].d_model
    given = {"token_ids": [3, 4, 5, 6], "target_ids": [0, 7]}
    before = model.attend(**given).maps["encoder"].weights.copy()
    model.explain(**given, head="0.0", map="encoder", positions=False)
    np.testing.assert_array_equal(model.attend(**given).maps["encoder"].weights, before)
