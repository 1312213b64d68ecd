"""What the page of a walk draws of each step: vectors, the key-by-key view, weights and effects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import numpy as np
import numpy.typing as npt

from attnviz.analysis.explain import Explanation, Step
from attnviz.render.explained_numbers import (
    biased,
    context_sum,
    effects,
    norm_of,
    product_sum,
    scaling,
    scores,
    shape_of,
    shown_keys,
    strongest_numbers,
    vectors_of,
    weighed,
)
from attnviz.render.page.walk_svg import bar, signed_bar, strip, wave
from attnviz.render.page.walk_tables import key_button, key_table, term_table
from attnviz.render.safe import word_label
from attnviz.result import Token

Array = npt.NDArray[Any]
MOST_TOKENS = 120  # that are written out around the query
MOST_HEADS = 24  # that are drawn one by one, around this one
BEFORE = {"position": "+", "type": "+", "embedded": "=", "residual": "+", "sum": "="}


def body(step: Step, walk: Explanation) -> str:
    """The pictures and numbers of a step."""
    return BODIES.get(step.name, _vectors)(step, walk)


def _tokens(step: Step, walk: Explanation) -> str:
    """The tokens as chips, each over its id; of many, those around the query."""
    recorded = walk.recorded
    tokens, ids = recorded.tokens, step.arrays["ids"].tolist()
    start = max(0, min(recorded.query - MOST_TOKENS // 2, len(tokens) - MOST_TOKENS))
    stop = min(len(tokens), start + MOST_TOKENS)
    chips = [_chip(tokens[i], str(ids[i]), i == recorded.query) for i in range(start, stop)]
    left = len(tokens) - len(chips)
    note = f'<p class="quiet">and {left} tokens further away</p>' if left else ""
    return f'<ol class="chips">{"".join(chips)}</ol>{note}'


def _chip(token: Token, below: str, marked: bool, gone: bool = False) -> str:
    shown = escape(word_label(token))
    names = " ".join(["chip", *["marked"] * marked, *["gone"] * gone])
    return f'<li class="{names}"><bdi>{shown}</bdi><span class="number">{below}</span></li>'


def _vectors(step: Step, _: Explanation) -> str:
    """Each vector as a wave, with its length and largest numbers."""
    return "".join(_vector(name, values) for name, values in vectors_of(step).items())


def _vector(name: str, values: Array, mine: slice | None = None) -> str:
    largest = ", ".join(f"{number} at {i}" for number, i in strongest_numbers(values))
    sign = BEFORE.get(name, "")
    mark = f'<span class="sign" aria-hidden="true">{sign}</span>' if sign else ""
    return (
        f'<figure class="vector">{mark}<figcaption><b>{escape(name)}</b> '
        f'<span class="quiet">({len(values)}) · length {norm_of(values)}</span></figcaption>'
        f'{wave(values, mine=mine)}<p class="quiet number">largest {largest}</p></figure>'
    )


def _projections(step: Step, walk: Explanation) -> str:
    """q as a strip, over a strip of k and of v for each key; stages before them as waves."""
    q, (k, v) = step.arrays["q"], (step.arrays[name] for name in "kv")
    tops = [float(np.abs(each).max()) for each in (q, k, v)]
    stages = "".join(
        _strip_row(name, values, tops[0])
        for name, values in step.arrays.items()
        if values.ndim == 1
    )
    pictures = {"k": lambda i: strip(k[i], tops[1]), "v": lambda i: strip(v[i], tops[2])}
    rows = "".join(_pair(walk, i, pictures) for i in shown_keys(walk))
    made = " · ".join(
        f"{name} {shape_of(matrix)}" for name, matrix in step.matrices.items() if matrix.ndim == 2
    )
    return (
        f'<p class="quiet">x ({len(walk.x)}) times {escape(made)}</p>'
        f'<div class="scroll"><table class="keys strips">{stages}<tr><th scope="col">key</th>'
        f'<th scope="col">k</th><th scope="col">v</th></tr>{rows}</table></div>'
    )


def _strip_row(name: str, values: Array, top: float) -> str:
    shown = strip(values, top)
    return f'<tr><th scope="row">{escape(name)}</th><td colspan="2">{shown}</td></tr>'


def _pair(walk: Explanation, key: int, pictures: Mapping[str, Callable[[int], str]]) -> str:
    cells = "".join(f"<td>{draw(key)}</td>" for draw in pictures.values())
    return f'<tr class="key" data-key="{key}"><th scope="row">{_named(walk, key)}</th>{cells}</tr>'


def _named(walk: Explanation, key: int) -> str:
    return key_button(key, word_label(walk.recorded.keys[key]))


def _products(_: Step, walk: Explanation) -> str:
    """Every product qᵢ·kᵢ of each key and, beside it, which of them made one key's score."""
    q = walk.query.vectors[0]
    top = float(np.abs(walk.products).max())
    first = (
        f'<tr><th scope="row">q</th><td class="drawn">{strip(q, float(np.abs(q).max()))}</td>'
        '<td class="quiet">length ' + norm_of(q) + "</td></tr>"
    )
    drawn = {"": lambda i: strip(walk.products[i], top)}
    table = key_table(walk, scores(walk), {"q·k": "q·k"}, drawn, first=first)
    panels = "".join(_panel(walk, key) for key in shown_keys(walk))
    return f'<div class="two">{table}<div class="panels">{panels}</div></div>'


