"""``attnviz probe``: which heads find which relations, and lenses fitted to treebanks."""

from __future__ import annotations

import json
from itertools import groupby

import pytest

import attnviz as api
from attnviz import findings
from attnviz.analysis.grammar import clauses
from attnviz.analysis.lens_file import parse_lens
from attnviz.analysis.templates import discourses
from attnviz.cli import progress
from tests.support.treebanks import write_treebank


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_without_a_treebank_made_sentences_are_asked(attnviz):
    ended = attnviz("probe", "--json")
    [document] = ended.documents
    relations = {one["relation"]: one for one in document["relations"]}
    assert "head → nmod" not in relations  # what made sentences do not show truly
    det = relations["det → head"]
    assert det["heads"][0]["head"] == "2.8" and det["heads"][0]["above"]
    assert det["heads"][0]["low"] > max(det["rules"].values())
    assert relations["noun antecedent"]["n"] > 300
    assert relations["previous word"]["heads"][0] == {
        "head": "0.2", "share": 1.0, "low": pytest.approx(1, abs=0.01), "high": 1.0, "above": True
    }  # fmt: skip
    assert relations["same word"]["heads"][0]["head"] == "2.9"


def test_a_treebank_is_asked_for_all_it_has_and_its_labels_are_kept(attnviz, tmp_path):
    name = write_treebank(tmp_path / "made.conllu", [*clauses(60), *discourses(60)])
    ended = attnviz("probe", "--conllu", name)
    assert ended.code == 0
    assert ended.text.splitlines()[0].split()[:3] == ["relation", "n", "best"]
    assert "obj → head" in ended.text and "noun antecedent" in ended.text
    assert ended.text.endswith("* its 95 % interval lies above every simple rule.\n")
    assert list((tmp_path / "cache").rglob("labels.json"))


def test_texts_without_annotation_are_asked_for_neighbours_and_words_said_again(attnviz, tmp_path):
    (tmp_path / "a.txt").write_text("He took the hat and the coat\n\nShe left\n")
    (tmp_path / "b.jsonl").write_text('{"body": "They stay and they sleep"}\n{"no": 1}\n')
    ended = attnviz("probe", "-f", "a.txt", "-f", "b.jsonl", "--field", "body", "--json")
    [document] = ended.documents
    asked = {one["relation"]: one["n"] for one in document["relations"]}
    assert asked == {"previous word": 10, "next word": 10, "same word": 4}
    assert ended.code == 1 and "line 2 of 'b.jsonl' has no text in 'body'" in ended.err
    more = ("--field", "body", "--json", "--skip-bad")
    skipped = attnviz("probe", "-f", "a.txt", "-f", "b.jsonl", *more)
    assert skipped.code == 0 and skipped.err.endswith("attnviz: 1 line was skipped\n")
    [said] = attnviz("probe", "-f", "-", "--json", stdin=b"He took the hat\n").documents
    assert {one["relation"]: one["n"] for one in said["relations"]} == {
        "previous word": 3, "next word": 3}  # fmt: skip
    assert not list((tmp_path / "cache").rglob("labels.json"))  # which name what is annotated


def test_what_heads_find_is_drawn_written_and_a_page(attnviz, tmp_path):
    (tmp_path / "a.txt").write_text("He took the hat and the coat\n\nShe left and they left\n")
    written = ("-o", "a.svg", "-o", "a.html", "-o", "a.json")
    ended = attnviz("probe", "-f", "a.txt", *written)
    assert ended.code == 0 and ended.text == ""
    svg = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert "all-MiniLM-L6-v2, what heads find in a.txt" in svg and "same word (" in svg
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert page.count("<img") == 4 and page.count("<tr>") == 4  # and a map for each relation
    [document] = attnviz("probe", "-f", "a.txt", "--json").documents
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == document
    best = document["relations"][0]["heads"][0]
    assert f"{best['head']} {best['share']:.2f} [" in page


def test_each_file_may_be_answered_as_it_is_done(attnviz, tmp_path):
    name = write_treebank(tmp_path / "made.conllu", clauses(30))
    (tmp_path / "a.txt").write_text("He took the hat and the coat\n")
    tree, text = attnviz("probe", "-f", "a.txt", "-f", name, "--json", "--each").documents
    assert (tree.pop("file"), text.pop("file")) == (name, "a.txt")
    assert [tree] == attnviz("probe", "-f", name, "--json").documents
    assert [text] == attnviz("probe", "-f", "a.txt", "--json").documents
    assert list((tmp_path / "cache").rglob("labels.json"))


