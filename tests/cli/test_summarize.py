"""``attnviz summarize``, as somebody uses it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Program

ABSTRACT = """# Parsing with little data

Neural networks for parsing need large treebanks, which are expensive to make.
We propose a parser that learns from a *small* treebank and a large corpus of raw text.
It is tested on four languages. Results are better in three of them.
"""
NEW = "We propose a parser that learns from a small treebank and a large corpus of raw text."


@pytest.fixture
def paper(tmp_path: Path) -> str:
    (tmp_path / "paper.md").write_text(ABSTRACT, encoding="utf-8")
    return "paper.md"


def test_the_chosen_sentences_come_one_a_line_in_their_order(attnviz: Program, paper: str) -> None:
    assert attnviz("summarize", paper, "-n", 1).text == NEW + "\n"
    assert attnviz("summarize", paper, "-n", 1, "--width", 24).text == NEW + "\n"
    lines = attnviz("summarize", paper, "-n", 3).text.splitlines()
    assert len(lines) == 3
    assert lines == sorted(lines, key=ABSTRACT.replace("*", "").index)


def test_standard_input_and_lines(attnviz: Program) -> None:
    assert attnviz("summarize", "-", "-n", 1, stdin=ABSTRACT.encode()).text == NEW + "\n"
    ended = attnviz(
        "summarize", "--lines", "-n", 1, "-", "--by", "lead", stdin=b"One. Two.\nAnn ran. Bob too."
    )
    assert ended.text == "One.\n\nAnn ran.\n"


@pytest.mark.parametrize("method", ["attention", "lexrank", "lead"])
def test_json_weighs_every_sentence(attnviz: Program, paper: str, method: str) -> None:
    (found,) = attnviz("summarize", paper, "--by", method, "-n", 2, "--json").documents
    assert found["by"] == method
    assert len(found["sentences"]) == 4
    assert sum(each["weight"] for each in found["sentences"]) == pytest.approx(1, abs=1e-5)
    chosen = [each["text"] for each in found["sentences"] if each["chosen"]]
    assert chosen == found["summary"]
    for each in found["sentences"]:
        assert found["text"][each["start"] : each["end"]] == each["text"]


def test_the_document_is_shaded_where_there_are_colours(
    attnviz: Program, paper: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLORTERM", "truecolor")
    plain, by_word = (attnviz("summarize", paper, *more).text for more in ([], ["--words"]))
    assert "treebanks" in plain.split("\n\n", 1)[1]
    assert "\x1b[4;38;2;" in plain  # chosen sentences are underlined
    assert plain != by_word


def test_files_by_their_suffix(attnviz: Program, paper: str, tmp_path: Path) -> None:
    names = ["x.png", "x.svg", "x.pdf", "x.html", "x.json"]
    ended = attnviz("summarize", paper, *(part for name in names for part in ("-o", name)))
    assert (ended.code, ended.out) == (0, b"")
    starts = [b"\x89PNG", b"<?xml", b"%PDF", b"<!doctype html>", b'{"text"']
    for name, start in zip(names, starts, strict=True):
        assert (tmp_path / name).read_bytes().startswith(start)
    assert "<script" not in (tmp_path / "x.html").read_text()
    assert "We propose a parser" in (tmp_path / "x.svg").read_text()


@pytest.mark.parametrize(
    "text",
    [
        "東京は大きい。京都は古い。",
        "यह ठीक है। वह गया।",
        "مرحبا. كيف الحال؟",
        "one",
        "\u200bhidden </p><b>bold</b> \x1b[31m text",
        "no end " * 600,
        "Something <!-- nothing -->.",
    ],
)
def test_any_text_can_be_summarized(attnviz: Program, text: str) -> None:
    ended = attnviz("summarize", "-", "-o", "x.html", "--json", stdin=text.encode())
    assert ended.code == 0
    assert b"\x1b" not in Path("x.html").read_bytes()
    assert "<b>" not in Path("x.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "said"),
    [
        (["-"], b"", 1, "there is no sentence in the text"),
        (["--lines", "-"], b"\n \n", 1, "there is no line with text in the input"),
        (["-"], b"# only a heading\n", 1, "there is no sentence in the text"),
        (["-"], b"\xff\xfe", 1, "standard input is not UTF-8 at byte 0"),
        (["none.md"], b"", 1, "'none.md' cannot be read"),
        (["-", "-n", "0"], b"x", 2, "--sentences '0' is not a whole number from 1"),
        (["-", "--by", "magic"], b"x", 2, "--by 'magic' is not attention, lexrank or lead"),
        (["-", "--by", "lead", "--words"], b"x", 2, "go with attention"),
        (["-", "-m", "sentiment"], b"x", 1, "does not describe a head for 'summarize'"),
        (["-", "-o", "x.csv"], b"x", 2, "has no suffix that can be written"),
        (["-", "--lines", "-o", "x.png"], b"A.\nB.", 2, "a figure shows one document"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    attnviz: Program, arguments: list[str], stdin: bytes, code: int, said: str
) -> None:
    ended = attnviz("summarize", *arguments, stdin=stdin)
    assert (ended.code, ended.out) == (code, b"")
    assert said in ended.err
    assert ended.err.count("\n") == 1
    assert not Path("x.png").exists()
