"""Hierarchical attention (Yang et al. 2016): words make sentences, sentences make the document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from attnviz.brief import brief
from attnviz.errors import BadCheckpoint, quote
from attnviz.result import FloatArray
from attnviz.tasks.adam import Arrays, batches, descend
from attnviz.tasks.additive import AdditiveAttention
from attnviz.tasks.fit_classifier import Progress, dropped, spread
from attnviz.tasks.head_files import read_head, written_head
from attnviz.tasks.runs import IntArray, softmax_of_runs, take_runs

DEFAULT_SUMMARIZER = "summary"
TASK = "summarize"
LEVELS = ("word", "sentence")
SHAPES = {
    f"{level}_{name}": shape
    for level in LEVELS
    for name, shape in {
        "projection": ("d_model", "d_attention"),
        "bias": ("d_attention",),
        "query": ("d_attention",),
    }.items()
}


@dataclass(frozen=True, slots=True, eq=False)
class SentenceAttention:
    """Two additive attentions, one above the other.

    ``words`` pools the vectors of a sentence's tokens (eq. 5 to 7), ``sentences`` weighs what that
    makes of every sentence of a document (eq. 8 and 9). The vectors are the mean of the hidden
    states ``layers`` of ``model``, read in pieces of up to ``piece`` tokens.
    """

    words: AdditiveAttention
    sentences: AdditiveAttention
    model: str
    layers: tuple[int, ...]
    piece: int

    __repr__ = brief

    def vectors(self, x: FloatArray, lengths: IntArray) -> tuple[FloatArray, FloatArray]:
        """Of sentences of so many tokens, x (token, d_model): vectors and the tokens' weights."""
        attended = self.words.attend(x, lengths)
        return attended.pooled, attended.weights

    def weights(self, vectors: FloatArray) -> FloatArray:
        """The weights (sentence,) of one document's sentences by their vectors."""
        return softmax_of_runs(self.sentences.scores(vectors), np.array([len(vectors)]))


@dataclass(frozen=True, slots=True, eq=False)
class Documents:
    """Documents as runs of sentences, which are runs of vectors ``x`` (row, d_model).

    ``targets`` (sentence,) sum to 1 over each document.
    """

    x: FloatArray
    lengths: IntArray
    n_sentences: IntArray
    targets: FloatArray

    __repr__ = brief

    def of(self, chosen: IntArray) -> Documents:
        """Some of the documents."""
        sentences = take_runs(chosen, self.n_sentences)
        rows = take_runs(sentences, self.lengths)
        return Documents(
            self.x[rows],
            self.lengths[sentences],
            self.n_sentences[chosen],
            self.targets[sentences],
        )


@dataclass(frozen=True, slots=True)
class SummarySettings:
    """How to fit; chosen on a part of the training documents."""

    d_attention: int = 64
    epochs: int = 8
    batch: int = 32
    rate: float = 2e-3
    dropout: float = 0.5
    decay: float = 1e-3
    seed: int = 0


DEFAULT = SummarySettings()


def fit_sentence_attention(
    documents: Documents,
    *,
    model: str,
    layers: tuple[int, ...],
    piece: int,
    settings: SummarySettings = DEFAULT,
    progress: Progress = lambda share: None,  # noqa: ARG005
) -> SentenceAttention:
    """The attention whose weights over sentences are nearest to the targets, by cross entropy."""
    rng = np.random.default_rng(settings.seed)
    n, d_model = len(documents.n_sentences), documents.x.shape[1]
    mean, scale = spread(documents.x)
    begun = {
        f"{level}_{name}": array
        for level in LEVELS
        for name, array in AdditiveAttention.drawn(d_model, settings.d_attention, rng)
        .arrays()
        .items()
    }
    n_steps = settings.epochs * -(-n // settings.batch)
    done = 0

    def gradients(arrays: Arrays, chosen: IntArray) -> Mapping[str, FloatArray]:
        nonlocal done
        done += 1
        progress(done / n_steps)
        batch = documents.of(chosen)
        x = dropped((batch.x.astype(np.float32) - mean) / scale, settings.dropout, rng)
        found = loss_gradients(
            arrays, Documents(x, batch.lengths, batch.n_sentences, batch.targets)
        )
        for level in LEVELS:
            found[f"{level}_projection"] += settings.decay * arrays[f"{level}_projection"]
        return found

    steps: Iterator[IntArray] = batches(n, settings.batch, rng)
    arrays = descend(begun, gradients, steps, n_steps, settings.rate)
    words, sentences = (attention.unscaled(mean, scale) for attention in _levels(arrays))
    return SentenceAttention(words, sentences, model, layers, piece)


def loss_gradients(arrays: Mapping[str, FloatArray], documents: Documents) -> Arrays:
    """The gradients of the mean cross entropy between targets and weights, by every array."""
    words, sentences = _levels(arrays)
    attended = words.attend(documents.x, documents.lengths)
    answers = np.tanh(attended.pooled @ sentences.projection + sentences.bias)
    weights = softmax_of_runs(answers @ sentences.query, documents.n_sentences)
    by_score: FloatArray = np.subtract(weights, documents.targets, dtype=weights.dtype)
    by_score = by_score / weights.dtype.type(len(documents.n_sentences))
    by_pooled = sentences.score_inputs(answers, by_score)
    above = sentences.gradients(attended.pooled, answers, by_score)
    below = words.pooling_gradients(documents.x, attended, by_pooled, documents.lengths)
    return {f"sentence_{name}": array for name, array in above.items()} | {
        f"word_{name}": array for name, array in below.items()
    }


def load_sentence_attention(name: str | Path = DEFAULT_SUMMARIZER) -> SentenceAttention:
    """The one that comes with attnviz under that name, or the one in a folder.

    Raises ModelNotFound or BadCheckpoint.
    """
    config, arrays = read_head(name, TASK, SHAPES)
    words, sentences = _levels(arrays)
    layers, piece = tuple(config["layers"]), config.get("piece")
    if type(piece) is not int or piece < 1:
        raise BadCheckpoint(f"the head in {quote(name)} does not say how long its pieces are")
    return SentenceAttention(words, sentences, config["model"], layers, piece)


def sentence_attention_files(attention: SentenceAttention, card: str) -> dict[str, bytes]:
    """The files of a folder by name, which ``load_sentence_attention`` reads."""
    d_model, d_attention = attention.words.projection.shape
    config = {
        "task": TASK,
        "model": attention.model,
        "layers": list(attention.layers),
        "piece": attention.piece,
        "d_model": d_model,
        "d_attention": d_attention,
    }
    arrays = {
        f"{level}_{name}": array
        for level, part in zip(LEVELS, (attention.words, attention.sentences), strict=True)
        for name, array in part.arrays().items()
    }
    return written_head(config, arrays, card)


def _levels(arrays: Mapping[str, FloatArray]) -> tuple[AdditiveAttention, AdditiveAttention]:
    words, sentences = (
        AdditiveAttention(*(arrays[f"{level}_{name}"] for name in ("projection", "bias", "query")))
        for level in LEVELS
    )
    return words, sentences
