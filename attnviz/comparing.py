"""Two texts, or two models, laid on each other word by word: asked in one call."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, overload

from attnviz import findings
from attnviz.analysis.compare import Comparison, Labels
from attnviz.analysis.compare import compare as lay
from attnviz.analysis.labels import are_of
from attnviz.errors import InputError
from attnviz.result import AttentionResult, Head

if TYPE_CHECKING:
    from attnviz.model import Model

Named = Head | tuple[int, int] | str | None


@overload
def compare(
    first: AttentionResult, second: AttentionResult, *, head: Named = None
) -> Comparison: ...


@overload
def compare(
    first: Model, second: str, other: str, *, head: Named = None, truncate: bool = False
) -> Comparison: ...


@overload
def compare(
    first: Model, second: str, *, against: Model, head: Named = None, truncate: bool = False
) -> Comparison: ...


def compare(
    first: Model | AttentionResult,
    second: str | AttentionResult,
    other: str | None = None,
    *,
    against: Model | None = None,
    head: Named = None,
    truncate: bool = False,
) -> Comparison:
    """What changes from one text to another, or from one model to another.

    ``compare(model, text, other)`` attends to two texts, ``compare(model, text, against=model)`` to
    one in two models, and ``compare(result, result)`` takes what is there already. Words are
    aligned; of two models each head is compared with the one most like it, one to one, which needs
    SciPy. ``head`` is the head of the first to show, else the one that changes most. The weights of
    both are float32 (pair of heads, query, key) between the words that both have. Raises InputError
    for anything else to compare, for texts without a common word, and for a head that is not there,
    and what ``attend`` raises.
    """
    shown = None if head is None else Head.of(head)
    if isinstance(first, AttentionResult):
        if not isinstance(second, AttentionResult) or other is not None or against is not None:
            raise InputError("a result is compared with another result; give two, and no model")
        return _labelled(first, second, shown)
    if isinstance(second, AttentionResult) or (other is None) == (against is None):
        raise InputError(
            "give a model and two texts, a model and a text and another model with against=, or "
            "two results"
        )
    left = first.attend(second, truncate=truncate)
    right = (against or first).attend(second if other is None else other, truncate=truncate)
    return _labelled(left, right, shown)


def _labelled(first: AttentionResult, second: AttentionResult, head: Head | None) -> Comparison:
    """Both laid on each other, with what their heads are called."""
    one, two = map(_labels, (first, second))
    return replace(lay(first, second, head), labels=(one, two))


def _labels(result: AttentionResult) -> Labels:
    """What the heads of a result are called, where labels are of their map."""
    ours = are_of(result.model, next(iter(result.maps)), result.weighting)
    return findings.of(result.model).labels if ours else {}
