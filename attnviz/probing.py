"""What the heads of a model do, asked in one call: measures, probes, and lenses to fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, groupby
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.analysis.measured import HeadMeasures, HeadSums, add_up, head_sums, mean
from attnviz.analysis.probes import Probe
from attnviz.analysis.probes import probe as _probe
from attnviz.analysis.questions import Passage, antecedents, dependencies
from attnviz.analysis.repetition import copying
from attnviz.analysis.templates import clauses, discourses
from attnviz.analysis.training import COREFERENCE, Score, train, windowed
from attnviz.analysis.words import merge_words
from attnviz.corpus.conllu import read_conllu
from attnviz.corpus.lines import Refuse, read_lines, refuse
from attnviz.errors import InputError
from attnviz.model.idle import Idle
from attnviz.model.packs import packs, side_by_side

if TYPE_CHECKING:
    from attnviz.analysis.annotated import Sentence
    from attnviz.analysis.lenses import Lens
    from attnviz.model import Model
    from attnviz.model.inputs import Input
    from attnviz.result import Kind, Weighting

__all__ = ["fit_lens", "heads", "probe"]

N_DISCOURSES, N_CLAUSES = 250, 300
MADE = ("nsubj", "obj", "det", "amod", "case", "aux")
"""Relations that sentences made by rule show as annotated text does; others are left out."""


def heads(
    model: Model,
    texts: Iterable[str | Input],
    *,
    map: str | None = None,
    tokens: bool = False,
    truncate: bool = False,
    weights: Weighting = "raw",
) -> HeadMeasures:
    """What each head does with its weight, over texts that are read once and not kept.

    Of a decoder also how it copies: induction and duplicate tokens, on random tokens said twice.
    ``map`` chooses one of a model with two sides; ``tokens`` measures tokens instead of words;
    ``weights`` are what ``attend`` gives. Of raw ones "idle" says how much of them moves nothing.
    Raises what ``attend_many`` raises, and InputError where there is no text.
    """
    read = (model.read(one, truncate=truncate) if isinstance(one, str) else one for one in texts)
    kind = _kind(model, map)
    sums = partial(pack_sums, kind=kind, tokens=tokens, weights=weights)
    found = mean(side_by_side(lambda pack, _: sums(model, pack), packs(read)))
    if weights != "raw" or found.kind != "decoder" or model.has_target:
        return found
    return found.extended(copying(model, model.spec.stacks[0].embedding.vocab_size))


def pack_sums(
    model: Model, pack: Sequence[Input], *, kind: Kind, tokens: bool, weights: Weighting
) -> HeadSums:
    """What the texts of a pack add to the measures of each head, with the same bits anywhere."""
    idle = Idle(model, kind, pack) if weights == "raw" else None
    results = model.attend_pack(pack, weights=weights, beside=idle.visit if idle else None)
    found = add_up(head_sums(one if tokens else merge_words(one), kind) for one in results)
    return found.extended("idle", idle.sums, idle.n) if idle else found


def _kind(model: Model, map: str | None) -> Kind:
    """Which map is measured, where its values are asked for; InputError for what is none."""
    kinds: tuple[Kind, ...] = ("encoder", "decoder", "cross")
    there = kinds if model.has_target else (model.spec.stacks[0].kind,)
    found = next((kind for kind in there if map in (None, kind)), None)
    if found is None:
        raise InputError(f"there is no '{map}' map here; there is {', '.join(there)}")
    return found


def probe(
    model: Model, conllu: Sequence[str | Path] = (), *, tell: Refuse = refuse
) -> dict[str, Probe]:
    """How often each head finds each relation, by its name, beside simple rules.

    ``conllu`` are treebanks: every dependency both ways, and what pronouns refer to where
    ``Entity=`` annotates that. Without any, sentences made by rule are asked, which order heads
    much as annotated text does. A bad line is named to ``tell``. InputError for files that cannot
    be read or hold nothing to ask.
    """
    if not conllu:
        found = _probe(model, (Passage(text) for text in discourses(N_DISCOURSES)), antecedents)
        trees = _probe(model, (Passage(text) for text in clauses(N_CLAUSES)), dependencies)
        return found | {name: one for name, one in trees.items() if _shown(name)}
    documents = _documents(conllu, tell)
    mentioned = [one for one in documents if any(sentence.mentions for sentence in one)]
    found = _probe(model, windowed(model, mentioned, 2), antecedents)
    sentences = (Passage(sentence) for document in documents for sentence in document)
    found |= _probe(model, sentences, dependencies)
    if not found:
        raise InputError("there is no relation in these files to ask for; give a treebank")
    return found


def fit_lens(
    model: Model, relation: str, conllu: Sequence[str | Path], *, tell: Refuse = refuse
) -> tuple[Lens, Score]:
    """A lens for a relation, and how it does on documents held back.

    ``relation`` is "coreference", a relation of Universal Dependencies as "nsubj", or "head".
    Needs SciPy. InputError without it, for fewer than ten documents, and for no example.
    """
    documents = _documents(conllu, tell)
    if relation == COREFERENCE:
        documents = [one for one in documents if any(sentence.mentions for sentence in one)]
    return train(model, relation, documents)


def _shown(relation: str) -> bool:
    return relation.replace(" → head", "").replace("head → ", "") in MADE


def _documents(conllu: Sequence[str | Path], tell: Refuse) -> list[list[Sentence]]:
    sentences = (one for name in conllu for one in _read(str(name), tell))
    return [list(group) for _, group in groupby(sentences, key=lambda one: one.document)]


def _read(name: str, tell: Refuse) -> Iterator[Sentence]:
    yield from read_conllu(chain.from_iterable(read_lines(name, tell)), name, tell)
