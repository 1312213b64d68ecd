"""The sentence attention that comes with attnviz, on reports of our own, and on long texts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import attnviz
from attnviz.errors import BadCheckpoint, EmptyText, InputError
from attnviz.model import Model
from attnviz.tasks.additive import AdditiveAttention
from attnviz.tasks.hierarchical import SentenceAttention, load_sentence_attention
from attnviz.tasks.sentence_vectors import read_sentences
from attnviz.tasks.sentences import read_document
from attnviz.tasks.summarize import choose, summarize

# Each report says in one sentence, marked with >, what is new in it.
REPORTS = """
Neural networks for parsing need large treebanks, which are expensive to make.
> We propose a parser that learns from a small treebank and a large corpus of raw text.
It is tested on four languages. Results are better than those of earlier systems in three of them.

Deep learning models are often overconfident. Calibration is usually done after training.
> In this paper, we introduce a regularizer that keeps a network calibrated while it is trained.
Experiments on images and text confirm this. The code is available.

Many robots learn by trial and error. This takes a long time and wears out the hardware.
Simulation is cheap but differs from reality.
> We present a method that learns a policy in simulation and adapts it to a real robot in minutes.
The robot opens doors after nine trials.

Word vectors are used everywhere. They carry the prejudices of the texts they come from.
> This work presents a simple projection that removes such prejudices without loss of accuracy.
Two data sets are used. We discuss the limits of such an approach.

Attention has become the standard for translation. Its cost grows with the square of the length.
> We introduce a sparse attention whose cost grows only linearly with the length of the sequence.
On three benchmarks it is as good as full attention. Training takes half of the time.

Generative models of molecules often produce compounds that cannot be synthesized.
> We propose to generate molecules by choosing reactions step by step, so that each can be made.
Chemists rated the output. Most of the compounds were new.

Graphs come in many sizes. Existing pooling layers lose their structure.
> Here we present a pooling layer for graph networks that keeps the structure of communities.
It improves classification on five data sets. An ablation shows why.

Speech recognition fails in noisy rooms. Microphone arrays help but are seldom there.
> We propose a network that separates voices from noise with a single microphone.
Listeners preferred its output. Word error rates fall by a third.

Adversarial examples fool image classifiers. Many defenses were broken soon after publication.
> In this work we propose a defense with a guarantee that can be checked for every input.
It holds against bounded noise. The price is a small loss of accuracy.

Meta-learning promises to learn from few examples. Its training is unstable.
> We show that a simple baseline with a good feature extractor matches meta-learning methods.
The comparison covers four benchmarks. We hope that it changes how such methods are evaluated.
"""


def reports() -> list[tuple[str, int]]:
    """Each report, and which of its sentences is the one."""
    found = []
    for block in REPORTS.strip().split("\n\n"):
        before = block.partition(">")[0]
        found.append((block.replace("> ", ""), len(read_document(before).sentences)))
    return found


@pytest.fixture(scope="module")
def model() -> Model:
    return attnviz.load()


@pytest.fixture(scope="module")
def attention() -> SentenceAttention:
    return load_sentence_attention()


def found(attention: SentenceAttention, model: Model) -> float:
    """How often the sentence is chosen that says what is new."""
    right = [
        summarize(read_document(source), 1, attention=attention, model=model).chosen == (place,)
        for source, place in reports()
    ]
    return float(np.mean(right))


def test_the_sentence_that_says_what_is_new_is_found(
    attention: SentenceAttention, model: Model
) -> None:
    assert found(attention, model) >= 0.7


def shuffled(attention: AdditiveAttention) -> AdditiveAttention:
    rng = np.random.default_rng(0)
    return AdditiveAttention(
        *(rng.permutation(a.ravel()).reshape(a.shape) for a in attention.arrays().values())
    )


def test_shuffled_weights_do_not_find_it(attention: SentenceAttention, model: Model) -> None:
    assert found(replace(attention, sentences=shuffled(attention.sentences)), model) <= 0.6


def test_long_documents_are_read_in_pieces_and_sentences_stay_whole(
    attention: SentenceAttention, model: Model
) -> None:
    source = "\n\n".join(text for text, _ in reports()) + "\n\n" + "endless " * 700
    document = read_document(source)
    read = read_sentences(model, document, attention)
    assert read.lengths.sum() == len(read.tokens) == len(read.x)
    assert read.lengths[-1] == len(model.tokenizer.encode("endless " * 700, special=False).tokens)
    ends = np.cumsum(read.lengths)
    for number, sentence in enumerate(document.sentences):
        for token in (
            read.tokens[ends[number] - read.lengths[number]],
            read.tokens[ends[number] - 1],
        ):
            assert sentence.start <= token.start < token.end <= sentence.end
    summary = summarize(document, 3, attention=attention, model=model)
    assert summary.weights.sum() == pytest.approx(1, abs=1e-4)
    assert len(summary.words) > len(document.sentences)
    assert summary.word_weights is not None
    assert summary.word_weights.sum() == pytest.approx(1, abs=1e-4)


def test_a_sentence_of_which_the_model_reads_nothing_has_no_weight(
    attention: SentenceAttention, model: Model
) -> None:
    document = read_document("We show a result. It rains.")
    empty = document._replace(
        text=document.text + " \u200b", sentences=(*document.sentences, (28, 29, 0))
    )
    empty = empty._replace(sentences=tuple(map(type(document.sentences[0])._make, empty.sentences)))
    summary = summarize(empty, 2, attention=attention, model=model)
    assert summary.weights[2] == 0


def test_chosen_sentences_keep_their_order() -> None:
    assert choose(np.array([0.1, 0.5, 0.2, 0.2]), 3) == (1, 2, 3)
    assert choose(np.array([1.0]), 3) == (0,)


def test_what_cannot_be_summarized_is_refused(attention: SentenceAttention, model: Model) -> None:
    with pytest.raises(EmptyText, match="no sentence"):
        summarize(read_document("# only a heading"), by="lead")
    with pytest.raises(InputError, match="give the head"):
        summarize(read_document("One."))
    words = replace(attention.words, projection=attention.words.projection[:-1])
    with pytest.raises(BadCheckpoint, match="vectors of 383 numbers"):
        summarize(read_document("One."), attention=replace(attention, words=words), model=model)
