"""Figures as tests see them: their texts with the boxes around them, and their pixels."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from PIL import Image

from attnviz.analysis.answers import MatrixView
from attnviz.render.figure import save
from attnviz.render.figure.label import Label
from attnviz.render.figure.save import Format
from attnviz.result import FloatArray, Token
from tests.support.results import attention

SENTENCE = "[CLS] He took the hat and examined it carefully [SEP]"
TOUCH = 1.0  # pixels by which antialiased boxes may touch


def tokens(text: str = SENTENCE) -> tuple[Token, ...]:
    return tuple(Token(piece, special=piece.startswith("[")) for piece in text.split(" "))


def many(n: int) -> tuple[Token, ...]:
    words = tokens("[CLS] the transformer architecture is a long-winded , venerable thing . [SEP]")
    return tuple(words[i % len(words)] for i in range(n))


def softmax(queries: int, keys: int | None = None, *, seed: int = 0) -> FloatArray:
    """Weights (query, key) whose rows sum to 1."""
    return attention((1, 1, queries, keys or queries), seed=seed)[0, 0]


def view(n: int = 10, title: str = "head 3.1", *, seed: int = 0) -> MatrixView:
    shown = tokens() if n == 10 else many(n)
    return MatrixView(softmax(n, seed=seed), shown, shown, title)


def labels(figure: Figure) -> list[Label]:
    return [text for text in figure.findobj(Label) if text.get_text()]


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in labels(figure)]


def notes(figure: Figure) -> str:
    """All words of a figure in one line, however they were broken."""
    return " ".join(texts(figure))


def boxes(figure: Figure) -> npt.NDArray[np.float64]:
    """Left, bottom, right and top of every text, in pixels: (text, 4)."""
    renderer = figure.canvas.get_renderer()
    return np.array([text.get_window_extent(renderer).extents for text in labels(figure)])


def overlapping(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts that cover each other."""
    left, bottom, right, top = boxes(figure).T
    wide = np.minimum.outer(right, right) - np.maximum.outer(left, left)
    high = np.minimum.outer(top, top) - np.maximum.outer(bottom, bottom)
    shown = texts(figure)
    pairs = np.argwhere(np.triu((wide > TOUCH) & (high > TOUCH), k=1))
    return [(shown[i], shown[j]) for i, j in pairs]


def cut(figure: Figure) -> list[str]:
    """Texts that reach beyond the paper."""
    left, bottom, right, top = boxes(figure).T
    width, height = figure.get_size_inches() * figure.dpi
    beyond = (left < 0) | (bottom < 0) | (right > width + TOUCH) | (top > height + TOUCH)
    return [text for text, is_beyond in zip(texts(figure), beyond, strict=True) if is_beyond]


def pixels(figure: Figure) -> npt.NDArray[np.int16]:
    """The figure as it is drawn: (high, wide, rgb)."""
    with Image.open(io.BytesIO(written(figure, "png"))) as image:
        return np.asarray(image.convert("RGB")).astype(np.int16)


def written(figure: Figure, format: Format) -> bytes:
    stream = io.BytesIO()
    save(figure, stream, format)
    return stream.getvalue()


def svg_texts(figure: Figure) -> list[str]:
    """What a reader can select and search in the SVG."""
    root = ElementTree.fromstring(written(figure, "svg"))
    return ["".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")]


def count(shown: Sequence[str], text: str) -> int:
    return sum(text == other for other in shown)
