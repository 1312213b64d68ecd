"""What heads are called: by their numbers, and by what they were found to do; everywhere alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attnviz.analysis.answers import MatrixView
from attnviz.analysis.labels import Label
from attnviz.analysis.paths import PATHS
from attnviz.render.numbers import counted, share
from attnviz.render.safe import visible
from attnviz.result import Head, Weighting

NAMED = 8  # heads that a name names


def label_text(label: Label) -> str:
    """``noun antecedent .64 against .29``."""
    against = "" if label.against is None else f" against {share(label.against)}"
    return f"{visible(label.what)} {share(label.value)}{against}"


def named_head(
    head: Head, labels: Mapping[Head, Sequence[Label]], weighting: Weighting = "raw"
) -> str:
    """A head and the first thing it was found to do, as ``3.1 noun antecedent``."""
    return f"{short_name(head, weighting)} {first_found(head, labels, weighting)}".rstrip()


def first_found(
    head: Head, labels: Mapping[Head, Sequence[Label]], weighting: Weighting = "raw"
) -> str:
    """The first thing that a head was found to do; of paths nothing."""
    first = () if weighting in PATHS else labels.get(head, ())[:1]
    return "".join(visible(label.what) for label in first)


def in_brackets(labels: Sequence[Label]) -> str:
    """`` (noun antecedent)`` behind a head in a title; of a head without labels, nothing."""
    return "".join(f" ({visible(label.what)})" for label in labels[:1])


def labels_text(labels: Iterable[Label]) -> str:
    """All labels of a head, a comma between them."""
    return ", ".join(map(label_text, labels))


def label_notes(head: Head | None, labels: Sequence[Label]) -> list[str]:
    """All that one head was found to do, as a sentence; nothing of a head without labels."""
    return [f"Head {head} was found to be: {labels_text(labels)}."] if head and labels else []


def labels_of_each(
    heads: Iterable[Head], labels: Mapping[Head, Sequence[Label]]
) -> dict[str, list[str]]:
    """What those of these heads that have labels were found to do, as documents say it."""
    found = {str(head): [label_text(one) for one in labels.get(head, ())] for head in heads}
    return {head: said for head, said in found.items() if said}


def name_of(view: MatrixView) -> str:
    """``head 3.1 (noun antecedent)``, ``layer 3, mean of 12 heads``, or the matrix's own name."""
    layers = {head.layer for head in view.heads}
    if view.title or not view.heads:
        return view.title
    if view.head is not None and view.weighting in PATHS:
        return f"{view.weighting} up to layer {view.head.layer}"
    if view.head is not None:
        named = f"head {view.head}{in_brackets(view.labels)}"
        return f"norms of {named}" if view.weighting == "norm" else named
    if len(layers) == 1 and view.weighting not in PATHS:
        return f"layer {min(layers)}, mean of {counted(len(view.heads), 'head')}"
    if view.weighting in PATHS:
        return f"{view.weighting}, mean of {counted(len(layers), 'layer')}"
    return f"mean of {len(view.heads)} heads in {len(layers)} layers"


def heads_named(heads: Sequence[Head], weighting: Weighting = "raw") -> str:
    """``head 3.1``, ``heads 3.1 and 2.4``, and of many the first few."""
    of = matrices(weighting)
    names = [str(head.layer if of == "layer" else head) for head in heads]
    *others, last = _first(names)
    return f"{of}s {', '.join(others)} and {last}" if others else f"{of} {last}"


def short_name(head: Head, weighting: Weighting = "raw") -> str:
    """``3.1``, or ``layer 3`` of paths, which go through all heads."""
    return f"layer {head.layer}" if weighting in PATHS else str(head)


def matrices(weighting: Weighting) -> str:
    """What a map has one matrix for: each head or, of paths through all of them, each layer."""
    return "layer" if weighting in PATHS else "head"


def _first(names: list[str]) -> list[str]:
    """The first few names of a list, the last of them how many more there are."""
    return [*names[:NAMED], f"{len(names) - NAMED} more"] if len(names) > NAMED + 1 else names
