"""Sentences end where people end them, and Markdown is read before it is split."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.tasks.sentences import read_document


def sentences(source: str) -> list[str]:
    document = read_document(source)
    return [document.written(i) for i in range(len(document.sentences))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("Dr. Smith et al. (2016) met J. R. Tolkien. He smiled.", 2),
        ("It costs 3.50 in the U.S. market, e.g. here. Is it much?", 2),
        ('"Stop!" he said. "Why?" She left.', ['"Stop!"', "he said.", '"Why?"', "She left."]),
        ("Wait... what happened? nothing.", ["Wait... what happened?", "nothing."]),
        ("i saw him today. he waved. it was nice, etc. and so on", 3),
        (
            "He left.[3] She stayed. [4][5] They met.",
            ["He left.[3]", "She stayed. [4][5]", "They met."],
        ),
        (
            "See no. 5 (c. 1900). Did he? No. Never.",
            ["See no. 5 (c. 1900).", "Did he?", "No.", "Never."],
        ),
        ("我们来自北京。你呢？", ["我们来自北京。", "你呢？"]),
        ("यह ठीक है। वह गया।", ["यह ठीक है।", "वह गया।"]),
        ("هل أنت هنا؟ نعم.", ["هل أنت هنا؟", "نعم."]),
        ("no end and no capital", ["no end and no capital"]),
        ("... !! --", []),
        ("", []),
    ],
)
def test_where_sentences_end(text: str, expected: list[str] | int) -> None:
    found = sentences(text)
    assert len(found) == expected if isinstance(expected, int) else found == expected


def test_a_blank_line_ends_a_sentence_and_a_line_break_does_not() -> None:
    assert sentences("a title without a period\n\nFirst line\nand second.") == [
        "a title without a period",
        "First line and second.",
    ]


def test_markdown_leaves_words_and_nothing_else() -> None:
    source = """---
title: hidden
---
# A heading is no sentence

Some *bold* words, a [link](http://x.y "t"), `code` and ![a picture](p.png).

> Quoted words count.

- An item.
- Another &amp; more.

    indented words are words

```python
x = 1. Not text.
```

| a | b |
|---|---|
| 1. | 2. |

<div>markup</div>
"""
    assert sentences(source) == [
        "Some bold words, a link, code and .",
        "Quoted words count.",
        "An item.",
        "Another & more.",
        "indented words are words",
    ]


@given(st.text(max_size=300))
def test_sentences_lie_in_the_text_in_order_and_hold_letters(source: str) -> None:
    document = read_document(source)
    at = 0
    for i, sentence in enumerate(document.sentences):
        written = document.written(i)
        assert at <= sentence.start < sentence.end <= len(document.text)
        assert written == written.strip()
        assert any(map(str.isalnum, written))
        at = sentence.end


def test_a_text_without_an_end_takes_no_longer_than_it_should() -> None:
    assert len(sentences("word " * 50_000)) == 1
    assert len(sentences("a" + "." * 100_000)) == 1
    assert len(sentences("(" * 20_000 + "a. B " * 5_000)) >= 1
