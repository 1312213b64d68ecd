"""The first screen of a walk's page: the sentence by weight, and every step as a small card."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from html import escape

import numpy as np

from attnviz.analysis.explain import Explanation, Step
from attnviz.render.explained import key_names, three_digits
from attnviz.render.explained_numbers import norm_of, shown_keys, vectors_of
from attnviz.render.page.sentence import running
from attnviz.render.page.shaded_page import LEVELS
from attnviz.render.page.walk_svg import bar, signed_bar, strip, wave

MOST_SHADED = 400  # tokens of the running text, around the query


def sentence(walk: Explanation) -> Iterator[str]:
    """The text that is looked at, shaded by the weights of the row; the query stands out."""
    recorded = walk.recorded
    if recorded.kind == "cross":
        asking = running(recorded.tokens, ())
        yield '<p class="sentence asking" dir="auto">'
        for i, (before, shown, label, *_) in enumerate(asking[:MOST_SHADED]):
            name = "word asked" if i == recorded.query else "word"
            yield f'{escape(before)}<span class="{name}">{escape(shown or label)}</span>'
        yield "</p>\n"
    yield '<p class="sentence" dir="auto">'
    for i, (before, shown, label, _, special, *_) in enumerate(running(recorded.keys, ())):
        if i == MOST_SHADED:
            yield " …"
            break
        weight = float(walk.weights[i])
        names = ["word", f"w{round(weight**0.5 * LEVELS)}", *["special"] * special]
        names += ["asked"] * (recorded.kind != "cross" and i == recorded.query)
        text = escape(label if special else shown or label)
        told = f'title="{three_digits(weight)}"'
        yield f'{escape(before)}<span class="{" ".join(names)}" {told}>{text}</span>'
    yield "</p>\n"


def gist(step: Step, walk: Explanation) -> str:
    """The one number of a step."""
    return GISTS.get(step.name, _length)(step, walk)


def thumbnail(step: Step, walk: Explanation) -> str:
    """A step as a small picture."""
    return THUMBNAILS.get(step.name, _last_wave)(step, walk)


def _length(step: Step, _: Explanation) -> str:
    vectors = vectors_of(step)
    return f"length {norm_of(list(vectors.values())[-1])}" if vectors else ""


def _strongest(walk: Explanation, value: float) -> str:
    return f"{key_names(walk)[walk.strongest]} {three_digits(value)}"


def _most_added(walk: Explanation) -> str:
    norms = np.linalg.norm(walk.contributions, axis=1)
    at = int(norms.argmax())
    return f"{key_names(walk)[at]} {norms[at]:.2f}"


def _last_wave(step: Step, _: Explanation) -> str:
    vectors = vectors_of(step)
    return wave(list(vectors.values())[-1], small=True) if vectors else ""


def _tokens(_: Step, walk: Explanation) -> str:
    recorded = walk.recorded
    n = min(len(recorded.tokens), 24)
    start = max(0, min(recorded.query - n // 2, len(recorded.tokens) - n))
    row = np.full(n, 0.25)
    row[recorded.query - start] = 1
    return strip(row, 1.0, small=True, ink="weight")


def _rows(walk: Explanation, draw: Callable[[int], str]) -> str:
    rows = "".join(f"<li>{draw(key)}</li>" for key in shown_keys(walk))
    return f'<ul class="rows">{rows}</ul>'


def _products(_: Step, walk: Explanation) -> str:
    top = float(np.abs(walk.products).max())
    return _rows(walk, lambda i: strip(walk.products[i], top, small=True))


def _scaling(_: Step, walk: Explanation) -> str:
    top = float(np.abs(walk.dots).max()) or 1.0
    return _rows(walk, lambda i: signed_bar(float(walk.scaled[i]) / top))


def _weights(_: Step, walk: Explanation) -> str:
    return _rows(walk, lambda i: bar(float(walk.weights[i])))


def _effects(_: Step, walk: Explanation) -> str:
    norms = np.linalg.norm(walk.contributions, axis=1)
    top = float(norms.max()) or 1.0
    return _rows(walk, lambda i: bar(float(norms[i]) / top, "adds"))


def _mask(_: Step, walk: Explanation) -> str:
    return strip(np.where(walk.visible, 0.5, 0.0), 1.0, small=True, ink="weight")


def _heads(step: Step, walk: Explanation) -> str:
    head, d = walk.recorded.head.head, walk.recorded.spec.value_width
    mine = slice(head * d, (head + 1) * d)
    return wave(step.arrays["concat"], mine=mine, small=True)


def _projections(step: Step, walk: Explanation) -> str:
    keys = step.arrays["k"]
    top = float(np.abs(keys).max())
    return _rows(walk, lambda i: strip(keys[i], top, small=True))


GISTS: Mapping[str, Callable[[Step, Explanation], str]] = {
    "tokens": lambda _, walk: f"id {walk.recorded.embedded.id}",
    "projections": lambda _, walk: f"{len(walk.x)} → {walk.recorded.spec.d_head}",
    "products": lambda _, walk: _strongest(walk, walk.dots[walk.strongest]),
    "scaling": lambda _, walk: _strongest(walk, walk.scaled[walk.strongest]),
    "bias": lambda _, walk: _strongest(walk, walk.scores[walk.strongest]),
    "mask": lambda _, walk: f"{int((~walk.visible).sum())} hidden",
    "softmax": lambda _, walk: _strongest(walk, walk.weights[walk.strongest]),
    "contributions": lambda _, walk: _most_added(walk),
    "heads": lambda _, walk: f"{walk.recorded.spec.n_heads} × {walk.recorded.spec.value_width}",
}
THUMBNAILS: Mapping[str, Callable[[Step, Explanation], str]] = {
    "tokens": _tokens, "projections": _projections, "products": _products, "scaling": _scaling,
    "bias": _scaling, "mask": _mask, "softmax": _weights, "contributions": _effects,
    "heads": _heads,
}  # fmt: skip
