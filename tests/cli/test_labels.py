"""What heads were found to do stands wherever they are shown: in the terminal, files and JSON."""

from __future__ import annotations

import csv
import io
import json

import pytest

import attnviz as api
from attnviz import findings
from attnviz.analysis.labels import Label
from attnviz.result import Head

HAT = "He took the hat and examined it carefully"
WHOLE = "Head 3.1 was found to be: noun antecedent .64 against .29, case → head .58 against .39"


def spaced(text: str) -> str:
    return " ".join(text.split())


def test_a_heading_names_what_the_head_does_and_a_note_how_often(attnviz):
    shown = attnviz("run", HAT, "--head", "3.1").text
    assert "\nhead 3.1 (noun antecedent)   query ↓ key →" in shown
    assert WHOLE in spaced(shown)
    assert " in 3.1\n" in shown  # once is enough where it is the only head


def test_several_heads_and_their_links_are_each_named(attnviz):
    shown = attnviz("run", HAT, "--heads", "3.1,2.4", "--width", "200").text
    assert "head 3.1 (noun antecedent)" in shown and "head 2.4 (special tokens)" in shown
    assert "it → hat 0.80 in 3.1 noun antecedent\n" in shown
    assert "it → hat 0.80 in 3.1 noun antecedent\n" in attnviz("run", HAT, "--top", "3").text
    assert "it → hat 0.80 in 3.1 noun\u2026" not in shown


def test_on_a_narrow_screen_names_are_cut_or_left_out(attnviz):
    for width in (20, 30, 40):
        lines = attnviz("run", HAT, "--top", "3", "--width", str(width)).text.splitlines()
        assert all(len(line) <= width for line in lines)


def test_answers_say_what_their_heads_do(attnviz):
    said = spaced(attnviz("run", HAT, "--ask", "it").text)
    assert "Found to be: 3.1 noun antecedent, 2.10 ccomp → head, 4.11 special tokens." in said
    assert WHOLE in spaced(attnviz("run", HAT, "--who", "hat", "--head", "3.1").text)


def test_a_walk_says_it_in_every_form(attnviz, tmp_path):
    asked = ("explain", HAT, "--word", "it", "--head", "3.1")
    shown = attnviz(*asked).text
    assert shown.startswith("How head 3.1 (noun antecedent) makes “it” look at “hat”: 0.801\n")
    assert WHOLE in spaced(shown)
    (document,) = attnviz(*asked, "--json").documents
    assert document["labels"][0] == "noun antecedent .64 against .29"
    attnviz(*asked, "-o", "walk.html", "-o", "walk.svg")
    for name in ("walk.html", "walk.svg"):
        written = (tmp_path / name).read_text()
        assert "How head 3.1 (noun antecedent) makes" in written and WHOLE[:40] in written


def test_documents_hold_the_labels_of_the_heads_that_they_hold(attnviz):
    (whole,) = attnviz("run", HAT, "--json").documents
    (one,) = attnviz("run", HAT, "--head", "3.1", "--json").documents
    assert one["found"]["labels"] == {"3.1": whole["found"]["labels"]["3.1"]}
    assert whole["found"]["labels"]["0.2"] == ["previous word 1.00"]
    (rolled,) = attnviz("run", HAT, "--weights", "rollout", "--json").documents
    assert rolled["found"]["labels"] == {}
    other = HAT.replace("hat", "cup")
    compared = json.loads(attnviz("compare", HAT, other, "--json").out)
    assert compared["labels"] == [whole["found"]["labels"]] * 2
    cut = json.loads(attnviz("cut", HAT, "--head", "3.1", "--json").out)
    assert cut["labels"] == whole["found"]["labels"]["3.1"]


def test_documents_of_several_models_have_each_what_was_found_of_theirs(attnviz, tmp_path):
    (whole,) = attnviz("run", HAT, "--json").documents
    other = {**whole, "model": {**whole["model"], "sha256": "0" * 64}}
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, (whole, other, whole))))
    documents = attnviz("render", str(tmp_path / "a.jsonl"), "--json").documents
    said = [one["found"]["labels"] for one in documents]
    assert said == [whole["found"]["labels"], {}, whole["found"]["labels"]]


def test_tables_for_programs_hold_them_too(attnviz):
    rows = list(csv.DictReader(io.StringIO(attnviz("heads", HAT, "--csv").text)))
    assert {row["head"]: row["labels"] for row in rows}["0.2"] == "previous word 1.00"
    assert next(row for row in rows if row["head"] == "5.4")["labels"] == ""


@pytest.mark.parametrize("text", ["--ask it", "--head 2.1", "--heads all", "--top 3"])
def test_a_model_of_which_nothing_is_known_has_none(attnviz, text):
    shown = attnviz("run", HAT, "-m", "attnviz-en-fr-small", *text.split())
    assert shown.code == 0 and "ound to be" not in shown.text


def test_what_was_kept_of_another_model_is_shown_in_the_map_that_it_is_of(
    attnviz, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = {Head(2, 1): (Label("det → head", 0.7, 0.4),)}
    findings.keep_labels(api.load("attnviz-en-fr-small"), found)
    asked = ("-m", "attnviz-en-fr-small", "--head", "2.1")
    shown = attnviz("run", HAT, *asked, "--map", "encoder").text
    assert "head 2.1 (det → head)" in shown
    assert "Head 2.1 was found to be: det → head .70 against .40." in spaced(shown)
    walked = attnviz("explain", HAT, *asked, "--map", "encoder").text
    assert walked.startswith("How head 2.1 (det → head) makes")
    for kind in ("decoder", "cross"):
        for command in ("run", "explain"):
            other = attnviz(command, HAT, *asked, "--map", kind)
            assert other.code == 0 and "det → head" not in other.text
    measured = ("heads", HAT, "-m", "attnviz-en-fr-small")
    assert "det → head .70" in attnviz(*measured).text
    assert "det → head" not in attnviz(*measured, "--map", "decoder").text


def test_links_that_distance_explains_come_last_and_are_told_of_as_such(attnviz):
    asked = ("run", "She left and they stayed", "--heads", "0.2,3.1")
    last = "Those of heads that look as far from every word come last."
    (document,) = attnviz(*asked, "--json").documents
    links = document["found"]["links"]
    assert [link["positional"] for link in links] == [False] * 4 + [True] * 2
    assert {link["head"] for link in links[-2:]} == {"0.2"}
    (streamed,) = attnviz(*asked, "--top", "6", "--json").documents
    assert [link["positional"] for link in streamed["links"]] == [False] * 4 + [True] * 2
    for more in ((), ("--top", "6")):
        assert last in spaced(attnviz(*asked, *more).text)
    assert last not in spaced(attnviz("run", HAT, "--top", "3").text)
