"""From labelled texts to a classifier: vectors, a held-out measure, and a fit on everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from attnviz.memory import require
from attnviz.model import Model
from attnviz.result import FloatArray
from attnviz.tasks.classifier import Classifier
from attnviz.tasks.fit_classifier import Examples, Settings, fit_classifier
from attnviz.tasks.labelled_texts import LabelledTexts
from attnviz.tasks.measures import HeldOut, folds, measure, together
from attnviz.tasks.states import later_half, read

N_FOLDS = 5
OFTEN = 256  # texts between two looks at the memory
COPIES = 3  # of the vectors, while they are put together and shared out
FEW = 2000  # texts, up to which every one of them is held out once

DEFAULT = Settings()
Tell = Callable[[str, float], None]


class Trained(NamedTuple):
    """A classifier fitted on all texts, and how well such a one did on those it had not seen."""

    classifier: Classifier
    held_out: HeldOut


def train(
    model: Model,
    given: LabelledTexts,
    *,
    layers: tuple[int, ...] | None = None,
    settings: Settings = DEFAULT,
    tell: Tell = lambda phase, share: None,  # noqa: ARG005
) -> Trained:
    """Fit a classifier on texts; ``tell`` hears what is being done, and the share that is done."""
    layers = layers or later_half(model)
    examples = examples_of(model, given, layers, lambda share: tell("reading the texts", share))

    def fit(part: Examples, phase: str) -> Classifier:
        return fit_classifier(
            part,
            given.names,
            model=model.info.name,
            layers=layers,
            settings=settings,
            progress=lambda share: tell(phase, share),
        )

    measured = held_out(examples, fit)
    return Trained(fit(examples, "fitting on all texts"), measured)


def examples_of(
    model: Model,
    given: LabelledTexts,
    layers: tuple[int, ...],
    progress: Callable[[float], None] = lambda share: None,  # noqa: ARG005
) -> Examples:
    """The vectors of all texts, in float16; texts that are too long are cut."""
    parts: list[FloatArray] = []
    n_bytes, n = 0, len(given.texts)
    for reading in read(model, given.texts, layers, truncate=True):
        parts.append(reading.x.astype(np.float16))
        n_bytes += parts[-1].nbytes
        if len(parts) % OFTEN == 0:
            foreseen = COPIES * n_bytes * n // len(parts)
            require(foreseen, "the vectors of these texts", "give fewer")
        progress(len(parts) / n)
    lengths = np.array([len(part) for part in parts])
    return Examples(np.concatenate(parts), lengths, np.array(given.labels))


def held_out(examples: Examples, fit: Callable[[Examples, str], Classifier]) -> HeldOut:
    """What classifiers do on a fifth of the texts, fitted on the rest; of few texts, on each."""
    fold = folds(examples.labels, N_FOLDS)
    measured = []
    for number in range(N_FOLDS if len(fold) <= FEW else 1):
        classifier = fit(examples.of(np.flatnonzero(fold != number)), "measuring on held-out texts")
        measured.append(measure(classifier, examples.of(np.flatnonzero(fold == number))))
    return together(measured)
