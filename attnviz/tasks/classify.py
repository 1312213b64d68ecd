"""Classifying texts: a head over a model's vectors, and what each word has to do with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from attnviz.brief import brief
from attnviz.errors import BadCheckpoint, quote
from attnviz.model import Model
from attnviz.model.inputs import Input
from attnviz.result import FloatArray, Token
from attnviz.tasks.additive import AdditiveAttention
from attnviz.tasks.classifier import Classifier, Decision
from attnviz.tasks.head_files import read_head, written_head
from attnviz.tasks.states import read
from attnviz.tasks.words import sum_over_words

DEFAULT_CLASSIFIER = "sentiment"
TASK = "classify"
SHAPES = {
    "projection": ("d_model", "d_attention"),
    "bias": ("d_attention",),
    "query": ("d_attention",),
    "output": ("d_model", "n_labels"),
    "output_bias": ("n_labels",),
}


@dataclass(frozen=True, slots=True, eq=False)
class Classified:
    """A text with its decision, word by word.

    ``attention`` (word,) sums to 1; ``margins`` (word,) are what each word adds to the log-odds
    of ``label`` over ``rival``, to which they sum exactly.
    """

    text: str
    words: tuple[Token, ...]
    attention: FloatArray
    margins: FloatArray
    decision: Decision

    __repr__ = brief

    @property
    def label(self) -> str:
        """The label that is decided for."""
        return self.decision.labels[self.decision.ranked[0]]

    @property
    def rival(self) -> str:
        """The label that comes second."""
        return self.decision.labels[self.decision.ranked[1]]

    @property
    def probability(self) -> float:
        """The probability of ``label``."""
        return float(self.decision.probabilities[self.decision.ranked[0]])

    @property
    def log_odds(self) -> float:
        """ln of the probability of ``label`` over that of ``rival``."""
        return float(self.margins.sum())


def load_classifier(name: str | Path = DEFAULT_CLASSIFIER) -> Classifier:
    """The classifier that comes with attnviz under that name, or the one in a folder.

    Raises ModelNotFound or BadCheckpoint.
    """
    config, arrays = read_head(name, TASK, SHAPES)
    labels = config.get("labels")
    if not (
        isinstance(labels, list)
        and len(labels) == config.get("n_labels")
        and all(isinstance(label, str) for label in labels)
        and len(set(labels)) == len(labels) > 1
    ):
        raise BadCheckpoint(f"the head in {quote(name)} does not name the labels it chooses from")
    attention = AdditiveAttention(arrays["projection"], arrays["bias"], arrays["query"])
    return Classifier(
        tuple(labels),
        attention,
        arrays["output"],
        arrays["output_bias"],
        config["model"],
        tuple(config["layers"]),
    )


def classifier_files(classifier: Classifier, card: str) -> dict[str, bytes]:
    """The files of a classifier's folder by name, which ``load_classifier`` reads."""
    d_model, d_attention = classifier.attention.projection.shape
    config = {
        "task": TASK,
        "labels": list(classifier.labels),
        "n_labels": len(classifier.labels),
        "model": classifier.model,
        "layers": list(classifier.layers),
        "d_model": d_model,
        "d_attention": d_attention,
    }
    output = {"output": classifier.output, "output_bias": classifier.bias}
    return written_head(config, classifier.attention.arrays() | output, card)


def classify(
    classifier: Classifier, model: Model, texts: Iterable[str | Input], *, truncate: bool = False
) -> Iterator[Classified]:
    """The decisions on texts in order, by the model that the classifier was fitted on.

    A text may be what ``states.encode`` made of it.

    Raises EmptyText, TooLong, and BadCheckpoint for a model of another size.
    """
    d_model, expected = model.spec.stacks[0].d_model, classifier.output.shape[0]
    if d_model != expected:
        raise BadCheckpoint(
            f"the head was fitted on vectors of {expected} numbers by {quote(classifier.model)}, "
            f"but those of {model.info.name} have {d_model}"
        )
    for reading in read(model, texts, classifier.layers, truncate=truncate):
        decision = classifier.decide(reading.x)
        rows = np.stack([decision.attention, decision.margins])
        words, (attention, margins) = sum_over_words(reading.tokens, reading.text, rows)
        yield Classified(reading.text, words, attention, margins, decision)
