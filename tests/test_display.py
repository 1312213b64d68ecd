"""Results show themselves: as figures, with the choices of the command line, and in notebooks."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure

import attnviz
import attnviz.display
from attnviz import Head, showing
from attnviz.analysis.ask import ask, find_word
from attnviz.analysis.choose import head_matrix
from attnviz.analysis.specificity import head_statistics
from attnviz.analysis.view import make_view
from attnviz.errors import InputError, OutputError, UnknownHead, UnknownWord
from tests.support.walks import hat


@pytest.fixture(scope="module")
def result():
    return attnviz.load().attend("He took the hat and examined it carefully")


def texts(figure: Figure) -> str:
    return " ".join(text.get_text() for text in figure.findobj(lambda a: hasattr(a, "get_text")))


def test_a_figure_shows_the_head_that_was_chosen(result):
    figure = result.figure(head="3.1", size=(3.3, 3.0))
    assert isinstance(figure, Figure)
    assert tuple(figure.get_size_inches()) == (3.3, 3.0)
    assert "head 3.1" in texts(figure)


def test_without_a_choice_it_is_the_head_that_says_most(result):
    assert "Head 3.1 is shown" in texts(result.figure())


def test_a_figure_answers(result):
    assert "0.80" in texts(result.figure(ask="it"))


def test_a_figure_of_every_head_names_each(result):
    shown = texts(result.figure(heads="all"))
    assert all(f"{layer}.{head}" in shown for layer in range(6) for head in range(12))


@pytest.mark.parametrize(
    ("choices", "error"),
    [
        ({"head": "9.1"}, UnknownHead),
        ({"ask": "zebra"}, UnknownWord),
        ({"palette": "rainbow"}, InputError),
    ],
)
def test_what_cannot_be_drawn_is_refused(result, choices, error):
    with pytest.raises(error):
        result.figure(**choices)


def test_results_and_maps_show_themselves_in_notebooks(result):
    for shown in (result, result.maps["encoder"]):
        assert shown._repr_html_() == attnviz.html(shown)
        assert attnviz.html(shown).startswith("<div><iframe srcdoc=")


def test_what_analysis_finds_shows_itself_as_its_figure(result):
    view = make_view(result)
    matrix = head_matrix(view, "encoder", Head(3, 1))
    place = find_word(matrix.queries, "it")
    answer = ask(view, "encoder", head_statistics(view, "encoder"), place)
    for found in (matrix, answer):
        drawn, size = found._repr_png_()
        assert drawn.startswith(b"\x89PNG") and set(size) == {"width", "height"}


def test_a_notebook_shows_a_figure_as_large_as_it_is_on_paper(result):
    bundle, about = result.figure(head="3.1", size=(3.5, 3.0))._repr_mimebundle_()
    assert bundle["image/png"].startswith(b"\x89PNG")
    assert about["image/png"] == {"width": 336, "height": 288}  # 96 of CSS's pixels are an inch


def test_a_result_draws_the_same_as_the_function_of_that_name(result):
    chosen = {"layer": 3, "special": False, "palette": "grey"}
    assert texts(result.figure(**chosen)) == texts(attnviz.figure(result, **chosen))


def test_anything_else_can_be_registered_to_draw(result):
    class Plain:
        def html(self, shown):
            return "plain"

    showing.register(Plain)
    try:
        assert result._repr_html_() == "plain"
    finally:
        showing.register(lambda: attnviz.display)
    assert result._repr_html_().startswith("<div><iframe")


def test_a_walk_shows_itself_too(tmp_path):
    walk = hat()
    assert walk._repr_html_() == attnviz.html(walk)
    assert texts(walk.figure(palette="grey")) == texts(attnviz.figure(walk, palette="grey"))
    for name in ("walk.html", "walk.svg", "walk.png", "walk.json"):
        walk.save(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 10_000
    with pytest.raises(InputError, match="style alone"):
        attnviz.figure(walk, head="3.1")
    with pytest.raises(InputError, match=r"take one of \.png"):
        walk.save(tmp_path / "walk.npz")


def test_showing_leaves_the_weights_alone(result):
    before = result.maps["encoder"].weights.copy()
    result.figure()
    result._repr_html_()
    np.testing.assert_array_equal(result.maps["encoder"].weights, before)


def test_a_result_answers_as_the_terminal_does(result):
    answer = result.ask("it")
    assert answer.keys[answer.tops[0]].text == "hat" and answer.heads[0] == Head(3, 1)
    only = result.ask("it", head=(3, 1), special=False)
    assert only.alone == Head(3, 1) and not any(key.special for key in only.keys)
    with pytest.raises(UnknownWord, match="there is no word 'cat' here"):
        result.ask("cat")
    with pytest.raises(InputError, match="there is no choice shape; there are head, layer"):
        result.ask("it", shape="round")


def test_links_count_the_words_of_a_result(result):
    words = result.words()
    named = [
        (words.tokens[link.query].text, words.tokens[link.key].text) for link in result.links()
    ]
    assert ("it", "hat") in named
    assert {link.head.layer for link in result.links(layer=3)} == {3}


@pytest.mark.parametrize("head", ["3.1", (3, 1), [3, 1], Head(3, 1)], ids=repr)
def test_a_head_may_be_named_as_one_likes(result, head):
    assert texts(result.figure(head=head)) == texts(result.figure(head="3.1"))


@pytest.mark.parametrize("head", ["3", (3,), "a.b", 3.1, None.__class__], ids=str)
def test_what_is_no_head_is_refused(result, head):
    with pytest.raises(InputError, match="is not a head"):
        result.figure(head=head)


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"layer": 3.5}, "'3.5' is not a layer"),
        ({"layer": "3"}, "'3' is not a layer"),
        ({"layer": True}, "'True' is not a layer"),
        ({"nope": 3}, "there is no choice nope; there are"),
        ({"ask": "hat"}, "there is no choice ask"),
        ({"by": "word"}, "there is no choice by"),
        ({"heads": "all"}, "heads='all' and ask show different things"),
    ],
)
def test_a_choice_that_says_nothing_of_an_answer_is_refused(result, choices, said):
    with pytest.raises(InputError, match=said):
        result.ask("it", **choices)


@pytest.mark.parametrize("word", [3, None, ["it"]], ids=repr)
def test_a_word_is_asked_for_by_its_text(result, word):
    for question in (result.ask, result.who):
        with pytest.raises(InputError, match="a word is asked for by its text"):
            question(word)


def test_a_style_that_is_none_is_refused(result):
    with pytest.raises(InputError, match="there is no choice nope; there are size"):
        result.figure(nope=3)
    with pytest.raises(InputError, match="ax takes matplotlib Axes to draw into, not '3'"):
        result.figure(ax=3)


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("hat.png", b"\x89PNG"),
        ("hat.SVG", b"<?xml"),
        ("hat.html", b"<!doctype html>"),
        ("hat.json", b'{"schema":"attnviz/1"'),
        ("hat.csv", b"kind,layer"),
        ("hat.npz", b"PK"),
    ],
)
def test_the_suffix_decides_what_is_saved(result, tmp_path, name, start):
    result.save(tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(start)


def test_documents_say_what_the_pictures_say(result, tmp_path):
    result.save(tmp_path / "hat.json")
    result.save(tmp_path / "hat.npz")
    said = json.loads((tmp_path / "hat.json").read_text("utf-8"))["found"]
    assert said["head"]["head"] == "3.1"
    strongest = result.links()[0]
    first = said["links"][0]
    assert (first["head"], first["key"]["text"]) == (str(strongest.head), "hat")
    with np.load(tmp_path / "hat.npz") as arrays:
        assert json.loads(str(arrays["document"]))["found"] == said


def test_a_result_without_layers_is_saved_with_nothing_found(tmp_path):
    attnviz.load().attend("He took it", layers=[]).save(tmp_path / "none.json")
    assert "found" not in json.loads((tmp_path / "none.json").read_text("utf-8"))


def test_what_cannot_be_saved_leaves_no_file(result, tmp_path):
    with pytest.raises(InputError, match=r"no suffix that can be written; take one of \.png"):
        result.save(tmp_path / "hat.doc")
    with pytest.raises(OutputError, match="is a folder; name a file in it"):
        result.save(tmp_path)
    with pytest.raises(InputError, match=r"\.json holds the result as it is and takes no head"):
        result.save(tmp_path / "hat.json", head="3.1")
    with pytest.raises(InputError, match="is not a head"):
        result.save(tmp_path / "hat.png", head="three")
    with pytest.raises(OutputError, match="there is no folder"):
        result.save(tmp_path / "none" / "hat.png")
    assert not list(tmp_path.iterdir())


def test_a_data_frame_has_one_weight_a_row(result):
    pandas = pytest.importorskip("pandas")
    frame = result.to_dataframe()
    weights = result.maps["encoder"].weights
    assert isinstance(frame, pandas.DataFrame) and len(frame) == weights.size
    row = frame[
        (frame.layer == 3) & (frame["head"] == 1) & (frame["query"] == 7) & (frame.key == 4)
    ]
    assert row.weight.item() == pytest.approx(weights[3, 1, 7, 4], abs=1e-7)
    assert (row.query_text.item(), row.key_text.item()) == ("it", "hat")


def test_a_data_frame_needs_pandas(result, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(InputError, match="a data frame needs pandas"):
        result.to_dataframe()
