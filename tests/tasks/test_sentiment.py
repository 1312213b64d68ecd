"""The classifier that comes with attnviz: right on sentences of ours, and for its own reasons."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import attnviz
from attnviz.errors import BadCheckpoint, EmptyText
from attnviz.model import Model
from attnviz.tasks.additive import AdditiveAttention
from attnviz.tasks.classifier import Classifier
from attnviz.tasks.classify import Classified, classify, load_classifier

POSITIVE = [
    "a warm and generous film that made the whole audience smile",
    "the actors are superb and the ending moved me to tears of joy",
    "one of the funniest and cleverest comedies in years",
    "beautifully shot, tenderly acted, and never a minute too long",
    "an inspired adventure full of charm and wonder",
    "she gives a brilliant performance in a gripping story",
    "this gentle drama stays with you for days",
    "fresh, witty and surprisingly touching",
    "a masterful thriller that grips from the first scene",
    "delightful from beginning to end",
    "the music is gorgeous and so is every frame",
    "an honest, intelligent portrait of a family that you will love",
    "i left the cinema happy and hungry for more",
    "rich characters and sparkling dialogue make this a treat",
    "a moving tribute, told with grace and humour",
]
NEGATIVE = [
    "a dull and lifeless film that put half of the audience to sleep",
    "the actors look bored and the ending makes no sense",
    "one of the worst and laziest comedies in years",
    "badly shot, clumsily acted, and an hour too long",
    "a tired adventure without any charm or wonder",
    "she gives a wooden performance in a tedious story",
    "this shallow drama is forgotten before it ends",
    "stale, witless and painfully predictable",
    "a clumsy thriller that bores from the first scene",
    "annoying from beginning to end",
    "the music is awful and so is every joke",
    "a dishonest, stupid portrait of a family that nobody could like",
    "i left the cinema angry and wanted my money back",
    "flat characters and lame dialogue make this a chore",
    "a pointless sequel, told without skill or humour",
]
TEXTS = POSITIVE + NEGATIVE
RIGHT = ["positive"] * len(POSITIVE) + ["negative"] * len(NEGATIVE)


@pytest.fixture(scope="module")
def model() -> Model:
    return attnviz.load()


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load_classifier()


@pytest.fixture(scope="module")
def found(classifier: Classifier, model: Model) -> list[Classified]:
    return list(classify(classifier, model, TEXTS))


def accuracy(found: list[Classified]) -> float:
    return float(np.mean([each.label == label for each, label in zip(found, RIGHT, strict=True)]))


def test_sentences_of_our_own_are_told_apart(found: list[Classified]) -> None:
    assert accuracy(found) >= 0.9


def shuffled(array: np.ndarray) -> np.ndarray:
    return np.random.default_rng(0).permutation(array.ravel()).reshape(array.shape)


def test_shuffled_weights_cannot_do_it(classifier: Classifier, model: Model) -> None:
    broken = replace(classifier, output=shuffled(classifier.output))
    assert accuracy(list(classify(broken, model, TEXTS))) < 0.8


def test_shuffled_attention_spreads_over_other_words(
    classifier: Classifier, model: Model, found: list[Classified]
) -> None:
    attention = AdditiveAttention(
        *(shuffled(array) for array in classifier.attention.arrays().values())
    )
    broken = list(classify(replace(classifier, attention=attention), model, TEXTS))
    certain = np.mean([each.probability for each in found])
    assert np.mean([each.probability for each in broken]) < certain - 0.1
    same = [
        a.attention.argmax() == b.attention.argmax() for a, b in zip(found, broken, strict=True)
    ]
    assert np.mean(same) < 0.6


def test_margins_sum_to_the_log_odds(found: list[Classified]) -> None:
    for each in found:
        probability = each.decision.probabilities
        first, second = each.decision.ranked
        odds = np.log(probability[first] / probability[second])
        assert each.margins.sum() == pytest.approx(odds, rel=1e-3)
        assert each.attention.sum() == pytest.approx(1, abs=1e-4)


def test_what_contributes_most_matters_more_than_what_is_attended_to_most(
    classifier: Classifier, model: Model, found: list[Classified]
) -> None:
    """Without a word the text is read anew, so that this need not be so."""
    rng = np.random.default_rng(0)
    choices = {
        "contribution": [int(each.margins.argmax()) for each in found],
        "attention": [int(each.attention.argmax()) for each in found],
        "chance": [int(rng.integers(len(each.words))) for each in found],
    }
    moved = {name: falls(classifier, model, found, words) for name, words in choices.items()}
    assert moved["contribution"] > moved["attention"] > moved["chance"]
    assert moved["contribution"] > 2 * moved["chance"]


def falls(classifier: Classifier, model: Model, found: list[Classified], words: list[int]) -> float:
    """How far the log-odds of the first decision fall on average without one word of each text."""
    texts = []
    for each, at in zip(found, words, strict=True):
        word = each.words[at]
        texts.append(each.text[: word.start] + each.text[word.end :])
    without = classify(classifier, model, texts)
    return float(
        np.mean([a.log_odds - odds(b, a.label) for a, b in zip(found, without, strict=True)])
    )


def odds(found: Classified, label: str) -> float:
    """The log-odds of a label over the other one."""
    return found.log_odds if found.label == label else -found.log_odds


def test_special_tokens_are_left_out_and_pieces_make_words(
    classifier: Classifier, model: Model
) -> None:
    (found,) = classify(classifier, model, ["unwatchably tedious"])
    assert [word.text for word in found.words] == ["unwatchably", "tedious"]
    assert len(found.decision.attention) > 2


def test_a_text_of_which_nothing_is_read_is_refused(classifier: Classifier, model: Model) -> None:
    with pytest.raises(EmptyText):
        list(classify(classifier, model, ["\u200b"]))


def test_a_head_for_another_model_is_refused(classifier: Classifier, model: Model) -> None:
    other = replace(classifier, output=classifier.output[:-1])
    with pytest.raises(BadCheckpoint, match="vectors of 383 numbers"):
        list(classify(other, model, ["one"]))
