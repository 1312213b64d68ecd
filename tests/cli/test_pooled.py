"""``attnviz run --pooled``: a text too long for maps in blocks of tokens, wherever it goes."""

from __future__ import annotations

import json

import pytest

TEXT = "He took the hat and examined it carefully because it was old"
LEGEND = "each pixel is the sum over its block of keys and the mean over its block of queries"


def test_the_terminal_shows_blocks_and_says_what_a_pixel_is(attnviz):
    said = " ".join(attnviz("run", TEXT, "--pooled", "4", "--head", "3.1").text.split())
    assert LEGEND in said
    assert "head 3.1" in said
    assert "Strongest links" not in said
    assert said.startswith("all-MiniLM-L6-v2 · 14 tokens in 4 blocks of 4 ·")


def test_files_of_every_format_are_written(attnviz, tmp_path):
    names = [tmp_path / f"map{suffix}" for suffix in (".png", ".html", ".json", ".npz", ".csv")]
    attnviz("run", TEXT, "--pooled", "4", "--head", "3.1", *(f"-o{name}" for name in names))
    assert all(name.stat().st_size for name in names)
    document = json.loads(names[2].read_text())
    assert document["weighting"] == "pooled"
    assert len(document["tokens"]) == 4
    assert document["found"]["links"] == []
    assert LEGEND in names[1].read_text()
    assert "14 tokens in 4 blocks of 4." in names[1].read_text()
    said = " ".join(attnviz("render", str(names[3])).text.split())
    assert LEGEND in said and "· 4 blocks ·" in said


def test_without_a_head_it_is_the_mean_of_all(attnviz):
    assert "mean of 72 heads" in attnviz("run", TEXT, "--pooled", "4").text


@pytest.mark.parametrize(
    "more", [("--ask", "it"), ("--who", "hat"), ("--weights", "norm"), ("--top", "3")]
)
def test_what_blocks_cannot_show_is_refused(attnviz, more):
    failed = attnviz("run", TEXT, "--pooled", "4", *more)
    assert failed.code == 2
    assert "--pooled" in failed.err


def test_every_line_is_a_text(attnviz, tmp_path):
    (tmp_path / "two.txt").write_text("He took the hat\n\nIt was old\n")
    said = attnviz("run", "-f", str(tmp_path / "two.txt"), "--pooled", "2", "--json").text
    first, second = map(json.loads, said.splitlines())
    assert (first["line"], second["line"]) == (1, 3)
    [alone] = attnviz("run", "He took the hat", "--pooled", "2", "--json").documents
    assert first["maps"] == alone["maps"] != second["maps"]


def test_a_text_that_cannot_be_read_is_a_bad_line(attnviz, tmp_path):
    (tmp_path / "two.txt").write_text("word " * 600 + "\nHe took the hat\n")
    ended = attnviz("run", "-f", "two.txt", "--pooled", "2", "--json")
    assert ended.code == 1 and "line 1: the text has 602 tokens" in ended.err
    assert [one["line"] for one in ended.documents] == [2]
