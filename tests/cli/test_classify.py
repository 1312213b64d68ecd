"""``attnviz classify`` and ``attnviz classify fit``, as somebody uses them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Program

GOOD, BAD = "A gorgeous, witty, seductive film.", "A dull and pointless mess."
FIT = "".join(
    f"{subject} {verb} {thing} today\t{label}\n"
    for label, verbs in (("food", ("eats", "cooks")), ("music", ("sings", "plays")))
    for verb in verbs
    for subject in ("Anna", "my brother", "the teacher")
    for thing in ("something", "it all", "with joy")
)


def test_the_label_comes_first(attnviz: Program) -> None:
    ended = attnviz("classify", GOOD)
    assert ended.code == 0
    assert re.match(r"positive 0\.9\d\n\n +attention\n", ended.text)
    assert len(ended.text.splitlines()) == 3 + 8  # every word and sign has a line
    assert attnviz("classify", BAD).text.startswith("negative 0.9")


def test_why_sums_to_the_log_odds(attnviz: Program) -> None:
    ended = attnviz("classify", GOOD, "--why")
    added = [float(number) for number in re.findall(r"[+-]\d\.\d\d(?= ?━|$| +$)", ended.text, re.M)]
    total = re.search(r"together (\+\d+\.\d\d), the log-odds of positive over negative", ended.text)
    assert total is not None
    assert sum(added) == pytest.approx(float(total[1]), abs=0.05)


def test_words_are_shaded_where_there_are_colours(
    attnviz: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLORTERM", "truecolor")
    ended = attnviz("classify", GOOD)
    assert "\x1b[38;2;" in ended.text
    assert "gorgeous" in ended.text
    assert "attention" not in ended.text


def test_json_says_everything_exactly(attnviz: Program) -> None:
    one, other = attnviz("classify", GOOD, BAD, "--json").documents
    assert (one["label"], other["label"]) == ("positive", "negative")
    assert sum(one["probabilities"].values()) == pytest.approx(1)
    assert sum(word["attention"] for word in one["words"]) == pytest.approx(1, abs=1e-5)
    assert sum(word["adds"] for word in one["words"]) == pytest.approx(one["log_odds"]["value"])
    assert [one["text"][w["start"] : w["end"]] for w in one["words"]][1] == "gorgeous"


def test_lines_of_standard_input_are_texts(attnviz: Program) -> None:
    stdin = f"{GOOD}\n\n{BAD}\n".encode()
    found = attnviz("classify", "--lines", "--json", "-", stdin=stdin).documents
    assert [each["label"] for each in found] == ["positive", "negative"]


def test_files_by_their_suffix(attnviz: Program, tmp_path: Path) -> None:
    names = ["x.png", "x.svg", "x.pdf", "x.html", "x.json"]
    ended = attnviz("classify", GOOD, "--why", *(part for name in names for part in ("-o", name)))
    assert (ended.code, ended.out) == (0, b"")
    starts = [b"\x89PNG", b"<?xml", b"%PDF", b"<!doctype html>", b'{"text"']
    for name, start in zip(names, starts, strict=True):
        assert (tmp_path / name).read_bytes().startswith(start)
    page = (tmp_path / "x.html").read_text()
    assert "gorgeous" in page
    assert "<script" not in page
    attention, why = page.split('class="shaded"')[1:]
    assert 'class="unit w20"' in attention and 'class="unit p20"' in why


def test_help_names_the_formats_that_can_be_written(attnviz: Program) -> None:
    assert ".html or .json to write." in " ".join(attnviz("classify", "-h").text.split())
    assert ".npz or .csv. Repeatable." in " ".join(attnviz("run", "-h").text.split())


def test_text_is_hostile(attnviz: Program, tmp_path: Path) -> None:
    text = "fine </span><script>alert(1)</script> \x1b[31mred\x1b[0m \u202eevil"
    ended = attnviz("classify", text, "--why", "-o", "x.html", "--json")
    assert ended.code == 0
    assert ended.documents[0]["text"] == text
    page = (tmp_path / "x.html").read_text()
    assert "<script" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "\x1b" not in attnviz("classify", text, "--why").text


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["classify", " "], 1, "the text is empty"),
        (["classify", "word " * 600], 1, "has 602 tokens but all-MiniLM-L6-v2 has 512 positions"),
        (["classify", "x", "-o", "x.txt"], 2, "has no suffix that can be written"),
        (["classify", "x", "-m", "none"], 1, "'none' is neither a folder nor one of sentiment"),
        (["classify", "x", "-m", "summary"], 1, "does not describe a head for 'classify'"),
        (["classify", "x", "--title", "t", "--no-title"], 2, "contradict each other"),
        (["classify", "x", "--lines", "-"], 2, "standard input"),
        (["classify", "fit", "none.tsv", "-o", "y"], 1, "'none.tsv' cannot be read"),
        (["classify", "fit", "none.tsv", "-o", "no/y"], 1, "there is no folder 'no'"),
        (["classify", "fit", "x", "-o", "y", "--seed", "-1"], 2, "--seed"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    attnviz: Program, arguments: list[str], code: int, said: str
) -> None:
    if "--lines" in arguments:
        arguments = ["classify", "-", "-"]
    ended = attnviz(*arguments)
    assert (ended.code, ended.out) == (code, b"")
    assert said in ended.err
    assert ended.err.count("\n") == 1


def test_long_texts_may_be_cut(attnviz: Program) -> None:
    assert attnviz("classify", "good " * 600, "--truncate").text.startswith("positive")


@pytest.mark.parametrize("text", ["東京は素晴らしい", "🎩🎩🎩", "नमस्ते दुनिया", "a", "…"])
def test_foreign_texts_have_a_label_too(attnviz: Program, text: str) -> None:
    assert attnviz("classify", text).code == 0


def test_own_labels(attnviz: Program, tmp_path: Path) -> None:
    (tmp_path / "data.tsv").write_text(FIT)
    ended = attnviz("classify", "fit", "data.tsv", "-o", "mine")
    assert ended.code == 0
    assert "36 texts, 2 labels; measured on 36 held out" in ended.text
    accuracy = re.search(r"accuracy +(\d\.\d+)", ended.text)
    assert accuracy is not None
    assert float(accuracy[1]) > 0.8
    for measure in ("majority", "entropy", "concentration", "decided"):
        assert measure in ended.text
    assert ended.err.splitlines() == [
        "reading the texts …",
        "measuring on held-out texts …",
        "fitting on all texts …",
    ]
    assert {path.name for path in (tmp_path / "mine").iterdir()} == {
        "head.json",
        "model.safetensors",
        "README.md",
    }
    assert json.loads((tmp_path / "mine" / "head.json").read_text())["labels"] == ["food", "music"]
    assert "accuracy" in (tmp_path / "mine" / "README.md").read_text()
    assert attnviz("classify", "Grandma cooks soup", "-m", "mine").text.startswith("food")
    assert attnviz("classify", "Grandma sings songs", "-m", "mine").text.startswith("music")


def test_a_lopsided_file_is_fitted_with_a_warning(attnviz: Program) -> None:
    data = FIT + "".join(f"number {i} is here\tfood\n" for i in range(90))
    ended = attnviz("classify", "fit", "-", "-o", "mine", stdin=data.encode())
    assert ended.code == 0
    assert "warning: 108 of the 126 texts are 'food'" in ended.err
    broken = attnviz("classify", "fit", "-", "-o", "mine", stdin=b"no label here\n")
    assert (broken.code, broken.err.count("\n")) == (1, 1)


def test_a_page_obeys_the_palette_and_refuses_what_it_has_not(
    attnviz: Program, tmp_path: Path
) -> None:
    for name, options in (("a.html", []), ("b.html", ["--palette", "viridis"])):
        assert attnviz("classify", "A witty film.", "-o", name, *options).code == 0
    own, chosen = ((tmp_path / name).read_text() for name in ("a.html", "b.html"))
    assert "var(--accent) 100%" in own and "rgb(253, 231, 37)" in chosen
    for option in (["--scale", "fit"], ["--vmax", "0.5"]):
        ended = attnviz("classify", "A witty film.", "-o", "c.html", *option)
        assert ended.code == 2 and f"{option[0]} is not for this page" in ended.err
    assert attnviz("classify", "A film.", "-o", "c.html", "--palette", "rainbow").code == 2
    assert not (tmp_path / "c.html").exists()
