"""Reading many texts: lines, JSON and treebanks, one at a time, bad lines named."""

from __future__ import annotations

import io
import os
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.corpus.lines import read_lines
from attnviz.corpus.texts import read_texts
from attnviz.errors import InputError


def texts_of(name, **how):
    return [text.text for burst in read_texts(name, **how) for text in burst]


@pytest.fixture
def file(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


def test_a_text_file_has_a_text_a_line(file):
    assert texts_of(file("a.txt", "\ufeffone\r\n\n  \ntwo ")) == ["one", "two "]


def test_a_jsonl_file_has_a_text_in_a_field(file):
    path = file("a.jsonl", '{"text": "one"}\n\n{"text": "two", "id": 3}\n')
    assert texts_of(path) == ["one", "two"]
    assert texts_of(file("b.jsonl", '{"body": "x"}'), field="body") == ["x"]


def test_a_treebank_has_a_text_a_sentence(file):
    row = "1\tHi\t_\tX\t_\t_\t0\troot\t_\tSpaceAfter=No\n"
    assert texts_of(file("a.conllu", row + "\n" + row)) == ["Hi", "Hi"]


def test_standard_input_has_a_text_a_line(monkeypatch):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"one\ntwo\n")))
    assert texts_of("-") == ["one", "two"]


BAD = {
    "nope": "is not JSON",
    "[" * 100_000: "is not JSON",
    "[1]": "has no text in 'text'; --field names where it is",
    '{"text": 3}': "has no text in 'text'; --field names where it is",
    '{"text": " "}': "has no text in 'text'; --field names where it is",
    '{"text": "\\ud800"}': "has half a character in its text",
}


@pytest.mark.parametrize("line", BAD, ids=[said + line[:12] for line, said in BAD.items()])
def test_a_bad_line_is_named_or_skipped_and_counted(file, line):
    path = file("a.jsonl", f'{{"text": "one"}}\n{line}\n{{"text": "two"}}\n')
    with pytest.raises(InputError, match=f"line 2 of .*a.jsonl' {BAD[line]}"):
        texts_of(path)
    told: list[InputError] = []
    assert texts_of(path, tell=told.append) == ["one", "two"]
    assert len(told) == 1


def test_a_line_that_is_not_utf8_is_a_bad_line(file):
    path = file("a.txt", b"one\n\xff\ntwo\n")
    with pytest.raises(InputError, match=r"line 2 of .* is not UTF-8 at byte 0"):
        texts_of(path)
    told: list[InputError] = []
    assert texts_of(path, tell=told.append) == ["one", "two"]


def test_texts_come_as_soon_as_their_lines_are_whole_with_the_numbers_of_these(monkeypatch):
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stdin:
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=stdin))
        bursts = read_texts("-")
        os.write(writing, b"one\n\ntwo\nthr")
        assert next(bursts) == [("one", 1), ("two", 3)]
        os.write(writing, b"ee\r\n")
        assert next(bursts) == [("three", 4)]
        os.write(writing, b"four")
        os.close(writing)
        assert list(bursts) == [[("four", 5)]]


def test_every_form_says_the_number_of_the_line(file):
    row = "1\tHi\t_\tX\t_\t_\t0\troot\t_\t_\n"
    for name, content in {
        "a.txt": "\none\n",
        "a.jsonl": '\n{"text": "one"}\n',
        "a.conllu": f"# sent_id = 1\n{row}",
    }.items():
        assert [text.line for burst in read_texts(file(name, content)) for text in burst] == [2]


@pytest.mark.parametrize("size", [1, 3, 64])
@given(st.lists(st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), max_size=9)))
def test_however_a_file_is_cut_into_reads_its_lines_are_the_same(size, lines):
    class Slow(io.BytesIO):
        def read1(self, _):
            return self.read(size)

    written = "\n".join(lines).encode()
    with mock.patch("sys.stdin", SimpleNamespace(buffer=Slow(written))):
        found = [line for burst in read_lines("-") for line in burst]
    expected = written.decode("utf-8-sig").split("\n")
    expected = expected[:-1] if written.endswith(b"\n") or not written else expected
    assert found == [(line, number) for number, line in enumerate(expected, 1)]


def test_a_line_without_end_is_refused(monkeypatch):
    with Path("/dev/zero").open("rb") as endless:
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=endless))
        monkeypatch.setattr("attnviz.corpus.lines.LONGEST", 1 << 20)
        with pytest.raises(InputError, match="a line of more than 1 MB; cut it into texts"):
            texts_of("-")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.doc", "has no suffix that can be read; take one of .txt, .jsonl, .conllu"),
        ("none.txt", "cannot be read: No such file or directory"),
        ("a\0.txt", "is no file name"),
    ],
)
def test_what_is_no_file_of_texts_is_refused(name, said):
    with pytest.raises(InputError, match=said):
        texts_of(name)
