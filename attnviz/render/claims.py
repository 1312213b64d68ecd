"""What lenses say, in words: one sentence for a claim, the same wherever it is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from attnviz.analysis.claims import Claim, Named
from attnviz.analysis.coreference import SURE
from attnviz.analysis.lenses import Record
from attnviz.render.numbers import share
from attnviz.render.safe import word_label
from attnviz.render.sentences import percent

SUBJECTS = {"nsubj": "subject", "obj": "object", "obl": "oblique", "nmod": "nominal modifier"}
FEWEST = 20
"""Of fewer answers it is not said how many were right."""


class Part(NamedTuple):
    """Some words of a sentence, and whether they are quoted from the text."""

    text: str
    quoted: bool = False


def claim_text(claim: Claim) -> str:
    """``it refers to hat (.93), by heads 3.1, 1.4 and 2.2; 91% of 204 such answers are right …``"""
    return "".join(part.text for part in parts_of_claim(claim))


def title_of_claims(claims: Sequence[Claim]) -> str:
    """What claims say without what they rest on: ``it refers to hat (.93)``."""
    return "; ".join("".join(part.text for part in _answer(claim)) for claim in claims)


def parts_of_claim(claim: Claim) -> list[Part]:
    """The sentence of a claim: the answer, the heads that carry it, how often such are right."""
    heads = _listed([str(head) for head, _ in claim.heads], "and")
    by = f", by {'heads' if len(claim.heads) > 1 else 'head'} {heads}" if heads else ""
    return [*_answer(claim), Part(f"{by}{_record(claim.record)}.")]


def _answer(claim: Claim) -> Iterator[Part]:
    word = Part(_name(claim), quoted=True)
    sure = not claim.named or len(claim.named) > 1 or claim.probability >= SURE
    probably = "" if sure else "probably "
    if claim.relation == "coreference":
        yield word
        yield Part(f" {probably}refers to ")
        none = "no word before it"
    else:
        yield Part(f"{SUBJECTS.get(claim.relation, claim.relation)} of ")
        yield word
        yield Part(f": {probably}")
        none = "none"
    if claim.named:
        yield from _named(claim.named)
    else:
        yield Part(f"{none} ({share(claim.nothing)})")


def _name(one: Claim | Named) -> str:
    """The second "it" of a text is ``it:2``."""
    name = word_label(one.word)
    return f"{name}:{one.occurrence}" if one.occurrence > 1 else name


def _named(named: Sequence[Named]) -> Iterator[Part]:
    for at, one in enumerate(named):
        if at:
            yield Part(" or ")
        yield Part(_name(one), quoted=True)
        yield Part(f" ({share(one.probability)})")


def _record(record: Record | None) -> str:
    if record is None or record.n < FEWEST:
        return ""
    right = percent(record.right / record.n)
    return f"; {right} of {record.n} such answers are right in annotated text"


def _listed(names: Sequence[str], last: str) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return f" {last} ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
