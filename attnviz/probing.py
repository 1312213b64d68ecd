"""What the heads of a model do, asked in one call: measures, probes, and lenses to fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, groupby
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz import findings
from attnviz.analysis.annotated import Sentence
from attnviz.analysis.grammar import clauses
from attnviz.analysis.labels import are_of
from attnviz.analysis.measured import HeadMeasures, HeadSums, mean
from attnviz.analysis.probes import Probes
from attnviz.analysis.questions import Passage, alone, antecedents
from attnviz.analysis.repetition import copies, copying
from attnviz.analysis.templates import discourses
from attnviz.analysis.training import COREFERENCE
from attnviz.corpus.conllu import read_conllu
from attnviz.corpus.head_measures import Item, each_job, heads_job, text_of
from attnviz.corpus.here import Here
from attnviz.corpus.lens_training import Documents, train
from attnviz.corpus.lines import Refuse, read_lines, refuse
from attnviz.corpus.packs import Bad, Place, packs_of, refuse_one, taken
from attnviz.corpus.relations import RELATIONS, Asked, asked_of, asked_text, counted, short_for
from attnviz.errors import InputError

if TYPE_CHECKING:
    from attnviz.analysis.lenses import Lens
    from attnviz.analysis.measures import DoubleArray
    from attnviz.analysis.training import Score
    from attnviz.model import Model
    from attnviz.model.long_texts import Tell
    from attnviz.result import Kind, Weighting


N_DISCOURSES, N_CLAUSES = 250, 500
NEUTRAL = 0.65  # of discourses have one person, by a noun that is neither he nor she
MADE_SENTENCES = "made sentences"
MADE = ("nsubj", "obj", "det", "amod", "case", "aux")
"""Relations that sentences made by rule show as annotated text does; others are left out."""


def heads(
    model: Model,
    texts: Iterable[Item],
    *,
    map: str | None = None,
    tokens: bool = False,
    truncate: bool = False,
    weights: Weighting = "raw",
    place: Place | None = None,
    tell: Callable[[Item, Bad], None] = refuse_one,
    begun: HeadSums | None = None,
    share: Tell | None = None,
    sort: str | None = None,
) -> HeadMeasures:
    """What each head does with its weight, over texts that are read once and not kept.

    Of a decoder also how it copies: induction and duplicate tokens, on random tokens said twice.
    ``map`` chooses one of a model with two sides; ``tokens`` measures tokens instead of words;
    ``weights`` are what ``attend`` gives. Of raw ones "idle" says how much of them moves nothing.
    Packs of texts run side by side, each on one core of this machine or, with a ``place`` (of
    ``attnviz.corpus.open_cluster`` and this model), of its workers: the numbers are the same.
    ``sort`` is the measure that heads are sorted by and that is drawn. ``begun`` is what came
    before these texts; ``share`` is told, of a long text that is alone here, how much of it is
    done. Raises what ``attend_many`` raises, unless a text that cannot be read goes to ``tell``,
    and InputError where there is no text or no such measure.
    """
    kind = measured_kind(model, map)
    job = heads_job(kind, tokens=tokens, truncate=truncate, weights=weights, tell=share)
    place = place or Here(model)
    parts = taken(place.each(job, [packs_of(texts, text_of)]), tell)
    found = mean(parts if begun is None else chain([begun], parts))
    named = _naming(model, kind, weights)
    return named(found.extended(_copying(model, weights))).sorted(sort)


def heads_of_each(
    model: Model,
    texts: Iterable[Iterable[Item]],
    *,
    map: str | None = None,
    tokens: bool = False,
    truncate: bool = False,
    weights: Weighting = "raw",
    place: Place | None = None,
    tell: Callable[[Item, Bad], None] = refuse_one,
    sort: str | None = None,
) -> Iterator[tuple[Item, HeadMeasures]]:
    """What ``heads`` gives of each text alone, with the text, in order, as packs are done.

    ``texts`` of a burst are answered before the next burst is read; all else is as for ``heads``.
    """
    kind = measured_kind(model, map)
    job = each_job(kind, tokens=tokens, truncate=truncate, weights=weights)
    packs = (packs_of(burst, text_of) for burst in texts)
    copied, named = _copying(model, weights), _naming(model, kind, weights)
    for found in taken((place or Here(model)).each(job, packs), tell):
        for one, sums in found:
            yield one, named(mean([sums]).extended(copied)).sorted(sort)


def _naming(model: Model, kind: Kind, weights: Weighting) -> Callable[[HeadMeasures], HeadMeasures]:
    """What adds to measures whose they are, and what the heads were found to do, read once."""
    labels = findings.labels(model) if are_of(model.info, kind, weights) else {}
    return partial(replace, model=model.info, weighting=weights, labels=labels)


def _copying(model: Model, weights: Weighting) -> dict[str, DoubleArray]:
    """How the heads of a decoder copy random tokens; nothing of other models and weights."""
    if weights != "raw" or model.spec.stacks[0].kind != "decoder" or model.has_target:
        return {}
    return copying(model, model.spec.stacks[0].embedding.vocab_size)


def measured_kind(model: Model, map: str | None) -> Kind:
    """Which map is measured, where its values are asked for; InputError for what is none."""
    kinds: tuple[Kind, ...] = ("encoder", "decoder", "cross")
    there = kinds if model.has_target else (model.spec.stacks[0].kind,)
    found = next((kind for kind in there if map in (None, kind)), None)
    if found is None:
        raise InputError(f"there is no '{map}' map here; there is {', '.join(there)}")
    return found


def probe(
    model: Model,
    conllu: Sequence[str | Path] = (),
    *,
    texts: Iterable[str] | None = None,
    tell: Refuse = refuse,
    place: Place | None = None,
) -> Probes:
    """How often each head finds each relation, by its name, beside simple rules.

    ``conllu`` are treebanks: every dependency both ways, and what pronouns refer to where
    ``Entity=`` annotates that. ``texts`` are without annotation and, as treebanks too, asked for
    neighbours and for words that are said again. Without either, sentences made by rule are asked,
    which order heads much as annotated text does. Of a decoder also how it copies random tokens.
    It is a mapping, which draws and saves itself.
    A bad line is named to ``tell``; ``place`` is as for ``heads``. InputError for files that
    cannot be read or hold nothing to ask.
    """
    questions = packs_of(asked(model, conllu, texts, tell), asked_text)
    found = counted(taken((place or Here(model)).each(RELATIONS, [questions]), refuse_one))
    if not found:
        raise InputError("there is no relation in these files to ask for; give a treebank")
    if not conllu and texts is None:
        found = {name: one for name, one in found.items() if _shown(name)}
    named = [Path(one).name for one in conllu] + ["texts"] * (texts is not None)
    said = ", ".join(named) or MADE_SENTENCES
    if model.has_target or model.spec.stacks[0].kind != "decoder":
        return Probes(found, model.info.name, said)
    found |= copies(model, model.spec.stacks[0].embedding.vocab_size)
    return Probes(found, model.info.name, said)


def asked(
    model: Model,
    conllu: Sequence[str | Path],
    texts: Iterable[str] | None = None,
    tell: Refuse = refuse,
) -> Iterator[Asked]:
    """All that ``probe`` asks, read as it is taken."""
    if not conllu and texts is None:
        texts_made = discourses(N_DISCOURSES, neutral=NEUTRAL)
        yield from (Asked(Passage(one), antecedents) for one in texts_made)
        yield from (Asked(Passage(one), alone) for one in clauses(N_CLAUSES))
        return
    sentences = (one for name in conllu for one in _read(str(name), tell))
    yield from asked_of(sentences, short_for(model))
    yield from (Asked(Passage(Sentence(text, ())), alone) for text in texts or ())


def fit_lens(
    model: Model,
    relation: str,
    conllu: Sequence[str | Path],
    *,
    tell: Refuse = refuse,
    place: Place | None = None,
) -> tuple[Lens, Score]:
    """A lens for a relation, and how it does on documents held back.

    ``relation`` is "coreference", a relation of Universal Dependencies as "nsubj", or "head".
    Packs of passages are read at a ``place``, as for ``heads``, and the lens is fitted here: it is
    the same wherever that is. Needs SciPy. InputError without it, for fewer than ten documents, and
    for no example.
    """
    return train(model, relation, documents_for(relation, conllu, tell), place)


def documents_for(relation: str, conllu: Sequence[str | Path], tell: Refuse = refuse) -> Documents:
    """The documents of treebanks that say something of a relation."""
    sentences = (one for name in conllu for one in _read(str(name), tell))
    documents = [list(group) for _, group in groupby(sentences, key=lambda one: one.document)]
    if relation != COREFERENCE:
        return documents
    return [one for one in documents if any(sentence.mentions for sentence in one)]


def _shown(relation: str) -> bool:
    """Whether sentences made by rule show heads in a relation as annotated text does."""
    one, arrow, other = relation.partition(" → ")
    return not arrow or one in MADE or other in MADE


def _read(name: str, tell: Refuse) -> Iterator[Sentence]:
    yield from read_conllu(chain.from_iterable(read_lines(name, tell)), name, tell)
