"""``attnviz heads``: measures of every head as a table, CSV or JSON, over texts and files."""

from __future__ import annotations

import csv
import io
import json
import re
import signal
import subprocess
import sys

import pytest

import attnviz as api
from attnviz.cli.progress import Progress
from attnviz.model import long_texts
from attnviz.render.figure.measures import measured_heads
from tests.render.drawn import texts

TEXT = "He took the hat"
MEASURES = api.heads(api.load(), [TEXT]).names


def table(ended):
    """Rows of the table, each a head and its numbers as they are printed."""
    assert ended.code == 0
    lines = ended.text.split("\n\n")[0].splitlines()
    return lines[0].split(), [line.split() for line in lines[1:]]


def test_every_head_has_a_line_in_order(attnviz):
    header, rows = table(attnviz("heads", TEXT))
    assert header[:3] == ["head", "entropy", "spread"]
    assert [row[0] for row in rows][:2] == ["0.0", "0.1"] and len(rows) == 72


def test_sorting_puts_the_largest_first(attnviz):
    header, rows = table(attnviz("heads", TEXT, "--sort", "previous"))
    values = [float(row[header.index("previous")]) for row in rows]
    assert values == sorted(values, reverse=True)


def test_json_csv_and_the_api_say_the_same(attnviz):
    [document] = attnviz("heads", TEXT, "--json").documents
    rows = list(csv.DictReader(io.StringIO(attnviz("heads", TEXT, "--csv").text)))
    found = api.heads(api.load(), [TEXT])
    assert document["format"] == "attnviz-heads/1" and document["texts"] == 1
    for head, one, row in zip(
        sorted(found.ranked("entropy")), document["heads"], rows, strict=True
    ):
        assert one["head"] == row["head"] == str(head)
        assert one["entropy"] == float(row["entropy"]) == found.of(head)["entropy"]


def test_what_is_undefined_is_empty_or_null(attnviz):
    [document] = attnviz("heads", TEXT, "--json").documents  # no word is there twice
    assert {one["same"] for one in document["heads"]} == {None}
    rows = list(csv.DictReader(io.StringIO(attnviz("heads", TEXT, "--csv").text)))
    assert {row["same"] for row in rows} == {""}


def test_files_of_texts_are_one_mean(attnviz, tmp_path):
    (tmp_path / "a.txt").write_text("He took the hat\n\nShe left\n")
    (tmp_path / "b.jsonl").write_text('{"body": "They stay"}\n')
    [document] = attnviz(
        "heads", "-f", "a.txt", "-f", "b.jsonl", "--field", "body", "--json"
    ).documents
    assert (document["texts"], document["queries"]) == (3, 8)


def test_standard_input_has_a_text_a_line(attnviz):
    [document] = attnviz("heads", "-f", "-", "--json", stdin=b"one\ntwo three\n").documents
    assert (document["texts"], document["queries"]) == (2, 3)


