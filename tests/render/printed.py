"""Views to print, and what a terminal would show of them."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

import numpy as np
from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.style import Style

from attnviz.analysis.answers import MatrixView, WordAttention
from attnviz.render.terminal import Colour, Screen
from attnviz.render.terminal.measure import width_of
from attnviz.result import AttentionMap, FloatArray, Head, Token

HAT = "He took the hat and examined it carefully"
SPECIAL = ("[CLS]", "[SEP]")
ESCAPE = re.compile("\x1b\\[[0-9;]*m")


def tokens(words: str | Sequence[str]) -> tuple[Token, ...]:
    """Words as tokens with their places in a text; [CLS] and [SEP] are special."""
    made, start = [], 0
    for word in words.split() if isinstance(words, str) else words:
        made.append(Token(word, start=start, end=start + len(word), special=word in SPECIAL))
        start += len(word) + 1
    return tuple(made)


def softmax(*shape: int, seed: int = 0) -> FloatArray:
    """Random weights whose rows sum to one, sharp enough to have strong and weak ones."""
    scores = np.random.default_rng(seed).normal(size=shape, scale=2.5)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return (weights / weights.sum(-1, keepdims=True)).astype(np.float32)


def view(
    words: str | Sequence[str] = HAT, *, keys: Sequence[str] = (), **said: object
) -> MatrixView:
    """A view of random weights over these words."""
    queries = tokens(words)
    across = tokens(keys) if keys else queries
    given = {"weights": softmax(len(queries), len(across)), "title": "head 3.1", **said}
    return MatrixView(queries=queries, keys=across, **given)  # type: ignore[arg-type]


def spotlight(queries: int, keys: int, *spots: tuple[int, int]) -> FloatArray:
    """Weights that are 0 but for 1 at some places."""
    weights = np.zeros((queries, keys), np.float32)
    for spot in spots:
        weights[spot] = 1.0
    return weights


def hat_answer(**changed: object) -> WordAttention:
    """Where "it" looks, as head 3.1 and 4.7 and the mean of 72 heads say."""
    rows = np.full((2, 8), 0.02, np.float32)
    rows[0, 3], rows[1, 5] = 0.75, 0.5
    mean = np.full(8, 0.05, np.float32)
    mean[3] = 0.25
    said = {
        "word": tokens(HAT)[6],
        "position": 6,
        "keys": tokens(HAT),
        "mean": mean,
        "heads": (Head(3, 1), Head(4, 7)),
        "rows": rows,
        "tops": (3, 5),
        "top": 3,
        "n_heads": 72,
    }
    return WordAttention(**{**said, **changed})  # type: ignore[arg-type]


def attention(layers: int, heads: int, length: int, seed: int = 0) -> AttentionMap:
    """A random map."""
    return AttentionMap(softmax(layers, heads, length, length, seed=seed))


def screen(width: int = 80, colour: Colour = Colour.NONE, encoding: str = "utf-8") -> Screen:
    """A screen that is no terminal."""
    return Screen(width=width, colour=colour, encoding=encoding)


def lines(picture: RenderableType) -> list[list[Segment]]:
    """The segments of each line that rich prints, with nothing cropped."""
    console = Console(width=1000, file=io.StringIO(), _environ={})
    return list(Segment.split_lines(console.render(picture)))


def text(picture: RenderableType) -> list[str]:
    """The characters of each line that rich prints, without colours."""
    return ["".join(part.text for part in line if not part.control) for line in lines(picture)]


def written(picture: RenderableType, screen: Screen) -> str:
    """Everything that a console of this screen's kind writes, escapes included."""
    raw = io.BytesIO()
    system = None if screen.colour is Colour.NONE else screen.colour.value
    console = Console(
        width=screen.width,
        file=io.TextIOWrapper(raw, encoding=screen.encoding),
        force_terminal=screen.colour is not Colour.NONE,
        color_system=system,
        highlight=True,
        markup=True,
        _environ={},
    )
    console.print(picture, end="")
    console.file.flush()
    return raw.getvalue().decode(screen.encoding)


def columns(line: Sequence[Segment]) -> list[tuple[str, Style | None]]:
    """Each column of a line: what it shows and how; a wide character fills its columns."""
    shown: list[tuple[str, Style | None]] = []
    for part in line:
        if part.control:
            continue
        if width_of(part.text) == len(part.text):
            shown += [(char, part.style) for char in part.text]
        else:
            shown += [(part.text, part.style)] * width_of(part.text)
    return shown


def grounded(line: Sequence[Segment]) -> list[int]:
    """The columns of a line that have a colour of their own behind them."""
    return [n for n, (_, style) in enumerate(columns(line)) if style and style.bgcolor]
