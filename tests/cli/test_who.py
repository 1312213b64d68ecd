"""``--who WORD``: who looks at a word, which is ``--ask`` turned around."""

from __future__ import annotations

import json

import pytest


def test_it_says_who_looks_at_a_word_and_in_which_head(attnviz, document):
    shown = attnviz("render", document, "--who", "hat").text
    assert "hat ← it 0.75 in head 1.0" in shown
    assert "1.0 ← it" in shown and "not from special tokens" in shown


def test_both_questions_may_be_asked_together(attnviz, document, tmp_path):
    shown = attnviz("render", document, "--ask", "it", "--who", "hat").text
    assert shown.index("it → hat") < shown.index("hat ← it")
    attnviz("render", document, "--ask", "it", "--who", "hat", "-o", "a.svg")
    drawn = (tmp_path / "a.svg").read_text()
    assert "Where “it” looks" in drawn and "Who looks at “hat”" in drawn


def test_documents_carry_it_and_pages_open_at_it(attnviz, document, tmp_path):
    ended = attnviz("render", document, "--who", "hat", "--json", "-o", "a.html")
    (one,) = json.loads(ended.out)["found"]["who"]
    assert one["word"] == {"text": "hat", "tokens": [4]}
    assert one["heads"][0] == {
        "head": "1.0",
        "query": {"text": "it", "tokens": [8]},
        "weight": 0.75,
        "positional": False,
    }
    assert '"at":"k4"' in (tmp_path / "a.html").read_text()


@pytest.mark.parametrize(
    ("options", "said", "code"),
    [
        (["--who", "cat"], "there is no word 'cat' here; did you mean 'hat'?", 1),
        (["--who", "hat", "--heads", "all"], "--heads all and --who show different things", 2),
    ],
)
def test_what_cannot_be_answered_is_refused(attnviz, document, options, said, code):
    ended = attnviz("render", document, *options)
    assert ended.code == code and ended.err.startswith(f"attnviz: {said}")
