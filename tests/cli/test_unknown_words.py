"""Words that a vocabulary lacks are marked in every command, medium and side, and named."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Program

LACKING = "𓀀"
TEXT = f"He took the {LACKING} and saw it"
MARKED = f"{LACKING}(?)"
NAMED = f"The model's vocabulary has nothing for {LACKING}"


def bare(said: str) -> list[str]:
    """Where the word stands without its mark, the sentence that names it and the text aside."""
    text = " ".join(said.split()).replace(NAMED, "").replace(TEXT, "")
    return re.findall(rf".{{0,20}}{LACKING}(?!\(\?\)).{{0,20}}", text)


@pytest.mark.parametrize(
    "given",
    [
        ("run", TEXT, "--head", "3.1"),
        ("run", TEXT, "--ask", LACKING),
        ("run", TEXT, "--ask", "it"),
        ("run", TEXT, "--who", LACKING),
        ("run", TEXT, "--heads", "all"),
        ("run", TEXT, "--top", "20"),
        ("explain", TEXT, "--word", LACKING, "--head", "3.1"),
        ("cut", TEXT, "--link", f"it->{LACKING}", "--head", "3.1"),
        ("cut", TEXT, "--link", f"{LACKING}->it", "--all"),
        ("classify", TEXT, "--why"),
        ("translate", f"I have {LACKING}."),
    ],
    ids=str,
)
def test_every_command_marks_the_word_and_names_it(attnviz: Program, given: tuple[str]) -> None:
    said = attnviz(*given).text
    assert NAMED in " ".join(said.split())
    assert bare(said) == []


def test_beside_a_word_that_is_known_the_two_are_marked(attnviz: Program) -> None:
    said = attnviz("compare", TEXT, TEXT.replace(LACKING, "hat"), "--head", "3.1").text
    assert f"it → {LACKING}/hat(?)" in said and f"{LACKING}/hat(?) → " in said


@pytest.mark.parametrize("choice", [("--head", "3.1"), ("--ask", LACKING), ("--who", LACKING)])
def test_figures_mark_the_word_and_name_it(
    attnviz: Program, tmp_path: Path, choice: tuple[str, str]
) -> None:
    attnviz("run", TEXT, *choice, "-o", "a.svg")
    drawn = re.sub(r"<[^>]*>|\s+", " ", (tmp_path / "a.svg").read_text())
    assert NAMED in " ".join(drawn.split())
    assert MARKED in drawn


def test_rows_mark_it_as_query_and_as_key(attnviz: Program, tmp_path: Path) -> None:
    attnviz("run", TEXT, "-o", "a.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text())))
    for side in "query", "key":
        assert {row[f"{side}_text"] for row in rows if row[side] == "4"} == {MARKED}


def test_documents_say_it_of_the_token(attnviz: Program) -> None:
    (document,) = attnviz("run", TEXT, "--json").documents
    assert [t["text"] for t in document["tokens"] if t.get("unknown")] == [LACKING]
    (decision,) = attnviz("classify", TEXT, "--json").documents
    assert [t["text"] for t in decision["words"] if t.get("unknown")] == [LACKING]
