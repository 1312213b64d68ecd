"""Make the lenses and labels of this folder again, from treebanks.

python make.py GUM_TRAIN GUM_DEV EWT_TRAIN EWT_DEV

Each is a .conllu file: OntoGUM with coreference, and UD_English-EWT of which every third document
is used. What is there already is left as it is, so that a run that was cut short goes on.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import chain, groupby
from pathlib import Path

import attnviz
from attnviz.analysis.annotated import Sentence
from attnviz.analysis.labels import label_heads
from attnviz.analysis.lens_file import dump_lens, parse_lens
from attnviz.analysis.measured import measure
from attnviz.analysis.probes import probe
from attnviz.analysis.questions import Passage, antecedents, dependencies
from attnviz.analysis.training import COREFERENCE, score, with_records
from attnviz.corpus.conllu import read_conllu
from attnviz.corpus.lens_training import train, try_lens, windowed
from attnviz.corpus.lines import read_lines
from attnviz.findings import dump_labels

HERE = Path(__file__).parent
RELATIONS = (COREFERENCE, "nsubj", "obj", "obl", "nmod")


def documents(name: str) -> list[list[Sentence]]:
    """The sentences of a treebank, by document."""
    sentences = read_conllu(chain.from_iterable(read_lines(name)), name)
    return [list(group) for _, group in groupby(sentences, key=lambda one: one.document)]


def make_lens(model: attnviz.Model, relation: str, train_on: str, test_on: str) -> None:
    """Train a lens, try it on documents that nothing was chosen by, and write both down."""
    path = HERE / "lenses" / f"{relation}.json"
    if not path.exists():
        read = documents(train_on)
        lens, _ = train(model, relation, read if relation == COREFERENCE else read[::3])
        path.parent.mkdir(exist_ok=True)
        path.write_text(dump_lens(lens), encoding="utf-8")
    lens = parse_lens(path.read_bytes())
    found = try_lens(model, lens, documents(test_on))
    path.write_text(dump_lens(with_records(lens, found)), encoding="utf-8")
    print(relation, score(lens, found), flush=True)


def passages(sentences: list[list[Sentence]]) -> Iterator[Passage]:
    """Every sentence on its own."""
    return (Passage(sentence) for document in sentences for sentence in document)


def make_labels(model: attnviz.Model, gum: str, ewt: str) -> None:
    """Label the heads by what they find in text that is annotated, and by their habits."""
    read = documents(ewt)
    probes = probe(model, windowed(model, documents(gum), 2), antecedents)
    probes |= probe(model, passages(read), dependencies)
    habits = measure(model.attend_many(one.sentence.text for one in passages(read[:100])))
    made = dump_labels(label_heads(probes.values(), habits), model.fingerprint().sha256)
    (HERE / "labels.json").write_text(made, encoding="utf-8")


def main(gum_train: str, gum_dev: str, ewt_train: str, ewt_dev: str) -> None:
    """Make what is missing."""
    model = attnviz.load()
    for relation in RELATIONS:
        gold = (gum_train, gum_dev) if relation == COREFERENCE else (ewt_train, ewt_dev)
        make_lens(model, relation, *gold)
    if not (HERE / "labels.json").exists():
        make_labels(model, gum_dev, ewt_dev)


if __name__ == "__main__":
    main(*sys.argv[1:])
