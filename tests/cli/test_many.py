"""Many texts: files and pipes read as they come, one result out for each text in."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


def lines_of(ended):
    return [(document["line"], document["texts"][0]) for document in ended.documents]


def test_files_give_one_result_for_each_text_with_its_line(attnviz, tmp_path):
    (tmp_path / "a.txt").write_text("one\n\ntwo\n")
    (tmp_path / "b.jsonl").write_text('{"id": 7, "body": "three"}\n')
    ended = attnviz("run", "-f", "a.txt", "-f", "b.jsonl", "--field", "body", "--json")
    assert lines_of(ended) == [(1, "one"), (3, "two"), (1, "three")]
    assert attnviz("run", "-f", "a.txt", "--top", "1", "--json").documents[1]["line"] == 3


@pytest.mark.parametrize("command", ["run", "heads"])
def test_a_bad_line_is_named_passed_over_and_a_failure_unless_it_may_be(attnviz, tmp_path, command):
    (tmp_path / "a.txt").write_bytes(b"one\n\xff\n" + 600 * b"long " + b"\ntwo\n")
    ended = attnviz(command, "-f", "a.txt", "--json")
    assert ended.code == 1
    assert len(ended.documents) == 2 if command == "run" else ended.documents[0]["texts"] == 2
    utf8, long, counted = ended.err.splitlines()
    assert "line 2 of 'a.txt' is not UTF-8 at byte 0" in utf8 and utf8.endswith("; skipped")
    assert "line 3: the text has 602 tokens but all-MiniLM-L6-v2 has 512 positions" in long
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


def test_who_writes_line_by_line_is_answered_line_by_line():
    command = [sys.executable, "-m", "attnviz", "run", "--lines", "-", "--json", "--head", "3.1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as service:
        assert service.stdin is not None and service.stdout is not None
        for text in ("He took the hat", "and examined it", "carefully"):
            service.stdin.write(f"{text}\n".encode())
            service.stdin.flush()
            assert json.loads(service.stdout.readline())["texts"] == [text]
        service.stdin.close()
        assert service.stdout.read() == b""
    assert service.returncode == 0