def test_a_bad_line_is_named_skipped_and_a_failure_unless_it_may_be(attnviz, tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "one"}\n{"no": 1}\n{"text": "two"}\n')
    ended = attnviz("heads", "-f", "a.jsonl", "--json")
    assert ended.code == 1 and ended.documents[0]["texts"] == 2
    assert "line 2 of 'a.jsonl' has no text in 'text'" in ended.err
    assert "1 line was skipped; correct the file, or give --skip-bad" in ended.err
    assert attnviz("heads", "-f", "a.jsonl", "--json", "--skip-bad").code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 1, "the text is empty; give a sentence with at least one word"),
        (["a", "--sort", "size"], 2, "--sort 'size' is no measure; take one of entropy"),
        (["a", "--json", "--csv"], 2, "--json and --csv"),
        (["a", "--each"], 2, "--each prints a line of JSON for each text; give --json"),
        (["a", "--each", "--json", "-o", "a.png"], 2, "give --json, and no -o or --resume"),
        (["a", "--map", "cross"], 1, "no 'cross' map here; there is encoder"),
        (["-f", "none.txt"], 1, "'none.txt' cannot be read"),
        (["-f", "a.doc"], 1, "'a.doc' has no suffix that can be read"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence(attnviz, arguments, code, said):
    ended = attnviz("heads", *arguments)
    assert ended.code == code and said in ended.err and ended.err.count("\n") == 1


def test_labels_are_in_the_table(attnviz):
    _, rows = table(attnviz("heads", TEXT))
    [line] = [" ".join(row) for row in rows if row[0] == "3.1"]
    assert "noun antecedent .64 against .29" in line


def test_a_measure_of_all_heads_is_drawn(attnviz, tmp_path):
    ended = attnviz("heads", TEXT, "--sort", "idle", "-o", "idle.png", "-o", "idle.html")
    assert ended.code == 0 and ended.text == ""
    assert (tmp_path / "idle.png").read_bytes().startswith(b"\x89PNG")
    page = (tmp_path / "idle.html").read_text(encoding="utf-8")
    assert page.count("<tr>") == 73 and "weight that moves nothing" in page
    assert "previous word 1.00" in page and "<svg" not in page


def test_a_figure_says_what_it_measures():
    found = api.heads(api.load(), [TEXT])
    said = texts(measured_heads(found, "special", title="weight on special tokens"))
    assert {"weight on special tokens", "layer 0", "11", "layers down, heads across"} <= {
        part for text in said for part in text.split("  ·  ")
    }
    assert f"{found.table('special')[0, 0]:.2f}" in said


@pytest.mark.parametrize("name", ["heads.csv", "heads.txt", "heads"])
def test_what_cannot_be_written_so_is_refused(attnviz, name):
    ended = attnviz("heads", TEXT, "-o", name)
    assert ended.code == 2 and "has no suffix that can be written; take one of .png" in ended.err


def test_a_picture_looks_as_it_is_asked_to(attnviz, tmp_path):
    looks = ("--title", "Idle heads", "--size", "5x3", "--no-notes", "--palette", "grey")
    assert attnviz("heads", TEXT, "--sort", "idle", "-o", "idle.svg", *looks).code == 0
    svg = (tmp_path / "idle.svg").read_text(encoding="utf-8")
    assert "Idle heads" in svg and "layers down" not in svg and 'width="360pt"' in svg
    refused = attnviz("heads", TEXT, "-o", "idle.png", "--palette", "red")
    assert refused.code == 2 and "there is no palette 'red'" in refused.err


def test_the_document_can_be_a_file(attnviz, tmp_path):
    attnviz("heads", TEXT, "-o", "heads.json")
    [document] = attnviz("heads", TEXT, "--json").documents
    assert json.loads((tmp_path / "heads.json").read_text(encoding="utf-8")) == document


def test_other_weights_are_measured_too(attnviz):
    raw, norm = (
        attnviz("heads", TEXT, "--weights", which, "--json").documents[0]
        for which in ("raw", "norm")
    )
    assert "idle" in raw["measures"] and "idle" not in norm["measures"]
    assert norm["heads"][0]["special"] < raw["heads"][0]["special"]
    refused = attnviz("heads", TEXT, "--weights", "loud")
    assert refused.code == 2 and "--weights 'loud' is not raw, norm, rollout or flow" in refused.err


def test_paths_go_through_all_heads_and_are_told_of_layers(attnviz, tmp_path):
    rollout = ("--weights", "rollout")
    header, rows = table(attnviz("heads", TEXT, *rollout))
    assert header[0] == "layer" and [row[0] for row in rows] == list("012345")
    assert "head" not in attnviz("heads", TEXT, *rollout).text.split("found to be")[1]
    [document] = attnviz("heads", TEXT, *rollout, "--json").documents
    assert [one["layer"] for one in document["heads"]] == list(range(6))
    assert not any("head" in one or one["labels"] for one in document["heads"])
    assert attnviz("heads", TEXT, *rollout, "--csv").text.startswith("layer,entropy")
    attnviz("heads", TEXT, *rollout, "-o", "r.svg", "-o", "r.html")
    assert "layers down" in (tmp_path / "r.svg").read_text(encoding="utf-8")
    assert "heads across" not in (tmp_path / "r.svg").read_text(encoding="utf-8")
    assert "<th>layer</th>" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_where_a_picture_cannot_go_is_known_before_anything_is_measured(attnviz, tmp_path):
    ended = attnviz("heads", TEXT, "-o", "none/heads.png", "-m", "no/model", "--offline")
    assert ended.code == 1 and ended.err.count("\n") == 1
    assert ended.err.startswith("attnviz: there is no folder 'none' to write 'heads.png' in")
    ended = attnviz("heads", "", "-o", "heads.png")
    assert ended.code == 1 and not [*tmp_path.iterdir()]


def test_each_text_has_a_line_that_says_what_it_says_alone(attnviz, tmp_path):
    (tmp_path / "a.txt").write_text("He took the hat\n\nShe left it there\n")
    (tmp_path / "b.jsonl").write_text('{"text": "They stay"}\n')
    files = ("-f", "a.txt", "-f", "b.jsonl")
    every = attnviz("heads", *files, "--json", "--each", "--sort", "previous").documents
    assert [(one["line"], one["text"]) for one in every] == [
        (1, "He took the hat"),
        (3, "She left it there"),
        (1, "They stay"),
    ]
    for one in every:
        del one["line"]
        [alone] = attnviz("heads", one.pop("text"), "--json", "--sort", "previous").documents
        numbers, others = map(by_head, (one, alone))
        assert one == alone and numbers.keys() == others.keys()
        for head, measures in numbers.items():
            assert measures == pytest.approx(others[head], abs=1e-5)


def by_head(document):
    """The numbers of each head, which are taken out of the document."""
    heads = document.pop("heads")
    return {
        one["head"]: {name: -1 if x is None else x for name, x in one.items() if name in MEASURES}
        for one in heads
    }


def test_what_each_text_says_adds_up_to_the_table(attnviz):
    texts = b"one\ntwo three\n" + b"a longer text of several words\n" * 5
    every = attnviz("heads", "-f", "-", "--json", "--each", stdin=texts).documents
    [total] = attnviz("heads", "-f", "-", "--json", stdin=texts).documents
    n = [one["queries"] for one in every]
    assert sum(n) == total["queries"] and total["texts"] == len(every) == 7
    for at, head in enumerate(total["heads"]):
        mean = sum(m * one["heads"][at]["idle"] for m, one in zip(n, every, strict=True)) / sum(n)
        assert head["idle"] == pytest.approx(mean, abs=1e-9)


def test_a_text_that_was_given_has_no_line(attnviz):
    [first, second] = attnviz("heads", "one", "two", "--json", "--each").documents
    assert (first["text"], second["text"]) == ("one", "two") and "line" not in first


def test_a_bad_line_among_each_is_named_and_passed_over(attnviz, tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "one"}\n{"no": 1}\n{"text": "two"}\n')
    ended = attnviz("heads", "-f", "a.jsonl", "--json", "--each")
    assert ended.code == 1 and [one["line"] for one in ended.documents] == [1, 3]
    assert "line 2 of 'a.jsonl' has no text in 'text'" in ended.err


def test_who_asks_for_each_line_by_line_is_answered_so_and_may_stop(tmp_path):
    started = [sys.executable, "-m", "attnviz", "heads", "--lines", "-", "--json", "--each"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(started, **pipes) as service:
        for line, text in enumerate(("He took the hat.", "It was his."), 1):
            service.stdin.write(f"{text}\n".encode())
            service.stdin.flush()
            document = json.loads(service.stdout.readline())
            assert (document["line"], document["text"], document["texts"]) == (line, text, 1)
        service.send_signal(signal.SIGINT)
        assert service.stdout.read() == b""
    assert service.returncode == 130


@pytest.mark.parametrize("given", [[TEXT], ["-f", "a.txt"], ["--lines", "-f", "a.txt"]])
def test_who_waits_for_one_long_text_is_told_how_much_is_done(
    attnviz, monkeypatch, tmp_path, given
):
    said = []
    (tmp_path / "a.txt").write_text(f"{TEXT}\n")
    monkeypatch.setattr(long_texts, "LONG", 0)
    monkeypatch.setattr(Progress, "update", lambda _, what: said.append(what))
    assert attnviz("heads", *given, "--json").code == 0
    shares = [int(re.match(r"measuring, (\d+)%, about \d+ s left", one)[1]) for one in said[:-1]]
    assert shares == sorted(shares) and len(shares) >= 6 and shares[-1] == 100


def test_of_several_long_texts_no_share_is_told(attnviz, monkeypatch, tmp_path):
    said = []
    (tmp_path / "a.txt").write_text(f"{TEXT}\n{TEXT}\n")
    monkeypatch.setattr(long_texts, "LONG", 0)
    monkeypatch.setattr(Progress, "update", lambda _, what: said.append(what))
    assert attnviz("heads", "-f", "a.txt", "--json").code == 0
    assert said == ["attending"]
