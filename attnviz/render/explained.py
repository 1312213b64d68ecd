"""What a walk through one weight says at each step: title, sentence, formula and its source."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from attnviz.analysis.answers import Longer
from attnviz.analysis.explain import Explanation
from attnviz.analysis.words import tokens_of_words
from attnviz.render.labels import in_brackets, label_notes
from attnviz.render.numbers import counted
from attnviz.render.safe import token_label, word_label
from attnviz.render.sentences import longer_notes, percent, unknown_notes

VASWANI = "Vaswani et al. 2017"
MIXTURE = "Shazeer et al. 2017, eq. 1"
BIASES: Mapping[str, tuple[str, str]] = {
    "alibi": ("− slope · distance", "Press et al. 2022, sec. 3"),
    "buckets": ("+ b(bucket of j − i)", "Raffel et al. 2020, sec. 2.1"),
    "c2p": ("+ q · k_position", "He et al. 2021, eq. 4"),
    "p2c": ("+ q_position · k", "He et al. 2021, eq. 4"),
}


class Said(NamedTuple):
    """What is said of one step; ``formula`` stands with its ``source``."""

    title: str
    sentence: str
    formula: str
    source: str


def heading(walk: Explanation) -> str:
    """``How head 3.1 (noun antecedent) makes “it” look at “hat”: 0.801``."""
    query, key = names(walk)
    kind = "cross attention, " if walk.recorded.kind == "cross" else ""
    weight = three_digits(float(walk.weights[walk.strongest]))
    head = f"head {walk.recorded.head}{in_brackets(walk.labels)}"
    return f"How {kind}{head} makes “{query}” look at “{key}”: {weight}"


def say(step: str, walk: Explanation) -> Said:
    """What is said of a step, by its name."""
    return SAID[step](walk)


def names(walk: Explanation) -> tuple[str, str]:
    """The query and the key with the largest weight, as labels."""
    recorded = walk.recorded
    return word_label(recorded.tokens[recorded.query]), word_label(recorded.keys[walk.strongest])


def key_names(walk: Explanation) -> list[str]:
    """The keys as labels."""
    return [word_label(token) for token in walk.recorded.keys]


def walk_notes(walk: Explanation) -> list[str]:
    """What must be said before the steps: of a long text, of the head, and of what was turned."""
    recorded = walk.recorded
    n_tokens = len(recorded.keys if recorded.kind == "cross" else recorded.tokens)
    return [
        *longer_notes(Longer.of(n_tokens, recorded.model.max_seq_length)),
        *unknown_notes(dict.fromkeys((*recorded.tokens, *recorded.keys))),
        *label_notes(recorded.head, walk.labels),
        *_knob_notes(walk),
    ]


def _knob_notes(walk: Explanation) -> list[str]:
    """What was turned and what that changed."""
    if walk.before is None:
        return []
    _, key = names(walk)
    now = walk.strongest
    was = int(walk.before.argmax())
    reach = (
        "The whole model runs without positions"
        if "--no-positions" in walk.knobs
        else "Only this head is changed; what stands before it is as it was"
    )
    there = "" if was == now else f", and most went to “{key_names(walk)[was]}”"
    weights = (three_digits(float(each[now])) for each in (walk.weights, walk.before))
    return [
        f"With {' '.join(walk.knobs)}, “{key}” gets {next(weights)} instead of {next(weights)}"
        f"{there}. {reach}."
    ]


def three_digits(x: float) -> str:
    """A number to three significant digits or, where there are more before the point, whole."""
    if x == 0 or not math.isfinite(x):
        return {0.0: "0", -math.inf: "−∞", math.inf: "∞"}.get(x, "nan")
    if not 1e-4 <= abs(x) < 1e6:
        return f"{x:.2e}".replace("-", "−")
    places = max(0, 2 - math.floor(math.log10(abs(x))))
    if 0.9995 <= abs(x) < 1:  # never 1 of what is only nearly so
        places = 4 if abs(x) < 0.99995 else 6
    return f"{x:.{places}f}".replace("-", "−")


def _tokens(walk: Explanation) -> Said:
    recorded = walk.recorded
    query, _ = names(walk)
    what = f"“{query}” is token {recorded.query} of {len(recorded.tokens)}, counted from 0"
    return Said(
        "Tokens", f"{what}, and has id {recorded.embedded.id}.{_piece(walk)}", "text → ids", ""
    )


def _piece(walk: Explanation) -> str:
    """That the token is a piece of a word, and of which others it is made."""
    tokens, at = walk.recorded.tokens, walk.recorded.query
    run = next(run for run in tokens_of_words(tokens) if at in run)
    if len(run) == 1:
        return ""
    pieces = " ".join(f"“{token_label(tokens[i])}”" for i in run)
    return (
        f" It is piece {run.index(at) + 1} of the {len(run)} of one word, {pieces}; each has a row "
        "of its own, and any of them can be asked for by its name."
    )


def _embedding(walk: Explanation) -> Said:
    given = walk.recorded.embedded
    rows = [f"row {given.id} of the token table"]
    terms = ["E[id]" if given.spec.scale == 1 else f"{three_digits(given.spec.scale)} · E[id]"]
    if given.position is not None:
        rows.append(f"row {given.position_id} of the positions")
        terms.append("P[position]")
    if given.type is not None:
        rows.append(f"row {given.type_id} of the types")
        terms.append("T[type]")
    formula = " + ".join(terms)
    if given.tensors.embedding_norm:
        formula = f"norm({formula})"
    if given.spec.project:
        formula += f", projected ({given.spec.project})"
    added = f"The token becomes a vector: {_listed(rows)}"
    return Said("Embedding", f"{added}.", formula, f"{VASWANI}, sec. 3.4")


def _layer_input(walk: Explanation) -> Said:
    recorded = walk.recorded
    norm = f"{recorded.sublayer}.norm_before" in recorded.weights.norms
    before = counted(recorded.head.layer, "layer")
    text = f"{before} later, this is what comes in" if recorded.head.layer else "It comes in"
    if recorded.kind == "cross":
        text = f"{before} and this one's self-attention later, it asks the other text"
    behind = ", and goes through a norm first" if norm else ""
    formula = "x = norm(h)" if norm else "x = h"
    return Said(f"Input of layer {recorded.head.layer}", f"{text}{behind}.", formula, "")


def _projections(walk: Explanation) -> Said:
    d_head, d_model = walk.query.weight.shape
    text = (
        f"Three matrices of the head make {d_head} numbers each of {d_model}: a query of this "
        "token, a key and a value of every token it can look at"
    )
    spec = walk.recorded.spec
    if walk.keys.latent is not None:
        text += f"; keys and values are made of {walk.keys.latent.shape[1]} numbers a token"
    if walk.query.normed is not None:
        text += "; queries and keys are normed"
    if walk.query.rotated is not None:
        text += "; both are turned by their positions" if spec.rotary else ""
    if spec.n_heads != spec.n_kv_heads:
        shared = spec.n_heads // spec.n_kv_heads
        text += f"; {shared} heads share keys and values (Ainslie et al. 2023)"
    bias = walk.query.bias is not None
    formula = "q = x W_qᵀ + b_q, k = x W_kᵀ + b_k, v = x W_vᵀ + b_v"
    source = f"{VASWANI}, sec. 3.2.2"
    if walk.query.rotated is not None:
        source += "; Su et al. 2021, eq. 34"
    return Said("Query, keys, values", f"{text}.", formula if bias else _bare(formula), source)


def _products(walk: Explanation) -> Said:
    _query, key = names(walk)
    best = three_digits(float(walk.dots[walk.strongest]))
    text = (
        f"The query is multiplied with each key, number by number, and added up: {best} for "
        f"“{key}”, of which these numbers make most."
    )
    return Said("Query · key", text, "q·k = Σᵢ qᵢ kᵢ", f"{VASWANI}, sec. 3.2.1")


def _scaling(walk: Explanation) -> Said:
    d, at = walk.query.weight.shape[0], walk.strongest
    dot, scaled = walk.dots[at], walk.scaled[at]
    by_root = math.isclose(walk.scale, 1 / math.sqrt(d), rel_tol=1e-6)
    how = f"/ √{d}" if by_root else f"· {three_digits(walk.scale)}"
    if walk.scale == 1:
        text = f"Scores are not scaled: {scaled:.2f} stays."
        return Said("Scale", text, "score = q·k", f"{VASWANI}, eq. 1, without its √d")
    text = (
        f"Products of long vectors are large, so they are scaled: {dot:.2f} {how} = {scaled:.2f}."
    )
    if walk.unscaled is not None:
        without = three_digits(float(walk.unscaled[at]))
        text += f" Unscaled, “{names(walk)[1]}” would get {without} of the weight."
    formula = "score = q·k / √d" if by_root else f"score = {three_digits(walk.scale)} · q·k"
    return Said("Scale", text, formula, f"{VASWANI}, eq. 1")


def _bias(walk: Explanation) -> Said:
    at, parts = walk.strongest, []
    for name, row in walk.biases.items():
        parts.append(f"{row[at]:+.3f} ({name})".replace("-", "−"))
    text = f"Positions add {_listed(parts)} to the strongest score" if parts else ""
    if walk.capped is not None:
        cap = walk.recorded.spec.softcap
        text += f"{'; then' if text else 'Then'} scores are squashed between ±{cap:g}"
    formula = " ".join(["score", *(BIASES[name][0] for name in walk.biases)])
    sources = dict.fromkeys(BIASES[name][1] for name in walk.biases)
    if walk.capped is not None:
        formula = f"c · tanh(({formula}) / c)"
        sources["Gemma Team 2024, sec. 2"] = None
    return Said("Positions in the scores", f"{text}.", formula, "; ".join(sources))


def _mask(walk: Explanation) -> Said:
    n, hidden = len(walk.visible), int((~walk.visible).sum())
    spec, masked = walk.recorded.spec, int(walk.recorded.masked.sum())
    hides = ["what follows"] if spec.right is not None else []
    hides += [] if spec.left is None else [f"what is more than {spec.left} tokens back"]
    hides += [f"the {counted(masked, 'token')} of attention_mask"] if masked else []
    text = f"The mask hides {_listed(hides)}: {hidden} of {n} keys are hidden here."
    return Said("Mask", text, "score = −∞ where hidden", f"{VASWANI}, sec. 3.2.3")


def _softmax(walk: Explanation) -> Said:
    at, found = walk.strongest, walk.softmax
    _, key = names(walk)
    shown = f"{walk.scores[at] - found.shift:.2f}".replace("-", "−")
    less = f" (all scores less {found.shift:.2f}, so that none overflows)" if found.shift else ""
    text = (
        f"e to the power of each score, divided by their sum{less}: for “{key}” e^{shown} = "
        f"{three_digits(float(found.exponentials[at]))} of {three_digits(found.total)}, "
        f"which is {three_digits(float(walk.weights[at]))}."
    )
    if found.sink is not None:
        text += f" The head's sink takes {percent(found.sink / found.total)}, which no key gets."
    return Said("Softmax", text, "weight = e^score / Σ e^score", f"{VASWANI}, eq. 1")


def _context(_: Explanation) -> Said:
    text = "The values of all keys are added up, each times its weight."
    return Said("Weighted sum of values", text, "c = Σⱼ weightⱼ vⱼ", f"{VASWANI}, eq. 1")


def _contributions(walk: Explanation) -> Said:
    norms = np.linalg.norm(walk.contributions, axis=1)
    most = int(norms.argmax())
    keys = key_names(walk)
    text = f"A weight is not yet an effect: “{keys[most]}” adds {norms[most]:.2f} to the output"
    sinks = walk.weights / max(walk.weights.max(), 1e-30) / (norms / norms.max() + 1e-3)
    sink = int(np.argmax(np.where(walk.weights >= 0.05, sinks, 0)))
    if sink != most and sinks[sink] > 3:
        text += (
            f", and “{keys[sink]}” with {percent(float(walk.weights[sink]))} of the weight "
            f"only {norms[sink]:.2f}: its value is short, so that weight goes nowhere"
        )
    source = "Kobayashi et al. 2020, eq. 5"
    return Said("What each key adds", f"{text}.", "‖weightⱼ W_o vⱼ‖", source)


def _heads(walk: Explanation) -> Said:
    spec = walk.recorded.spec
    text = (
        f"The layer's heads do the same with other matrices; they are put side by side: "
        f"{spec.n_heads} × {spec.value_width} = {spec.n_heads * spec.value_width} numbers."
    )
    return Said("All heads", text, "Concat(head₁, …, headₕ)", f"{VASWANI}, sec. 3.2.2")


def _output(walk: Explanation) -> Said:
    recorded = walk.recorded
    norms = recorded.weights.norms
    inside = f"{recorded.sublayer}.norm_inside" in norms
    after = f"{recorded.sublayer}.norm_after" in norms
    text = "One more matrix mixes the heads; "
    text += "normed, the result" if inside else "the result"
    text += " is added to what came in" + ", and the sum is normed" * after
    body = "norm(Concat W_oᵀ + b_o)" if inside else "Concat W_oᵀ + b_o"
    formula = f"norm(h + {body})" if after else f"h + {body}"
    if recorded.projections.output.bias is None:
        formula = formula.replace(" + b_o", "")
    return Said("Output, residual, norm", f"{text}.", formula, f"{VASWANI}, sec. 3.1")


def _feed_forward(walk: Explanation) -> Said:
    spec = walk.recorded.layer.mlp
    given = walk.state("mlp_input")
    d = 0 if given is None else len(given)
    act = spec.activation
    text = f"Each token alone: {d} numbers become {spec.d_ff}, bent by {act}, and {d} again"
    if spec.experts:
        text = f"Each token alone goes through {spec.experts.top} of {spec.experts.n} experts"
        text += _gates(walk)
    if walk.recorded.layer.parallel:
        text += "; here beside the attention, of the same input"
    elif walk.recorded.layer.cross is not None and walk.recorded.kind == "decoder":
        text += "; the cross attention stands before it"
    gate = "W₂ (act(V x) ⊙ W₁ x)" if spec.gated else "W₂ act(W₁ x + b₁) + b₂"
    if spec.experts:
        return Said("Feed-forward", f"{text}.", f"Σᵢ gateᵢ Eᵢ(x), E(x) = {gate}", MIXTURE)
    source = "Shazeer 2020, eq. 6" if spec.gated else f"{VASWANI}, eq. 2"
    return Said("Feed-forward", f"{text}.", gate, source)


def _gates(walk: Explanation) -> str:
    """Which experts these are, each with its gate."""
    if walk.experts is None:
        return ""
    pairs = zip(*(array.tolist() for array in walk.experts), strict=True)
    shown = _listed([f"{expert} by {three_digits(gate)}" for expert, gate in pairs])
    return f", here {shown}, chosen by a router"


def _bare(formula: str) -> str:
    """A formula without its biases."""
    return formula.replace(" + b_q", "").replace(" + b_k", "").replace(" + b_v", "")


def _listed(parts: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


SAID: Mapping[str, Callable[[Explanation], Said]] = {
    "tokens": _tokens, "embedding": _embedding, "layer input": _layer_input,
    "projections": _projections, "products": _products, "scaling": _scaling, "bias": _bias,
    "mask": _mask, "softmax": _softmax, "context": _context, "contributions": _contributions,
    "heads": _heads, "output": _output, "feed-forward": _feed_forward,
}  # fmt: skip
