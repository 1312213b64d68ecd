"""``attnviz translate``, as somebody uses it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Program
from tests.models.translations import FOLDER

HUNGRY, RAIN = "I am hungry.", "It will rain tomorrow."
LONG = "cat " * 400


def test_the_translation_comes_first_and_then_lines_between_the_sentences(
    attnviz: Program,
) -> None:
    ended = attnviz("translate", HUNGRY)
    assert ended.code == 0
    first, blank, *drawn = ended.text.splitlines()
    assert (first, blank) == ("J'ai faim.", "")
    assert re.fullmatch(r"     I ⠒{20} J'ai 0\.\d\d", drawn[0])
    assert re.fullmatch(r"    am +[\u2801-\u28ff]+ faim 1\.00", drawn[1])
    assert re.fullmatch(r"hungry [\u2801-\u28ff ]{20} \.    1\.00", drawn[2])
    assert drawn[5].startswith("Read in head 1.0 of the cross attention, which the model's")


def test_each_text_has_its_own(attnviz: Program) -> None:
    assert attnviz("translate", HUNGRY, RAIN, "--plain").text == "J'ai faim.\nIl pleuvra demain.\n"
    both = attnviz("translate", HUNGRY, RAIN).text
    assert both.index("J'ai faim.") < both.index("Il pleuvra demain.")
    assert both.count("Read in head 1.0") == 1


def test_lines_of_standard_input_and_of_files_are_texts(attnviz: Program, tmp_path: Path) -> None:
    lines = f"{HUNGRY}\n\n{RAIN}\n"
    found = attnviz("translate", "--lines", "--json", "-", stdin=lines.encode()).documents
    assert [(each["line"], each["translation"]) for each in found] == [
        (1, "J'ai faim."),
        (3, "Il pleuvra demain."),
    ]
    (tmp_path / "texts.txt").write_text(lines)
    plain = attnviz("translate", "-f", "texts.txt", "--plain")
    assert plain.text == "J'ai faim.\nIl pleuvra demain.\n"
    assert attnviz("translate", "--plain", stdin=HUNGRY.encode()).text == "J'ai faim.\n"


def test_bad_lines_are_named_and_passed_over(attnviz: Program) -> None:
    stdin = f"{HUNGRY}\n{LONG}\n".encode()
    ended = attnviz("translate", "--lines", "--plain", "-", stdin=stdin)
    assert (ended.code, ended.text) == (1, "J'ai faim.\n")
    assert "line 2: the text has 402 tokens" in ended.err
    skipped = attnviz("translate", "--lines", "--plain", "--skip-bad", "-", stdin=stdin)
    assert (skipped.code, skipped.text) == (0, "J'ai faim.\n")
    none = attnviz("translate", "--lines", "--skip-bad", "-", stdin=LONG.encode())
    assert (none.code, none.text) == (1, "")
    assert none.err.splitlines()[-1].startswith("attnviz: no line is left to show")


def test_a_translation_that_is_given_is_aligned(attnviz: Program) -> None:
    (found,) = attnviz("translate", HUNGRY, "--target", "La faim me tient.", "--json").documents
    assert found["translation"] == "La faim me tient."
    joined = {
        found["target"][each["target"]]["text"]: found["source"][each["source"]]["text"]
        for each in found["alignment"]
    }
    assert joined["faim"] == "hungry"
    assert joined["."] == "."


def test_json_says_everything(attnviz: Program) -> None:
    (found,) = attnviz("translate", HUNGRY, "--beams", "4", "--json").documents
    assert found["text"] == HUNGRY
    assert found["model"] == "attnviz-en-fr-small"
    assert found["head"] == {"head": "1.0", "why": "named"}
    for side, text in (("source", HUNGRY), ("target", found["translation"])):
        for word in found[side]:
            assert text[word["start"] : word["end"]] == word["text"]
    assert len(found["weights"]) == len(found["target"])
    for each in found["alignment"]:
        assert each["weight"] == max(found["weights"][each["target"]])


def test_how_a_head_was_chosen_is_said(attnviz: Program, tmp_path: Path) -> None:
    folder = tmp_path / "unnamed"
    shutil.copytree(FOLDER, folder)
    path = folder / "generation_config.json"
    said = json.loads(path.read_text())
    del said["alignment_heads"]
    path.write_text(json.dumps(said))
    (found,) = attnviz("translate", RAIN, "-m", "unnamed", "--json").documents
    assert found["head"]["why"] == "best"
    assert {"peakedness", "diagonality"} < found["head"].keys()
    shown = " ".join(attnviz("translate", RAIN, "-m", "unnamed").text.split())
    assert "the most peaked and diagonal of 24 heads" in shown
    asked = attnviz("translate", RAIN, "--head", "2.1").text
    assert "Read in head 2.1 of the cross attention.\n" in asked


def test_files_by_their_suffix(attnviz: Program, tmp_path: Path) -> None:
    names = ["x.png", "x.svg", "x.pdf", "x.html", "x.json"]
    ended = attnviz("translate", HUNGRY, *(part for name in names for part in ("-o", name)))
    assert (ended.code, ended.out) == (0, b"")
    starts = [b"\x89PNG", b"<?xml", b"%PDF", b"<!doctype html>", b'{"text"']
    for name, start in zip(names, starts, strict=True):
        assert (tmp_path / name).read_bytes().startswith(start)
    page = (tmp_path / "x.html").read_text()
    assert '"view":"lines"' in page
    assert '"heads":"1.0"' in page
    assert "names for aligning words" in page


def test_text_is_hostile(attnviz: Program, tmp_path: Path) -> None:
    text = "fine </span><script>alert(1)</script> \x1b[31mred\x1b[0m \u202eevil"
    ended = attnviz("translate", text, "--target", text, "-o", "x.html", "-o", "x.png", "--json")
    assert ended.code == 0
    assert ended.documents[0]["text"] == text
    page = (tmp_path / "x.html").read_text()
    assert "<script>alert" not in page
    assert "\x1b" not in page
    shown = attnviz("translate", text, "--target", text).text
    assert "\x1b" not in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize("text", ["東京は素晴らしい", "🎩🎩🎩", "नमस्ते दुनिया", "a", "…"])
def test_foreign_texts_become_something(attnviz: Program, text: str) -> None:
    assert attnviz("translate", text).code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([" "], 1, "the text is empty"),
        ([LONG], 1, "has 402 tokens but attnviz-en-fr-small has 256 positions"),
        (["x", "--target", " "], 1, "the text is empty"),
        (["x", "y", "--target", "z"], 2, "--target goes with one text"),
        (["x", "--target", "z", "--beams", "4"], 2, "so nothing is written"),
        (["x", "--plain", "--json"], 2, "--plain prints translations and nothing else"),
        (["x", "--beams", "0"], 2, "--beams '0' is not a whole number from 1"),
        (["x", "--head", "9.9"], 1, "there is no layer 9"),
        (["x", "--head", "one"], 2, "'one' is not a head"),
        (["x", "--from", "fra_Latn"], 1, "no languages to choose 'fra_Latn' from"),
        (["x", "-m", "all-MiniLM-L6-v2"], 1, "all-MiniLM-L6-v2 does not translate"),
        (["x", "-o", "x.txt"], 2, "has no suffix that can be written"),
        (["-f", "none.txt"], 1, "'none.txt' cannot be read"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    attnviz: Program, arguments: list[str], code: int, said: str
) -> None:
    ended = attnviz("translate", *arguments)
    assert (ended.code, ended.out) == (code, b"")
    assert said in ended.err
    assert ended.err.count("\n") == 1


def test_long_texts_may_be_cut(attnviz: Program) -> None:
    assert attnviz("translate", LONG, "--truncate", "--plain", "--max-new-tokens", "5").code == 0
