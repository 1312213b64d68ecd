"""Make this folder from SciTLDR, and measure what its first sentence is worth.

::

    pip install rouge-score
    python -m attnviz.models.summary.make TRAIN.jsonl DEV.jsonl [--vectors FOLDER]

The files are SciTLDR-A's (Cachola et al. 2020), as they are or compressed with xz. Needs no torch;
rouge-score only measures. With --vectors the vectors are kept in a folder.
"""

from __future__ import annotations

import argparse
import json
import lzma
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from string import Template
from typing import NamedTuple

import numpy as np

from attnviz.model import load
from attnviz.result import FloatArray
from attnviz.tasks.baselines import lexrank
from attnviz.tasks.hierarchical import (
    Documents,
    SentenceAttention,
    SummarySettings,
    fit_sentence_attention,
    sentence_attention_files,
)
from attnviz.tasks.measures import paired_interval
from attnviz.tasks.sentence_vectors import read_sentences
from attnviz.tasks.sentences import Document, Sentence

HERE = Path(__file__).resolve().parent
MODEL, LAYERS, PIECE = "all-MiniLM-L6-v2", (3, 4, 5, 6), 254
WARMTH = 0.1  # of the softmax that makes targets of the data's scores
SHARE = 0.3  # of the target that the data's own label has
CUE = re.compile(  # of six such rules the best on the training abstracts
    r"\b(?:in this (?:paper|work|article|study)|this (?:paper|work|article)|we (?:\w+ )?(?:propose|"
    r"present|introduce|show|describe|develop|demonstrate|study|investigate|explore|provide|design|"
    r"extend|address|examine|analyze|formulate|argue|find|prove|use|consider))\b",
    re.IGNORECASE,
)


class Abstract(NamedTuple):
    """One abstract: its sentences, which is labelled, how each scores, and its summaries."""

    sentences: list[str]
    labels: list[int]
    scores: list[float]
    summaries: list[str]


def read_abstracts(path: Path) -> list[Abstract]:
    """The abstracts of a file of SciTLDR."""
    data = path.read_bytes()
    text = (lzma.decompress(data) if path.suffix == ".xz" else data).decode()
    read = [json.loads(line) for line in text.splitlines()]
    return [
        Abstract(each["source"], each["source_labels"], each["rouge_scores"], each["target"])
        for each in read
    ]


def document_of(sentences: Sequence[str]) -> Document:
    """Sentences that are split already as a document."""
    text, places = "", []
    for sentence in sentences:
        start = len(text) + bool(text)
        text = f"{text} {sentence}" if text else sentence
        places.append(Sentence(start, len(text), 0))
    return Document(text, tuple(places))


def target_of(abstract: Abstract) -> FloatArray:
    """What the attention is to be: the label, and the other sentences by their scores."""
    n = len(abstract.sentences)
    label = np.array(abstract.labels, np.float32)
    scores = np.array((abstract.scores + n * [0.0])[:n], np.float32)
    powers = np.exp((scores - scores.max()) / WARMTH)
    mixed = SHARE * label / label.sum() + (1 - SHARE) * powers / powers.sum()
    return np.asarray(mixed, np.float32)


def read_documents(abstracts: Sequence[Abstract], kept: Path | None) -> Documents:
    """The vectors of abstracts, which are kept in a file where one is given."""
    if kept is None or not kept.exists():
        model, reader = load(MODEL), _reader()
        read = [read_sentences(model, document_of(each.sentences), reader) for each in abstracts]
        x = np.concatenate([each.x.astype(np.float16) for each in read])
        lengths = np.concatenate([each.lengths for each in read])
        if kept is not None:
            np.savez(kept, x=x, lengths=lengths)
    else:
        with np.load(kept) as stored:
            x, lengths = stored["x"], stored["lengths"]
    n_sentences = np.array([len(each.sentences) for each in abstracts])
    return Documents(x, lengths, n_sentences, np.concatenate(list(map(target_of, abstracts))))


def _reader() -> SentenceAttention:
    """One that says which vectors to read, and is never fitted."""
    from attnviz.tasks.additive import AdditiveAttention

    empty = AdditiveAttention.drawn(384, 1, np.random.default_rng(0))
    return SentenceAttention(empty, empty, MODEL, LAYERS, PIECE)


def fit(documents: Documents, settings: SummarySettings | None = None) -> SentenceAttention:
    """The head, by the settings chosen on a fifth of the training abstracts."""
    settings = settings or SummarySettings()
    return fit_sentence_attention(
        documents, model=MODEL, layers=LAYERS, piece=PIECE, settings=settings
    )


def first_choices(head: SentenceAttention, documents: Documents) -> list[int]:
    """The sentence of each document that has most weight."""
    chosen = []
    for number in range(len(documents.n_sentences)):
        one = documents.of(np.array([number]))
        vectors, _ = head.vectors(one.x.astype(np.float32), one.lengths)
        chosen.append(int(head.weights(vectors).argmax()))
    return chosen


def rouge(abstracts: Sequence[Abstract]) -> list[FloatArray]:
    """ROUGE-1 and ROUGE-L F1 of each sentence (sentence, 2), the best over the summaries."""
    from rouge_score.rouge_scorer import RougeScorer  # type: ignore[import-untyped, unused-ignore]

    kinds = ("rouge1", "rougeL")
    scorer = RougeScorer(kinds, use_stemmer=True)
    return [
        np.array(
            [
                [max(scorer.score(s, text)[k].fmeasure for s in each.summaries) for k in kinds]
                for text in each.sentences
            ]
        )
        for each in abstracts
    ]


def figures(
    head: SentenceAttention, abstracts: list[Abstract], documents: Documents
) -> dict[str, str]:
    """Everything that the card says in numbers."""
    scores = rouge(abstracts)

    def of(choose: Callable[[Abstract], int]) -> FloatArray:
        return np.array([s[choose(a)] for s, a in zip(scores, abstracts, strict=True)])

    chosen = first_choices(head, documents)
    ours = np.array([s[i] for s, i in zip(scores, chosen, strict=True)])
    rivals = {
        "cue": of(lambda a: next((i for i, s in enumerate(a.sentences) if CUE.search(s)), 0)),
        "lexrank": of(lambda a: int(lexrank(a.sentences).argmax())),
        "lead": of(lambda _: 0),
    }
    best = np.array([s[s[:, 0].argmax()] for s in scores])
    said = {"n": str(len(abstracts)), "ours": _scores(ours), "oracle": _scores(best)}
    for name, theirs in rivals.items():
        said[name] = _scores(theirs)
        said[f"over_{name}"] = " · ".join(
            "{:+.3f} ({:+.3f} to {:+.3f})".format(*paired_interval(ours[:, k] - theirs[:, k]))
            for k in range(2)
        )
    return said


def _scores(values: FloatArray) -> str:
    return " · ".join(f"{value:.3f}" for value in values.mean(axis=0))


def main() -> None:
    """Read, fit, measure and write the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("train", type=Path)
    parser.add_argument("dev", type=Path)
    parser.add_argument("--vectors", type=Path, help="a folder that keeps the vectors")
    given = parser.parse_args()
    train, dev = read_abstracts(given.train), read_abstracts(given.dev)
    kept = given.vectors
    head = fit(read_documents(train, kept and kept / "summary-train.npz"))
    said = figures(head, dev, read_documents(dev, kept and kept / "summary-dev.npz"))
    card = Template((HERE / "card.md").read_text(encoding="utf-8")).substitute(said)
    for name, data in sentence_attention_files(head, card).items():
        (HERE / name).write_bytes(data)
    print(said)


if __name__ == "__main__":
    main()
