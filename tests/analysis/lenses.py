"""Small lenses and words made by hand, for the tests of what reads through them."""

from __future__ import annotations

import numpy as np

from attnviz.analysis.lenses import NOTHING, Lens
from attnviz.result import Token


def lens(relation="coreference", on=1.0, back=0.0, far=0.0, none=-100.0, **more):
    """A lens for one layer of two heads that reads only head 0."""
    table = lambda value: np.array([[value, 0.0]])  # noqa: E731
    given = {"nothing": np.zeros((len(NOTHING), 1, 2)), **more}
    return Lens(
        relation, on=table(on), back=table(back), place=np.array([far, 0, 0]), none=none, **given
    )


def units(text):
    """Words between special tokens."""
    words = [Token(w, word=i) for i, w in enumerate(text.split())]
    return (Token("[CLS]", special=True), *words, Token("[SEP]", special=True))


def looking(n, **links):
    """Weights (1, 2, n, n): head 0 puts the weights ``q3={1: 0.5}`` and nothing else."""
    weights = np.zeros((1, 2, n, n), np.float32)
    for query, keys in links.items():
        for key, weight in keys.items():
            weights[0, 0, int(query[1:]), key] = weight
    return weights
