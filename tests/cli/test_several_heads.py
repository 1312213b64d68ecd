"""--head again and again, or --heads with a list: these heads and no others, in every format."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from attnviz.document import read

BOTH = [["--head", "1.0", "--head", "0.1"], ["--heads", "1.0,0.1"], ["--head", "1.0,0.1"]]


@pytest.mark.parametrize("how", BOTH)
def test_the_terminal_shows_each_of_them(attnviz, document, how):
    shown = attnviz("render", document, *how, "--width", 200).text
    assert "heads 1.0 and 0.1   query" in shown
    names = next(line for line in shown.splitlines() if line.startswith("head 1.0"))
    assert names.split() == ["head", "1.0", "head", "0.1"]
    assert "in heads 1.0 and 0.1" in shown and "0.0" not in shown.split("query")[0]


def test_where_there_is_no_room_they_stand_beneath_each_other(attnviz, document):
    shown = attnviz("render", document, *BOTH[0], "--width", 60).text.splitlines()
    assert "head 1.0" in shown and "head 0.1" in shown
    assert shown.index("head 1.0") < shown.index("head 0.1")


@pytest.mark.parametrize("how", BOTH)
def test_documents_carry_exactly_these_heads(attnviz, document, tmp_path, how):
    ended = attnviz("render", document, *how, "-o", "a.npz", "-o", "a.csv", "--json")
    (whole,), (shown,) = read(document.read_bytes()), read(ended.out)
    (again,) = read((tmp_path / "a.npz").read_bytes())
    rows = csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text()))
    assert {(row["layer"], row["head"]) for row in rows} == {("1", "0"), ("0", "1")}
    for result in (shown, again):
        map = result.maps["encoder"]
        assert [str(head) for head in map.all_heads()] == ["1.0", "0.1"]
        for head in map.all_heads():
            np.testing.assert_array_equal(map.head(head), whole.maps["encoder"].head(head))


def test_a_document_of_picked_heads_is_rendered_like_any_other(attnviz, document, tmp_path):
    attnviz("render", document, *BOTH[0], "-o", "a.npz", "-o", "a.json")
    for name in ("a.npz", "a.json"):
        assert "in head 1.0" in attnviz("render", name, "--ask", "it").text
        assert "2 heads   query" in attnviz("render", name, "--heads", "all").text
        assert attnviz("render", name, "-o", "b.png", "-o", "b.html", "--mean").code == 0
        assert "no head 0.0; the map has 1.0, 0.1" in attnviz("render", name, "--head", "0.0").err


def test_a_figure_draws_each_and_names_them(attnviz, document, tmp_path):
    attnviz("render", document, *BOTH[0], "-o", "a.svg")
    drawn = (tmp_path / "a.svg").read_text()
    assert "heads 1.0 and 0.1" in drawn and "head 1.0" in drawn and "head 0.1" in drawn


def test_of_several_results_each_has_its_row_in_a_figure(attnviz, two_documents, tmp_path):
    attnviz("render", two_documents, *BOTH[0], "-o", "a.svg")
    assert (tmp_path / "a.svg").read_text().count("head 1.0") >= 2


def test_the_strongest_links_are_those_of_these_heads(attnviz):
    text = "He took the hat and examined it carefully"
    (said,) = attnviz("run", text, "--top", 5, "--head", "3.1", "--head", "2.4", "--json").documents
    assert {link["head"] for link in said["links"]} <= {"3.1", "2.4"}
    assert "in heads 3.1 and 2.4" in attnviz("run", text, "--top", 5, "--heads", "3.1,2.4").text


@pytest.mark.parametrize(
    ("wrong", "said", "code"),
    [
        (["--head", "1.0", "--head", "1.0"], "--head 1.0 is named twice; name each head once", 2),
        (["--heads", ""], "--heads '' names no head; write one or more, as 3.1,2.4", 2),
        (["--heads", "1.0,x"], "--heads 'x' is not a head", 2),
        (["--heads", "1.0,9.9"], "there is no head 9.9; the map has layers 0, 1", 1),
        (["--heads", "1.0", "--head", "0.1"], "--head and --heads choose different things", 2),
        (["--heads", "1.0", "--layer", "1"], "--layer and --heads choose different things", 2),
    ],
)
def test_what_cannot_be_shown_is_refused_in_one_sentence(attnviz, document, wrong, said, code):
    ended = attnviz("render", document, *wrong)
    assert ended.code == code and ended.err.count("\n") == 1
    assert ended.err.startswith(f"attnviz: {said}")


@pytest.mark.parametrize(
    ("command", "said"),
    [("explain", "a walk goes through"), ("translate", "an alignment is read in")],
)
def test_what_is_of_one_head_takes_no_more(attnviz, command, said):
    ended = attnviz(command, "a hat", "--head", "3.1", "--head", "2.4")
    assert ended.code == 2 and f"{said} one head and here are 2; give one --head" in ended.err