def test_a_text_longer_than_the_model_reads_is_a_bad_line_unless_it_may_be_cut(attnviz, tmp_path):
    (tmp_path / "a.txt").write_text("word " * 600 + "\nHe took the hat\n")
    ended = attnviz("probe", "-f", "a.txt", "--json")
    assert ended.code == 1 and "line 1: the text has 602 tokens" in ended.err
    assert ended.documents[0]["relations"][0]["n"] == 3
    [cut] = attnviz("probe", "-f", "a.txt", "--json", "--truncate").documents
    assert cut["relations"][0]["n"] > 500


def test_a_treebank_may_be_any_file_of_texts(attnviz, tmp_path):
    name = write_treebank(tmp_path / "made.conllu", clauses(30))
    one, two = (attnviz("probe", option, name, "--json").documents for option in ("-f", "--conllu"))
    assert one == two and "head → nsubj" in {each["relation"] for each in one[0]["relations"]}


def test_a_lens_is_fitted_and_written(attnviz, tmp_path):
    name = write_treebank(tmp_path / "made.conllu", clauses(80))
    ended = attnviz("probe", "--fit", "obj", "--conllu", name, "-o", "obj.json", "--json")
    [document] = ended.documents
    assert document["accuracy"]["share"] > 0.8
    written = (tmp_path / "obj.json").read_bytes()
    assert parse_lens(written).relation == "obj" and len(written) < 10_000


def test_who_waits_for_a_lens_is_told_whether_it_is_read_for_or_fitted(
    attnviz, tmp_path, monkeypatch
):
    said = []
    for name in ("say", "update"):
        monkeypatch.setattr(progress.Progress, name, lambda _, what: said.append(what))
    name = write_treebank(tmp_path / "made.conllu", clauses(80))
    assert attnviz("probe", "--fit", "obj", "--conllu", name).code == 0
    steps = [what for what, _ in groupby(said)]
    assert steps == ["measuring", *["attending", "fitting a lens"] * 2, ""]


def test_without_a_file_a_lens_is_kept_for_the_model(attnviz, tmp_path):
    name = write_treebank(tmp_path / "made.conllu", discourses(30))
    ended = attnviz("probe", "--fit", "det", "--conllu", name)
    assert ended.code == 0 and "calibration error" in ended.text
    assert findings.lens(api.load(), "det").relation == "det"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--fit", "obj"], 2, "--fit learns from annotated text; give it with --conllu FILE"),
        (["--fit", "obj", "-f", "a.txt"], 2, "--fit learns from annotated text"),
        (["-f", "a.doc"], 1, "'a.doc' has no suffix that can be read"),
        (["-o", "x.csv"], 2, "'x.csv' has no suffix that can be written; take one of .png"),
        (["-o", "x.png", "--size", "1x1"], 1, "a picture of 1 × 1 inches has no room"),
        (["--fit", "obj", "--conllu", "a", "-o", "a", "-o", "b"], 2, "--fit writes one lens"),
        (["--fit", "obj", "--conllu", "a", "--each"], 2, "one lens of all files; leave out --each"),
        (["--each"], 2, "--each prints a line of JSON for each file"),
        (["--conllu", "none.conllu"], 1, "'none.conllu' cannot be read"),
        (["--conllu", "bad.conllu"], 1, "there is no relation in these files"),
        (["--fit", "obj", "--conllu", "few.conllu"], 1, "at least 10 documents and here are 3"),
        (["--fit", "zzz", "--conllu", "many.conllu"], 1, "no example of zzz"),
    ],
)
def test_what_cannot_be_probed_is_said(attnviz, tmp_path, arguments, code, said):
    (tmp_path / "bad.conllu").write_text("this is no treebank\n")
    write_treebank(tmp_path / "few.conllu", clauses(3))
    write_treebank(tmp_path / "many.conllu", clauses(12))
    ended = attnviz("probe", *arguments)
    assert ended.code == code and said in ended.err


def test_a_bad_sentence_is_named(attnviz, tmp_path):
    name = write_treebank(tmp_path / "made.conllu", clauses(20))
    with (tmp_path / name).open("a") as stream:
        stream.write("1\tbroken\n\n")
    ended = attnviz("probe", "--conllu", name, "--json")
    assert ended.code == 1 and json.loads(ended.out)["relations"]
    assert "has 2 columns where CoNLL-U has 10; skipped" in ended.err


def test_where_a_lens_cannot_go_is_known_before_a_treebank_is_read(attnviz):
    lens = ("--fit", "obj", "--conllu", "none.conllu", "-o", "none/obj.json")
    ended = attnviz("probe", *lens)
    assert ended.code == 1 and ended.err.count("\n") == 1
    assert ended.err.startswith("attnviz: there is no folder 'none' to write 'obj.json' in")
