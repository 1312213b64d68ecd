"""What a cut changes, in words."""

from __future__ import annotations

import math

import numpy as np

from attnviz.analysis.cuts import EQUAL, LOOSE, STRICT, Cut, CutEffect, Prediction, Standing
from attnviz.render.claims import title_of_claims
from attnviz.render.labels import label_notes
from attnviz.render.numbers import counted, short
from attnviz.render.safe import label, word_label
from attnviz.render.sentences import unknown_notes
from attnviz.result import Head

CAUSE = (
    "Effects follow weight: a cut shows what a link does to vectors, not why a model answers as it "
    "does."
)
REMARKABLE = 0.95
"""From this percentile on an effect is more than that of nearly all links of equal weight."""


def cut_name(cut: Cut, effect: CutEffect) -> str:
    """``it → hat in head 3.1``, ``head 3.1``, ``it → hat in all 72 heads``."""
    heads, link = _heads(cut.heads), cut_link(effect, cut)
    return heads if cut.query is None else f"{link} in {heads}"


def cut_link(effect: CutEffect, cut: Cut | None = None) -> str:
    """``it → hat`` of a cut, of that of the effect if none is given; silenced heads as they are."""
    query, key = (cut or effect.cut).query, (cut or effect.cut).key
    if query is None or key is None:
        return _heads((cut or effect.cut).heads)
    return f"{word_label(effect.tokens[query])} → {word_label(effect.tokens[key])}"


def moved_name(effect: CutEffect) -> str:
    """What the effect is of: ``the final vector of “it” moves``."""
    if effect.cut.query is None:
        return "final vectors move on average"
    return f"the final vector of “{word_label(effect.tokens[effect.cut.query])}” moves"


def cut_sentences(found: CutEffect) -> list[str]:
    """What was cut and what it moves, beside the same elsewhere; answers and predictions."""
    name, moves = cut_name(found.cut, found), short(found.effect)
    if found.cut.query is None:
        said = [f"Silencing {name} moves final vectors by {moves} on average (1 − cosine)."]
    else:
        word = word_label(found.tokens[found.cut.query])
        weight = f"{found.weight:.2f}"
        said = [
            f"Cutting {name}, of weight {weight}, moves the final vector of {word} by {moves} "
            "(1 − cosine)."
        ]
    more = [*_called(found), *_beside(found), *_answers(found), *_predicted(found.prediction)]
    return [*said, *more, *unknown_notes(found.tokens)]


def _called(found: CutEffect) -> list[str]:
    """What the only head was found to be."""
    return label_notes(found.cut.heads[0], found.labels)


def _beside(found: CutEffect) -> list[str]:
    """Where the effect stands among those of other cuts."""
    share = found.percentile
    if share is None:
        return ["There is no link of equal weight to compare with."]
    what = controls_name(found)
    remark = "" if share >= REMARKABLE else ": not remarkable"
    median = short(float(np.median(found.others)))
    said = [
        f"That is more than {_share(share)} of {what} (median {median}){remark}.{_bounds(found)}"
    ]
    if found.nearest is not None:
        name = cut_name(found.nearest.cut, found)
        moves, weight = short(found.nearest.effect), f"{found.nearest.weight:.2f}"
        said.append(f"Cutting {name}, of weight {weight}, moves it by {moves}.")
    return said


def controls_name(found: CutEffect) -> str:
    """``74 links of equal weight in layer 3``, ``the 11 other heads of its layer``."""
    n = len(found.others)
    if found.cut.query is None:
        return f"the {counted(n, 'other head')} of its layer"
    layers = {head.layer for head in found.cut.heads}
    where = f"layer {min(layers)}" if len(layers) == 1 else "the same heads"
    return f"{counted(n, 'link')} of equal weight in {where}"


def _bounds(found: CutEffect) -> str:
    """What another meaning of equal weight would say, for none is the right one."""
    if found.bounds is None:
        return ""
    strict, loose = map(_standing, found.bounds)
    return (
        f" Weights are equal up to a factor of {EQUAL}; up to {STRICT} it is more than {strict}, "
        f"up to {LOOSE:g} than {loose}."
    )


def _standing(found: Standing) -> str:
    """``68% of 33 links``, ``all of 8 links``."""
    return f"{_share(found.share)} of {counted(found.n, 'link')}"


def _share(share: float) -> str:
    """A share as after "more than": ``74%``, and all or none of them in words."""
    if share in (0, 1):
        return "all" if share else "none"
    return f"{min(max(math.floor(share * 100 + 0.5), 1), 99)}%"


def _answers(found: CutEffect) -> list[str]:
    if not found.before:
        return []
    return [f"Before: {title_of_claims(found.before)}. After: {title_of_claims(found.after)}."]


def _predicted(prediction: Prediction | None) -> list[str]:
    if prediction is None:
        return []
    before, after = (
        ", ".join(f"{label(text)} {chance:.2f}" for text, chance in said)
        for said in (prediction.before, prediction.after)
    )
    return [
        f"What comes next changes by {short(prediction.bits)} bits: {before} before; {after} after."
    ]


def _heads(heads: tuple[Head, ...]) -> str:
    layers = {head.layer for head in heads}
    if len(heads) == 1:
        return f"head {heads[0]}"
    if len(layers) == 1:
        return f"the {len(heads)} heads of layer {min(layers)}"
    return f"all {len(heads)} heads"
