"""``-o folder/``: documents in parts, a manifest, and how a run that was killed goes on."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from attnviz.analysis.grammar import clauses
from attnviz.corpus import packs
from tests.support.treebanks import write_treebank

LINES = ["He took the hat", "and examined it", "", "carefully", "It rained", "It was cold"]


@pytest.fixture(autouse=True)
def two_texts_a_part(monkeypatch):
    monkeypatch.setattr(packs, "PACK_BYTES", 64)


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("\n".join(LINES))
    return path


def test_parts_hold_what_one_file_would_and_the_manifest_says_what_they_are(
    attnviz, texts, tmp_path
):
    whole = attnviz("run", "-f", texts, "--json", "--head", "3.1")
    assert attnviz("run", "-f", texts, "--head", "3.1", "-o", "parts/").code == 0
    manifest = json.loads((tmp_path / "parts" / "manifest.json").read_bytes())
    assert (manifest["format"], manifest["texts"]) == ("attnviz-parts/1", 5)
    assert manifest["model"] == whole.documents[0]["model"]
    data = [(tmp_path / "parts" / part["file"]).read_bytes() for part in manifest["parts"]]
    assert b"".join(data) == whole.out
    assert [(part["first"], part["last"]) for part in manifest["parts"]] == [(1, 2), (4, 5), (6, 6)]
    for part, written in zip(manifest["parts"], data, strict=True):
        assert part["bytes"] == len(written)
        assert part["sha256"] == hashlib.sha256(written).hexdigest()
    assert {path.name for path in (tmp_path / "parts").iterdir()} == {
        "manifest.json",
        *(part["file"] for part in manifest["parts"]),
    }


def test_a_run_that_was_killed_goes_on_and_keeps_what_is_whole(attnviz, texts, tmp_path):
    run = ("run", "-f", texts, "--head", "3.1", "-o", "parts/")
    assert attnviz(*run).code == 0
    folder = tmp_path / "parts"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    begun = json.loads(before["manifest.json"])
    (folder / "manifest.json").write_text(
        json.dumps({key: begun[key] for key in ("format", "model", "made")})
    )
    (folder / "part-000001.jsonl").unlink()
    (folder / "part-000002.jsonl").write_bytes(before["part-000002.jsonl"][:-9])
    kept = (folder / "part-000000.jsonl").stat().st_mtime_ns
    assert attnviz(*run).code == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert (folder / "part-000000.jsonl").stat().st_mtime_ns == kept


def test_a_part_that_alone_is_missing_comes_back_bit_for_bit(attnviz, tmp_path, texts):
    long = " ".join(["the cat that the dog chased sat on it"] * 12)
    texts.write_text("".join(f"{n} {long}\n" for n in range(6)))
    run = ("run", "-f", texts, "--head", "3.1", "--precision", "9", "-o", "parts/")
    assert attnviz(*run).code == 0
    path = tmp_path / "parts" / "part-000000.jsonl"
    before = path.read_bytes()
    assert begun_again(tmp_path / "parts") == path
    assert attnviz(*run).code == 0
    assert path.read_bytes() == before


@pytest.mark.parametrize("there", [{"x.txt": ""}, {"manifest.json": '{"format": 1}'}])
def test_a_folder_with_anything_else_is_left_as_it_is(attnviz, texts, tmp_path, there):
    (tmp_path / "parts").mkdir()
    for name, written in there.items():
        (tmp_path / "parts" / name).write_text(written)
    ended = attnviz("run", "-f", texts, "-o", "parts")
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert "holds other files than those of this run begun; name a new folder" in ended.err
    assert {path.name for path in (tmp_path / "parts").iterdir()} == {*there}


def begun_again(folder):
    """Let the folder be that of a run which was killed, and its first part be missing."""
    begun = json.loads((folder / "manifest.json").read_bytes())
    head = {key: begun[key] for key in ("format", "model", "made")}
    (folder / "manifest.json").write_text(json.dumps(head))
    (folder / "part-000000.jsonl").unlink()
    return folder / "part-000000.jsonl"


@pytest.mark.parametrize(
    "place", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/dev/zero")]
)
def test_what_is_no_file_is_no_part_and_not_waited_for(attnviz, texts, tmp_path, place):
    run = ("run", "-f", texts, "--head", "3.1", "-o", "parts/")
    assert attnviz(*run).code == 0
    path = begun_again(tmp_path / "parts")
    place(path)
    ended = attnviz(*run)
    assert (ended.code, ended.err.count("\n")) == (1, 1) and "holds other files" in ended.err
    assert not path.is_file()


@pytest.mark.parametrize("line", ["[]", "3", '{"line":1}', '{"line":1,"texts":[]}', "[" * 100_000])
def test_a_part_that_holds_something_else_is_written_again(attnviz, texts, tmp_path, line):
    run = ("run", "-f", texts, "--head", "3.1", "-o", "parts/")
    assert attnviz(*run).code == 0
    path = begun_again(tmp_path / "parts")
    path.write_text(f"{line}\n{line}\n")
    assert attnviz(*run).code == 0
    written = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(one["line"], *one["texts"]) for one in written] == [(1, LINES[0]), (2, LINES[1])]


def test_a_finished_folder_is_no_place_for_other_options(attnviz, texts):
    assert attnviz("run", "-f", texts, "--head", "3.1", "-o", "parts/").code == 0
    assert attnviz("run", "-f", texts, "--head", "3.2", "-o", "parts/").code == 1


def test_bad_lines_are_told_and_the_rest_is_written(attnviz, texts, tmp_path):
    texts.write_text("He saw it.\nHe saw.\nIt ran.\n" + "long " * 600)
    ended = attnviz("run", "-f", texts, "--ask", "it", "-o", "parts/")
    assert ended.code == 1 and "line 2: " in ended.err and "line 4: " in ended.err
    manifest = json.loads((tmp_path / "parts" / "manifest.json").read_bytes())
    assert manifest["texts"] == 2


@pytest.mark.parametrize(
    "given",
    [["a text", "-o", "parts/"], ["a", "b", "-o", "parts/", "--json"], ["-o", "p/", "-o", "q/"]],
)
def test_what_does_not_go_with_a_folder_is_refused(attnviz, given, tmp_path):
    assert attnviz("run", *given, stdin=b"a\n").code == 2
    assert not (tmp_path / "parts").exists()


@pytest.mark.parametrize("command", ["run", "run --top 3", "run --pooled 4", "heads"])
def test_a_dry_run_says_what_it_would_take(attnviz, texts, command):
    ended = attnviz(*command.split(), "-f", texts, "--dry-run")
    assert ended.code == 0 and ended.text.startswith("5 texts, ") and "Nothing was" in ended.text
    [said] = attnviz(*command.split(), "-f", texts, "--dry-run", "--json").documents
    tokens = [len(one["tokens"]) for one in attnviz("run", "-f", texts, "--json").documents]
    assert (said["texts"], said["tokens"]) == (5, sum(tokens))
    assert said["longest"] == max(tokens)
    assert said["seconds"] > 0 and said["cores"] >= 1


def test_a_dry_run_reads_and_measures_as_the_run_would(attnviz, tmp_path):
    (tmp_path / "long.txt").write_text("word " * 600 + "\nHe took the hat\n")
    given = ("heads", "-f", "long.txt", "--truncate", "--dry-run", "--json")
    assert attnviz(*given).documents[0]["tokens"] == 512 + 6
    (tmp_path / "few.txt").write_text("He took the hat and the coat and left the house\n" * 20)
    seconds = [
        attnviz("heads", "-f", "few.txt", "--dry-run", "--json", *more).documents[0]["seconds"]
        for more in ((), ("--weights", "flow"))
    ]
    assert seconds[1] > 2 * seconds[0]  # a flow takes more than ten times as long


@pytest.mark.parametrize("command", ["run", "heads", "probe"])
def test_a_bad_line_is_a_failure_of_a_dry_run_too(attnviz, tmp_path, command):
    (tmp_path / "bad.txt").write_bytes(b"He took the hat\n\xff\n")
    ended = attnviz(command, "-f", "bad.txt", "--dry-run")
    assert ended.code == 1 and "line 2 of 'bad.txt' is not UTF-8" in ended.err


def test_a_dry_run_of_a_probe_counts_what_is_asked(attnviz):
    [said] = attnviz("probe", "--dry-run", "--json").documents
    assert said["texts"] == 750


def test_a_dry_run_of_a_fit_counts_what_is_learnt_from_and_what_is_asked(attnviz, tmp_path):
    name = write_treebank(tmp_path / "made.conllu", clauses(40))
    given = ("probe", "--dry-run", "--fit", "nsubj", "--conllu", name, "-o", "nsubj.json")
    [said] = attnviz(*given, "--json").documents
    assert said["texts"] == 2 * 40
    ended = attnviz(*given)
    assert "80 texts, " in ended.text and "Fitting the lens" in ended.text
    assert not (tmp_path / "nsubj.json").exists()
