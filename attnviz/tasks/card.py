"""What is written about a fitted classifier: a report for the terminal, and its folder's card."""

from __future__ import annotations

from collections.abc import Iterator

from attnviz.errors import quote
from attnviz.tasks.labelled_texts import LabelledTexts
from attnviz.tasks.measures import HeldOut
from attnviz.tasks.train import Trained

MOST_LABELS, LONGEST_LABEL = 12, 16


def report(trained: Trained, given: LabelledTexts) -> Iterator[str]:
    """The measures line by line, and the table of labels where it is not too large."""
    held = trained.held_out
    low, high = held.interval
    yield f"{len(given.texts):,} texts, {len(given.names)} labels; measured on {held.n:,} held out"
    yield f"accuracy       {held.accuracy:.3f}  (95 % interval {low:.3f} to {high:.3f})"
    yield f"majority label {held.majority:.3f}  (the accuracy of always saying the same)"
    yield f"entropy        {held.entropy:.3f}  (of attention; 1 is the same weight for every token)"
    yield f"concentration  {held.concentration:.3f}  (the largest weight of a text, on average)"
    if len(given.names) <= MOST_LABELS:
        yield ""
        yield from _table(held, given.names)


def _table(held: HeldOut, names: tuple[str, ...]) -> Iterator[str]:
    """The confusion: true labels down, decisions across."""
    short = [_short(name) for name in names]
    left = max(len("true"), *map(len, short))
    widths = [max(len(name), 5) for name in short]
    yield f"{'true':<{left}}  decided"
    yield " " * left + "".join(f"  {n:>{w}}" for n, w in zip(short, widths, strict=True))
    for name, row in zip(short, held.confusion.tolist(), strict=True):
        yield f"{name:<{left}}" + "".join(
            f"  {count:>{width}}" for count, width in zip(row, widths, strict=True)
        )


def _short(name: str) -> str:
    shown = quote(name)[1:-1]
    return shown if len(shown) <= LONGEST_LABEL else shown[: LONGEST_LABEL - 1] + "…"


def card_of(trained: Trained, given: LabelledTexts, source: str) -> str:
    """The card of a classifier that somebody fitted: what it is, on what, and how good."""
    classifier = trained.classifier
    layers = ", ".join(map(str, classifier.layers))
    measures = "\n".join(report(trained, given))
    return (
        "# A classifier by additive attention\n\n"
        f"Made by `attnviz classify fit` from {quote(source)}. It weighs the vectors that "
        f"{classifier.model} gives to the tokens of a text (the mean of its hidden states "
        f"{layers}, special tokens left out) by additive attention and decides by their "
        "weighted sum.\n\n"
        f"```text\n{measures}\n```\n\n"
        "The measures are those of classifiers fitted on the other texts; the one in this folder "
        "is fitted on all. It knows nothing of texts that are unlike these.\n"
    )
