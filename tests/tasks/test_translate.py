"""Translations with their alignment: right on sentences of our own, by the head that is named."""

from __future__ import annotations

import json
import shutil
from statistics import mean

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import attnviz
from attnviz.errors import EmptyText, InputError, UnknownHead
from attnviz.result import Head
from attnviz.tasks.translate import DEFAULT_TRANSLATOR, Translation, translate
from tests.models.translations import ALIGNED, FOLDER, TRANSLATIONS, share_found

GUIDED = Head(1, 0)


@pytest.fixture(scope="module")
def model() -> attnviz.Model:
    return attnviz.load(DEFAULT_TRANSLATOR)


@pytest.fixture(scope="module")
def unnamed(tmp_path_factory: pytest.TempPathFactory) -> attnviz.Model:
    """The same model, whose files do not say which head aligns."""
    folder = tmp_path_factory.mktemp("unnamed") / "model"
    shutil.copytree(FOLDER, folder)
    path = folder / "generation_config.json"
    said = json.loads(path.read_text(encoding="utf-8"))
    del said["alignment_heads"]
    path.write_text(json.dumps(said), encoding="utf-8")
    return attnviz.load(folder)


@pytest.fixture(scope="module")
def shuffled(tmp_path_factory: pytest.TempPathFactory) -> attnviz.Model:
    """The same weights, each matrix with its rows in another order."""
    folder = tmp_path_factory.mktemp("shuffled") / "model"
    shutil.copytree(FOLDER, folder)
    path, rng = folder / "model.safetensors", np.random.default_rng(0)
    save_file({name: rng.permutation(w) for name, w in load_file(path).items()}, path)
    return attnviz.load(folder)


def quality(model: attnviz.Model, **how: int) -> float:
    """The mean share of words that are right, over our own sentences."""
    found = translate(model, TRANSLATIONS, max_new_tokens=24, **how)
    return mean(
        share_found(each.translation, accepted)
        for each, accepted in zip(found, TRANSLATIONS.values(), strict=True)
    )


def links(found: Translation) -> dict[str, str]:
    """French words with the English words they are joined to."""
    source, target, links = found.aligned
    return {target[link.query].text: source[link.key].text for link in links}


def alignment(model: attnviz.Model) -> float:
    """The share of words that are joined to what they translate."""
    right = []
    for english, french, expected in ALIGNED:
        (found,) = translate(model, [english], target=french)
        assert found.translation == french
        right += [links(found)[word] == other for word, other in expected.items()]
    return mean(right)


def test_it_translates_greedily_and_with_beams(model: attnviz.Model) -> None:
    assert quality(model) >= 0.75
    assert quality(model, beams=4) >= 0.75


def test_it_aligns_a_translation_that_is_given(model: attnviz.Model) -> None:
    assert alignment(model) >= 0.85


def test_shuffled_weights_do_neither(shuffled: attnviz.Model) -> None:
    assert quality(shuffled) < 0.3
    assert alignment(shuffled) < 0.5


def test_the_head_is_the_one_that_the_checkpoint_names(model: attnviz.Model) -> None:
    (found,) = translate(model, ["I am hungry."])
    assert (found.choice.head, found.choice.why) == (GUIDED, "named")
    assert found.result.maps["cross"].all_heads() == [GUIDED]


def test_without_a_name_it_is_the_most_peaked_and_diagonal(
    model: attnviz.Model, unnamed: attnviz.Model
) -> None:
    texts = [english for english, _, _ in ALIGNED]
    found = list(translate(unnamed, texts))
    assert {(each.choice.head, each.choice.why) for each in found} == {(GUIDED, "best")}
    choice = found[0].choice
    assert choice.measured is not None
    assert choice.measured.peakedness > 0.8
    assert choice.measured.diagonality > 0.5
    assert choice.n_heads == 24
    for each, other in zip(found, translate(model, texts), strict=True):
        assert links(each) == links(other)


def test_another_head_may_be_asked_for(model: attnviz.Model) -> None:
    (found,) = translate(model, ["I am hungry."], head="2.3")
    assert (found.choice.head, found.choice.why) == (Head(2, 3), "asked")
    assert {link.head for link in found.aligned.links} == {Head(2, 3)}
    with pytest.raises(UnknownHead, match=r"no head 2\.9"):
        list(translate(model, ["I am hungry."], head="2.9"))


def test_weights_are_those_of_words_and_links_their_largest(model: attnviz.Model) -> None:
    (found,) = translate(model, ["The children are playing in the garden."])
    source, target, links = found.aligned
    assert found.weights.shape == (len(target), len(source))
    assert (found.weights.sum(axis=1) <= 1 + 1e-5).all()
    assert not any(word.special for word in (*source, *target))
    assert [link.query for link in links] == list(range(len(target)))
    assert [link.key for link in links] == found.weights.argmax(axis=1).tolist()
    np.testing.assert_allclose([link.weight for link in links], found.weights.max(axis=1))


def test_texts_may_have_been_read_before(model: attnviz.Model) -> None:
    (found,) = translate(model, [model.read("I am hungry.", beams=2)])
    assert (found.text, found.translation) == ("I am hungry.", "J'ai faim.")


def test_no_text_has_no_translation(model: attnviz.Model, unnamed: attnviz.Model) -> None:
    assert not list(translate(model, []))
    assert not list(translate(unnamed, []))
    with pytest.raises(EmptyText):
        list(translate(model, [" "]))


def test_a_reader_does_not_translate() -> None:
    with pytest.raises(InputError, match="all-MiniLM-L6-v2 does not translate"):
        list(translate(attnviz.load(), ["I am hungry."]))
