"""Reading many texts: lines, JSON and treebanks, one at a time, bad lines named."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest

from attnviz.corpus.texts import read_texts
from attnviz.errors import InputError


@pytest.fixture
def file(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


def test_a_text_file_has_a_text_a_line(file):
    assert list(read_texts(file("a.txt", "\ufeffone\r\n\n  \ntwo "))) == ["one", "two "]


def test_a_jsonl_file_has_a_text_in_a_field(file):
    path = file("a.jsonl", '{"text": "one"}\n\n{"text": "two", "id": 3}\n')
    assert list(read_texts(path)) == ["one", "two"]
    assert list(read_texts(file("b.jsonl", '{"body": "x"}'), field="body")) == ["x"]


def test_a_treebank_has_a_text_a_sentence(file):
    row = "1\tHi\t_\tX\t_\t_\t0\troot\t_\tSpaceAfter=No\n"
    assert list(read_texts(file("a.conllu", row + "\n" + row))) == ["Hi", "Hi"]


def test_standard_input_has_a_text_a_line(monkeypatch):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"one\ntwo\n")))
    assert list(read_texts("-")) == ["one", "two"]


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
        list(read_texts(path))
    told: list[InputError] = []
    assert list(read_texts(path, tell=told.append)) == ["one", "two"]
    assert len(told) == 1


def test_a_line_that_is_not_utf8_is_a_bad_line(file):
    path = file("a.txt", b"one\n\xff\ntwo\n")
    with pytest.raises(InputError, match=r"line 2 of .* is not UTF-8 at byte 0"):
        list(read_texts(path))
    told: list[InputError] = []
    assert list(read_texts(path, tell=told.append)) == ["one", "two"]


def test_texts_are_read_as_they_are_asked_for(file):
    texts = read_texts(file("a.txt", b"one\n\xff\n"))
    assert next(texts) == "one"


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
        list(read_texts(name))
