"""Make this folder from the polarity sentences, and measure what the classifier can do.

::

    python -m attnviz.models.sentiment.make FOLDER [--vectors FILE]

FOLDER holds rt-polarity.pos and rt-polarity.neg (Pang & Lee 2005), as they are or compressed with
xz. Needs no torch. The vectors are most of the work; with --vectors they are kept in a .npz file.
"""

from __future__ import annotations

import argparse
import lzma
import sys
from collections.abc import Sequence
from itertools import tee
from pathlib import Path
from string import Template

import numpy as np

from attnviz.model import Model, hidden_states, load
from attnviz.result import FloatArray
from attnviz.tasks.classifier import Classifier
from attnviz.tasks.classify import classifier_files
from attnviz.tasks.fit_classifier import Examples, Settings, fit_classifier
from attnviz.tasks.measures import folds, measure, paired_interval, together, wilson
from attnviz.tasks.runs import IntArray

HERE = Path(__file__).resolve().parent
LABELS = ("negative", "positive")
LAYERS = (3, 4, 5, 6)
N_FOLDS, SEED = 5, 3
NEWTON_STEPS = 7
PENALTIES = (100.0, 300.0)  # of the logistic regression on mean vectors, on standard scale


def read_sentences(folder: Path) -> tuple[list[str], IntArray]:
    """The sentences and their labels, 0 for negative."""
    texts: list[str] = []
    labels: list[int] = []
    for label, ending in enumerate(("neg", "pos")):
        for sentence in _lines(folder / f"rt-polarity.{ending}"):
            texts.append(sentence)
            labels.append(label)
    return texts, np.array(labels)


def _lines(path: Path) -> list[str]:
    packed = path.with_name(path.name + ".xz")
    data = lzma.decompress(packed.read_bytes()) if packed.exists() else path.read_bytes()
    return [line.strip() for line in data.decode().split("\n") if line.strip()]


def read_vectors(model: Model, texts: Sequence[str]) -> dict[str, np.ndarray]:
    """The tokens' vectors, their number, and the mean vector of each hidden state of each text."""
    n = len(model.spec.stacks[0].layers)
    x, lengths, pooled = [], [], []
    first, second = tee(model.encode(text, truncate=True) for text in texts)
    for given, states in zip(first, hidden_states(model, second, range(n + 1)), strict=True):
        kept = states[:, [not token.special for token in given.tokens]]
        x.append(kept[list(LAYERS)].mean(axis=0).astype(np.float16))
        lengths.append(kept.shape[1])
        pooled.append(kept.mean(axis=1))
        print(f"\r{len(x)} of {len(texts)}", end="", file=sys.stderr)
    return {"x": np.concatenate(x), "lengths": np.array(lengths), "pooled": np.stack(pooled)}


def by_attention(examples: Examples) -> tuple[FloatArray, str]:
    """Whether each sentence is decided rightly by a classifier fitted without its fold."""
    fold = folds(examples.labels, N_FOLDS, SEED)
    right = np.zeros(len(fold), np.float32)
    parts = []
    for number in range(N_FOLDS):
        held = np.flatnonzero(fold == number)
        classifier = fit(examples.of(np.flatnonzero(fold != number)), seed=number)
        test = examples.of(held)
        right[held] = classifier.logits(test.x.astype("f4"), test.lengths).argmax(1) == test.labels
        parts.append(measure(classifier, test))
    spread = together(parts)
    return right, f"entropy {spread.entropy:.3f}, concentration {spread.concentration:.3f}"


def by_mean(vectors: FloatArray, labels: IntArray, penalty: float) -> FloatArray:
    """The same for logistic regression on the mean vectors (text, d_model)."""
    fold = folds(labels, N_FOLDS, SEED)
    right = np.zeros(len(fold), np.float32)
    for number in range(N_FOLDS):
        seen = fold != number
        scaled = (vectors - vectors[seen].mean(axis=0)) / (vectors[seen].std(axis=0) + 1e-6)
        weights = regression(np.c_[scaled[seen], np.ones(seen.sum())], labels[seen], penalty)
        decided = scaled[~seen] @ weights[:-1] + weights[-1] > 0
        right[~seen] = decided == labels[~seen]
    return right


def regression(x: np.ndarray, labels: IntArray, penalty: float) -> np.ndarray:
    """Logistic regression by Newton's method, the last column's weight free of the penalty."""
    weights = np.zeros(x.shape[1])
    ridge = np.full(x.shape[1], penalty)
    ridge[-1] = 0
    for _ in range(NEWTON_STEPS):
        p = 1 / (1 + np.exp(-x @ weights))
        gradient = x.T @ (p - labels) + ridge * weights
        curvature = (x * (p * (1 - p))[:, None]).T @ x + np.diag(ridge)
        weights -= np.linalg.solve(curvature, gradient)
    return weights


def fit(examples: Examples, *, seed: int) -> Classifier:
    """A classifier with the settings that ``attnviz classify fit`` has."""
    return fit_classifier(
        examples, LABELS, model="all-MiniLM-L6-v2", layers=LAYERS, settings=Settings(seed=seed)
    )


def figures(examples: Examples, pooled: FloatArray) -> dict[str, str]:
    """Everything that the card says in numbers."""
    right, spread = by_attention(examples)
    rivals = {f"hidden state {i}": pooled[:, i] for i in range(pooled.shape[1])}
    rivals["mean of hidden states 3 to 6"] = pooled[:, list(LAYERS)].mean(axis=1)
    measured = {
        (name, penalty): by_mean(vectors, examples.labels, penalty)
        for name, vectors in rivals.items()
        for penalty in PENALTIES
    }
    (name, _), best = max(measured.items(), key=lambda item: float(item[1].mean()))
    low, high = wilson(int(right.sum()), len(right))
    mean, least, most = paired_interval(right - best)
    return {
        "accuracy": f"{right.mean():.3f} ({low:.3f} to {high:.3f})",
        "rival": f"{best.mean():.3f} ({name})",
        "difference": f"{100 * mean:.1f} points ({100 * least:.1f} to {100 * most:.1f})",
        "spread": spread,
        "n": f"{len(right):,}",
    }


def main() -> None:
    """Read, measure, fit on everything and write the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--vectors", type=Path, help="a .npz file that keeps the vectors")
    given = parser.parse_args()
    texts, labels = read_sentences(given.folder)
    if given.vectors and given.vectors.exists():
        vectors = dict(np.load(given.vectors))
    else:
        vectors = read_vectors(load(), texts)
        if given.vectors:
            np.savez(given.vectors, allow_pickle=False, **vectors)
    examples = Examples(vectors["x"], vectors["lengths"], labels)
    said = figures(examples, vectors["pooled"])
    card = Template((HERE / "card.md").read_text(encoding="utf-8")).substitute(said)
    for name, data in classifier_files(fit(examples, seed=0), card).items():
        (HERE / name).write_bytes(data)
    print(said)


if __name__ == "__main__":
    main()
