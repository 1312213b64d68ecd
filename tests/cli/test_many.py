"""Many texts: files and pipes read as they come, one result out for each text in."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys

import pytest

from attnviz.cli import progress


def numbered(line):
    document = json.loads(line)
    return document["line"], document["texts"][0]


def lines_of(ended):
    return [*map(numbered, ended.out.splitlines())]


def test_files_give_one_result_for_each_text_with_its_line(attnviz, tmp_path):
    (tmp_path / "a.txt").write_text("one\n\ntwo\n")
    (tmp_path / "b.jsonl").write_text('{"id": 7, "body": "three"}\n')
    ended = attnviz("run", "-f", "a.txt", "-f", "b.jsonl", "--field", "body", "--json")
    assert lines_of(ended) == [(1, "one"), (3, "two"), (1, "three")]
    assert attnviz("run", "-f", "a.txt", "--top", "1", "--json").documents[1]["line"] == 3


@pytest.mark.parametrize("command", ["run", "heads", "explain", "translate", "classify"])
def test_a_bad_line_is_named_passed_over_and_a_failure_unless_it_may_be(attnviz, tmp_path, command):
    (tmp_path / "a.txt").write_bytes(b"one\n\xff\n" + 600 * b"long " + b"\ntwo\n")
    ended = attnviz(command, "-f", "a.txt", "--json")
    assert ended.code == 1
    if command == "heads":
        assert ended.documents[0]["texts"] == 2
    else:
        assert [each["line"] for each in ended.documents] == [1, 4]
    utf8, long, counted = ended.err.splitlines()
    assert "line 2 of 'a.txt' is not UTF-8 at byte 0" in utf8 and utf8.endswith("; skipped")
    assert re.search(r"line 3: the text has 602 tokens but .* has (256|512) positions", long)
    assert counted == "attnviz: 2 lines were skipped; correct the file, or give --skip-bad"
    assert attnviz(command, "-f", "a.txt", "--json", "--skip-bad").code == 0


def test_a_line_without_the_word_that_is_asked_about_is_passed_over(attnviz):
    ended = attnviz("run", "--lines", "-", "--ask", "it", stdin=b"He saw it.\nHe saw.\nIt ran.\n")
    assert ended.code == 1 and "line 2: " in ended.err
    assert ended.text.count("layers ×") == 2


def test_nothing_but_blank_lines_is_no_text(attnviz, tmp_path):
    (tmp_path / "a.txt").write_text("\n \n")
    ended = attnviz("run", "-f", "a.txt")
    assert (ended.code, ended.err) == (
        1,
        "attnviz: there is no line with text in the input; give at least one\n",
    )


def test_a_document_without_a_sentence_is_a_bad_line(attnviz):
    ended = attnviz("summarize", "--lines", "-", "--json", stdin=b"Ann ran.\n# only\nBob too.\n")
    assert ended.code == 1 and "line 2: there is no sentence in the text" in ended.err
    assert [each["line"] for each in ended.documents] == [1, 3]


def test_where_every_line_was_bad_no_file_appears(attnviz, tmp_path):
    for command in ("translate", "classify"):
        bad = ("--lines", "-", "--skip-bad", "-o", "x.html")
        ended = attnviz(command, *bad, stdin=600 * b"long ")
        assert ended.code == 1 and "no line is left to show" in ended.err
        assert not (tmp_path / "x.html").exists()


@pytest.mark.parametrize("command", ["run", "explain", "translate", "classify", "summarize"])
def test_who_writes_line_by_line_is_answered_line_by_line(command):
    started = [sys.executable, "-m", "attnviz", command, "--lines", "-", "--json"]
    with subprocess.Popen(started, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as service:
        assert service.stdin is not None and service.stdout is not None
        for line, text in enumerate(("He took the hat.", "It was his.", "He left."), 1):
            service.stdin.write(f"{text}\n".encode())
            service.stdin.flush()
            document = json.loads(service.stdout.readline())
            assert document["line"] == line
            read = document.get("text") or document.get("texts") or document["tokens"]
            assert text.split()[0] in str(read)
        service.stdin.close()
        assert service.stdout.read() == b""
    assert service.returncode == 0


def test_a_run_that_was_killed_goes_on_where_it_stopped(attnviz, tmp_path):
    (tmp_path / "a.txt").write_text("one\ntwo\n\nthree three\nfour\n")
    attnviz("run", "-f", "a.txt", "--resume", "whole.json")
    whole = (tmp_path / "whole.json").read_bytes()
    assert len(whole.splitlines()) == 4
    for cut in (0, 1, len(whole) // 2, len(whole) - 1, len(whole)):
        (tmp_path / "part.json").write_bytes(whole[:cut])
        assert attnviz("run", "-f", "a.txt", "--resume", "part.json").code == 0
        part = (tmp_path / "part.json").read_bytes()
        kept = whole[: whole.rfind(b"\n", 0, cut) + 1]
        assert part.startswith(kept) and part.endswith(b"\n")
        assert [*map(numbered, part.splitlines())] == [*map(numbered, whole.splitlines())]


@pytest.mark.parametrize("cut", [0, 100, -1, None])
def test_walks_go_on_where_they_stopped(attnviz, tmp_path, cut):
    (tmp_path / "a.txt").write_text("one two\n\nthree four\nfive six\n")
    run = ("explain", "-f", "a.txt", "--head", "3.1")
    whole = attnviz(*run, "--json").out
    assert lines_of(attnviz(*run, "--json"))[1] == (3, "three four")
    (tmp_path / "part.json").write_bytes(whole[:cut])
    assert attnviz(*run, "--resume", "part.json").code == 0
    assert (tmp_path / "part.json").read_bytes() == whole
    assert attnviz(*run, "--resume", "part.json", "--json").code == 2


def test_what_cannot_be_resumed_is_left_as_it_is(attnviz, tmp_path):
    (tmp_path / "a.txt").write_text("one\ntwo\n")
    (tmp_path / "other.txt").write_text("two\none\n")
    attnviz("run", "-f", "a.txt", "--resume", "a.json")
    (tmp_path / "b.json").write_text("{}\n")
    for file, place, said in [
        ("other.txt", "a.json", "line 2 is another text than the one whose result is the last"),
        ("a.txt", "b.json", "'b.json' ends with no result of a line"),
        ("a.txt", ".", "'.' cannot be written: Is a directory"),
        ("a.txt", "/dev/null", "'/dev/null' is no regular file"),
    ]:
        before = (tmp_path / place).read_bytes() if place.endswith(".json") else b""
        ended = attnviz("run", "-f", file, "--resume", place)
        assert (ended.code, ended.err.count("\n")) == (1, 1) and said in ended.err
        assert not before or (tmp_path / place).read_bytes() == before
    assert attnviz("run", "-f", "a.txt", "-m", "nowhere", "--resume", "c.json").code == 1
    assert not (tmp_path / "c.json").exists()
    for more in (
        ["x"],
        ["-f", "a.txt", "-f", "other.txt"],
        ["--lines", "a", "-f", "a.txt"],
        ["-f", "a.txt", "--json"],
        ["-f", "a.txt", "-o", "x.html"],
    ):
        assert attnviz("run", *more, "--resume", "c.json").code == 2
        assert not (tmp_path / "c.json").exists()


def test_an_interrupted_run_leaves_whole_lines(tmp_path):
    (tmp_path / "a.txt").write_text("He took the hat and examined it carefully\n" * 5000)
    command = [sys.executable, "-m", "attnviz", "run", "-f", "a.txt", "--json"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        read = [run.stdout.readline()]
        run.send_signal(signal.SIGINT)
        read += run.stdout.readlines()
    assert run.returncode == 130
    assert all(numbered(line) for line in read) and len(read) < 5000


def test_who_waits_is_told_how_far_it_has_come(monkeypatch, tmp_path):
    (tmp_path / "a.txt").write_text("a text\n" * 100)
    monkeypatch.setattr(progress, "on_terminal", lambda: True)
    now = iter([0.0, 0.5, 2.0, 4.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    tally = progress.Tally([str(tmp_path / "a.txt")])
    assert tally.add(4, 1) == "attending"
    assert tally.add(4, 20) == "2 texts, 4 tokens a second, about 8 s left"
    assert tally.add(4, None) == "3 texts, 3 tokens a second"
