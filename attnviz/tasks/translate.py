"""Translating: what a sequence-to-sequence model writes, and which word comes from which."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Any

from attnviz.analysis.alignment import Aligned, HeadChoice, aligned, best_alignment_head
from attnviz.analysis.view import make_view, select_heads
from attnviz.brief import brief
from attnviz.errors import InputError
from attnviz.model import Model
from attnviz.model.inputs import Input
from attnviz.result import AttentionResult, FloatArray, Head

DEFAULT_TRANSLATOR = "attnviz-en-fr-small"
CHOSEN_OVER = 64
"""Over how many texts the best head is chosen, the first ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Translation:
    """A text in another language, word by word.

    ``result`` has the cross attention of the one head that ``aligned`` was read in;
    ``weights`` (target word, source word) are those of its words.
    """

    text: str
    translation: str
    result: AttentionResult
    choice: HeadChoice
    aligned: Aligned
    weights: FloatArray

    __repr__ = brief


def require_translator(model: Model) -> None:
    """Raise InputError for a model that does not translate."""
    if not model.has_target:
        raise InputError(
            f"{model.info.name} does not translate, it has no encoder and decoder; "
            "name a sequence-to-sequence model"
        )


def translate(
    model: Model,
    texts: Iterable[str | Input],
    *,
    target: str | None = None,
    head: HeadChoice | Head | str | None = None,
    **how: Any,
) -> Iterator[Translation]:
    """Each text in the other language, its words aligned in one cross-attention head.

    That is ``head``, which may be the ``choice`` of another translation, else the one the
    checkpoint names, else the most peaked and diagonal over the first texts. With a ``target``
    nothing is written: it is the translation of each text.
    ``how`` is what ``Model.attend`` takes, as beams, max_new_tokens, truncate, source_lang and
    target_lang; texts may be what ``Model.read`` made of them.

    Raises what ``attend`` raises, and InputError for a model that does not translate.
    """
    require_translator(model)
    known = known_head(model, head)
    if target is not None:
        texts = _with_target(model, texts, target, how)
        how = {}
    layers = None if known is None else [known.head.layer]
    results = model.attend_many(texts, layers=layers, **how)
    if known is None:
        first = list(islice(results, CHOSEN_OVER))
        if not first:
            return
        known, results = _best(first), chain(first, results)
    for result in results:
        yield _translation(result, known)


def _with_target(
    model: Model, texts: Iterable[str | Input], target: str, how: dict[str, Any]
) -> Iterator[Input]:
    for text in texts:
        if isinstance(text, Input):
            yield text
        else:
            yield model.encode(text, target=target, **how)


def known_head(model: Model, head: HeadChoice | Head | str | None) -> HeadChoice | None:
    """The head that is asked for, was chosen before, or is named by the checkpoint."""
    if isinstance(head, HeadChoice):
        return head
    if head is not None:
        return HeadChoice(Head.of(head), "asked")
    named = model.alignment_head
    return None if named is None else HeadChoice(named, "named")


def _best(results: list[AttentionResult]) -> HeadChoice:
    views = [make_view(replace(result, maps=_cross(result))) for result in results]
    measured = best_alignment_head(views)
    n_heads = len(views[0].map("cross").all_heads())
    return HeadChoice(measured.head, "best", measured, n_heads)


def _translation(result: AttentionResult, choice: HeadChoice) -> Translation:
    one = select_heads(replace(result, maps=_cross(result)), heads=[choice.head])
    view = make_view(one)
    found = aligned(view, choice.head)
    rows, columns = (
        [place for place, token in enumerate(side) if not token.special]
        for side in (view.queries("cross"), view.keys("cross"))
    )
    weights = view.map("cross").head(choice.head)[rows][:, columns]
    text, written = (" ".join(texts) for texts in (result.texts, result.target_texts))
    return Translation(text, written, one, choice, found, weights)


def _cross(result: AttentionResult) -> dict[Any, Any]:
    return {"cross": result.maps["cross"]}