def _panel(walk: Explanation, key: int) -> str:
    """The products that made the score of one key."""
    q, k = walk.query.vectors[0], walk.keys.vectors[key]
    tops = (float(np.abs(q).max()), float(np.abs(walk.keys.vectors).max()))
    query = escape(word_label(walk.recorded.tokens[walk.recorded.query]))
    name = escape(word_label(walk.recorded.keys[key]))
    top = float(np.abs(walk.products).max())
    rows = (("q", q, tops[0]), ("k", k, tops[1]), ("qᵢkᵢ", walk.products[key], top))
    strips = "".join(
        f"<tr><th>{label}</th><td>{strip(values, most)}</td></tr>" for label, values, most in rows
    )
    hidden = "" if key == walk.strongest else " hidden"
    return (
        f'<div class="panel" data-panel="{key}"{hidden}><h3>The products of '
        f"<bdi>“{query}”</bdi> and <bdi>“{name}”</bdi></h3>"
        f'<table class="strips">{strips}</table>{term_table(product_sum(walk, key))}</div>'
    )


def _scaling(_: Step, walk: Explanation) -> str:
    """Scores before and after, by one measure, and the weights that either would give."""
    top = float(np.abs(walk.dots).max()) or 1.0
    pictures = {
        "q·k": lambda i: signed_bar(float(walk.dots[i]) / top),
        "scaled": lambda i: signed_bar(float(walk.scaled[i]) / top),
    }
    table = scaling(walk)
    return key_table(walk, table, {name: name for name in table.columns}, pictures)


def _bias(_: Step, walk: Explanation) -> str:
    """What positions add to each key's score."""
    table = biased(walk)
    top = max((float(np.abs(row).max()) for row in walk.biases.values()), default=1.0) or 1.0
    pictures = {
        name: lambda i, row=row: signed_bar(row[i] / top) for name, row in walk.biases.items()
    }
    return key_table(walk, table, {name: name for name in table.columns}, pictures)


def _mask(_: Step, walk: Explanation) -> str:
    """Which keys are hidden, around the query."""
    recorded = walk.recorded
    near = np.argsort(np.abs(np.arange(len(walk.visible)) - recorded.query), kind="stable")
    shown = sorted(near[:MOST_TOKENS].tolist())
    chips = [
        _chip(
            recorded.keys[i],
            "seen" if walk.visible[i] else "−∞",
            i == recorded.query and recorded.kind != "cross",
            not walk.visible[i],
        )
        for i in shown
    ]
    left = len(walk.visible) - len(shown)
    note = f'<p class="quiet">and {left} keys further away</p>' if left else ""
    return f'<ol class="chips">{"".join(chips)}</ol>{note}'


def _softmax(_: Step, walk: Explanation) -> str:
    """Exponentials, their sum, and the weights as bars."""
    table, found = weighed(walk), walk.softmax
    top = float(found.exponentials.max()) or 1.0
    pictures = {
        "e^score": lambda i: bar(float(found.exponentials[i]) / top, "pale"),
        "weight": lambda i: bar(float(walk.weights[i])),
    }
    return key_table(walk, table, {name: name for name in table.columns}, pictures)


def _context(step: Step, walk: Explanation) -> str:
    """Each value times its weight, and the sum of them below."""
    weighted = walk.weights[:, None] * walk.values.vectors
    top = float(np.abs(weighted).max())
    drawn = {"weight": lambda i: strip(weighted[i], top)}
    last = (
        '<tr class="total"><th scope="row">c</th><td></td>'
        f'<td class="drawn">{strip(walk.context, top)}</td></tr>'
    )
    table = key_table(walk, scores(walk), {"weight": "weight"}, drawn, last=last)
    at = int(np.abs(walk.context).argmax())
    panel = f"<h3>How c{at}, its largest number, comes about</h3>{term_table(context_sum(walk))}"
    both = f'<div class="two">{table}<div class="panels">{panel}</div></div>'
    return both + _vectors(step, walk)


def _contributions(_: Step, walk: Explanation) -> str:
    """Each key's weight beside the length of what it adds."""
    norms = np.linalg.norm(walk.contributions, axis=1)
    top = float(norms.max()) or 1.0
    pictures = {
        "weight": lambda i: bar(float(walk.weights[i])),
        "adds": lambda i: bar(float(norms[i]) / top, "adds"),
    }
    columns = {"weight": "weight", "‖v‖": "‖v‖", "adds": "adds"}
    return key_table(walk, effects(walk), columns, pictures)


def _heads(step: Step, walk: Explanation) -> str:
    """All heads side by side, this one marked; then each alone."""
    head, spec, concat = walk.recorded.head, walk.recorded.spec, step.arrays["concat"]
    d, top = spec.value_width, float(np.abs(concat).max())
    mine = slice(head.head * d, (head.head + 1) * d)
    note = f"marked: the {d} numbers of head {head}, from {mine.start} to {mine.stop - 1}"
    start = max(0, min(head.head - MOST_HEADS // 2, spec.n_heads - MOST_HEADS))
    alone = "".join(
        f'<li class="{"marked" if number == head.head else ""}">{head.layer}.{number} '
        f"{strip(concat[number * d : (number + 1) * d], top)}</li>"
        for number in range(start, min(spec.n_heads, start + MOST_HEADS))
    )
    whole = _vector("concat", concat, mine)
    return f'{whole}<p class="quiet">{note}</p><ol class="others">{alone}</ol>'


BODIES: Mapping[str, Callable[[Step, Explanation], str]] = {
    "tokens": _tokens, "projections": _projections, "products": _products, "scaling": _scaling,
    "bias": _bias, "mask": _mask, "softmax": _softmax, "context": _context,
    "contributions": _contributions, "heads": _heads,
}  # fmt: skip
