"""Ways to weigh the sentences of a document without any training: LexRank, and what comes first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from attnviz.result import FloatArray

WORD = re.compile(r"\w+")
THRESHOLD, DAMPING = 0.1, 0.85
MOST_STEPS, CLOSE = 200, 1e-7


def first_sentences(sentences: Sequence[str]) -> FloatArray:
    """Weights (sentence,) that fall with its number: in proportion to 1, 1/2, 1/3 …"""
    falling = 1 / np.arange(1, len(sentences) + 1, dtype=np.float32)
    found: FloatArray = falling / falling.sum()
    return found


def lexrank(sentences: Sequence[str]) -> FloatArray:
    """LexRank (Erkan & Radev 2004, section 3.3): weights (sentence,) that sum to 1.

    The stationary distribution of a walk that goes from a sentence to another in proportion to
    the cosine of their tf-idf vectors, where that is at least 0.1, and with probability 0.15
    anywhere. Frequencies in documents are counted over these sentences.
    """
    n = len(sentences)
    similar = _cosines([Counter(WORD.findall(text.lower())) for text in sentences])
    similar[similar < THRESHOLD] = 0
    np.fill_diagonal(similar, 1)
    steps = DAMPING * similar / similar.sum(axis=1, keepdims=True) + (1 - DAMPING) / n
    ranks = np.full(n, 1 / n)
    for _ in range(MOST_STEPS):
        ranks, before = ranks @ steps, ranks
        if np.abs(ranks - before).sum() < CLOSE:
            break
    found: FloatArray = (ranks / ranks.sum()).astype(np.float32)
    return found


def _cosines(counts: Sequence[Counter[str]]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """The cosines of tf-idf vectors (sentence, sentence)."""
    words = {word: i for i, word in enumerate(dict.fromkeys(w for each in counts for w in each))}
    tf = np.zeros((len(counts), len(words)))
    for row, each in zip(tf, counts, strict=True):
        row[[words[word] for word in each]] = list(each.values())
    vectors = tf * np.log(len(counts) / np.maximum((tf > 0).sum(axis=0), 1) + 1e-9)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors /= np.where(lengths > 0, lengths, 1)
    found: np.ndarray[tuple[int, int], np.dtype[np.float64]] = vectors @ vectors.T
    return found
