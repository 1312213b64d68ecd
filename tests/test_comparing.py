"""``attnviz.compare`` and ``attnviz.cut`` from Python: what they take, say, draw and write."""

from __future__ import annotations

import json

import numpy as np
import pytest
from matplotlib.figure import Figure

import attnviz
from attnviz.cli import main
from attnviz.errors import InputError, UnknownHead

HUNGRY, RIPE = (f"They left because they were {how}" for how in ("hungry", "ripe"))


@pytest.fixture(scope="module")
def model():
    return attnviz.load()


@pytest.fixture(scope="module")
def found(model):
    return attnviz.compare(model, HUNGRY, RIPE, head="3.1")


def texts(figure: Figure) -> str:
    return " ".join(text.get_text() for text in figure.findobj(lambda a: hasattr(a, "get_text")))


def test_two_texts_are_compared_as_their_results_are(model, found):
    results = [model.attend(text) for text in (HUNGRY, RIPE)]
    same = attnviz.compare(*results, head=(3, 1))
    assert found.texts == same.texts == (HUNGRY, RIPE)
    assert found.models == ("all-MiniLM-L6-v2",) * 2
    for name in ("before", "after"):
        np.testing.assert_array_equal(getattr(found, name), getattr(same, name))
    assert str(found.pair().first) == str(same.pair().first) == "3.1"


def test_one_text_is_compared_in_two_models(model):
    other = attnviz.load("attnviz-en-fr-small")
    found = attnviz.compare(model, HUNGRY, against=other)
    assert found.models == ("all-MiniLM-L6-v2", "attnviz-en-fr-small")
    seconds = [pair.second for pair in found.pairs]
    assert len(set(seconds)) == len(seconds) == 24  # as many as the smaller model has


def test_a_comparison_says_what_changes_most(found, model):
    query, key = found.changes(1)[0][1:3]
    words = [word.text for word in found.both]
    assert repr(found).startswith(f"<Comparison: '{words[query]}' → '{words[key]}' 0.")
    result = model.attend(HUNGRY)
    assert repr(attnviz.compare(result, result)) == (
        "<Comparison of 8 words in 72 heads: all alike>"
    )


@pytest.mark.parametrize("what", ["compare", "cut"])
def test_it_is_drawn_and_written_as_the_command_does(what, model, found, tmp_path):
    if what == "compare":
        given = ("compare", HUNGRY, RIPE, "--head", "3.1")
    else:
        found = attnviz.cut(model, HUNGRY, "they:2->were", heads="3.1")
        given = ("cut", HUNGRY, "--link", "they:2->were", "--head", "3.1")
    for suffix in ("html", "json", "svg"):
        found.save(tmp_path / f"api.{suffix}")
        with pytest.raises(SystemExit):
            main([*given, "-o", str(tmp_path / f"cli.{suffix}")])
    pages = [(tmp_path / f"{by}.html").read_bytes() for by in ("api", "cli")]
    assert pages[0] == pages[1]
    documents = [json.loads((tmp_path / f"{by}.json").read_text()) for by in ("api", "cli")]
    assert documents[0] == documents[1]
    assert (tmp_path / "api.svg").read_bytes() == (tmp_path / "cli.svg").read_bytes()
    assert texts(found.figure(palette="grey")) == texts(attnviz.figure(found, palette="grey"))
    assert found._repr_html_() == attnviz.html(found)
    assert found._repr_html_().startswith("<div><iframe srcdoc=")


def test_what_is_shown_is_chosen_already(found, tmp_path):
    with pytest.raises(InputError, match="takes the style alone"):
        found.figure(head="3.1")
    with pytest.raises(InputError, match="no choice paletta"):
        found.save(tmp_path / "x.html", paletta="grey")
    with pytest.raises(InputError, match=r"take one of \.png"):
        found.save(tmp_path / "x.npz")
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_compared_is_told(model):
    result = model.attend(HUNGRY)
    for given in ((result, HUNGRY), (result, result, HUNGRY)):
        with pytest.raises(InputError, match="a result is compared with another result"):
            attnviz.compare(*given)
    for given in ((model, HUNGRY), (model, result)):
        with pytest.raises(InputError, match="give a model and two texts"):
            attnviz.compare(*given)
    with pytest.raises(InputError, match="give a model and two texts"):
        attnviz.compare(model, HUNGRY, RIPE, against=model)
    with pytest.raises(InputError, match=r"there is no head 9\.9 to compare"):
        attnviz.compare(model, HUNGRY, RIPE, head="9.9")
    with pytest.raises(InputError, match="no word in common"):
        attnviz.compare(model, "hats", "it rains")
    with pytest.raises(UnknownHead):
        attnviz.cut(model, HUNGRY, heads="9.9")


def test_what_the_head_is_called_is_said_of_its_cut(model, tmp_path):
    one = attnviz.cut(model, HUNGRY, "they:2->were", heads="3.1")
    assert one.labels[0].what == "noun antecedent"
    one.save(tmp_path / "cut.json")
    said = json.loads((tmp_path / "cut.json").read_text())["said"]
    assert said[1].startswith("Head 3.1 was found to be: noun antecedent .64 against .29, ")
    assert attnviz.cut(model, HUNGRY, "they:2->were").labels == ()
