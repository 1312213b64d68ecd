"""Files of labelled texts are read as people write them, and refused in one sentence."""

from __future__ import annotations

import pytest

from attnviz.errors import InputError
from attnviz.tasks.labelled_texts import parse

FIVE_EACH = "".join(f"text {i}\t{'good' if i % 2 else 'bad'}\n" for i in range(10))


def test_two_columns_with_a_tab() -> None:
    given = parse(FIVE_EACH.encode(), "data.tsv")
    assert given.names == ("bad", "good")
    assert given.texts[:2] == ("text 0", "text 1")
    assert given.labels[:2] == (0, 1)
    assert given.counts == {"bad": 5, "good": 5}


def test_labels_may_come_first() -> None:
    swapped = "".join(
        "\t".join(reversed(line.split("\t"))) + "\n" for line in FIVE_EACH.splitlines()
    )
    assert parse(swapped.encode(), "data.tsv") == parse(FIVE_EACH.encode(), "data.tsv")


def test_commas_may_be_inside_quotes_and_names_of_columns_on_top() -> None:
    rows = "".join(f'"one, {i}",{"a" if i < 5 else "b"}\r\n' for i in range(10))
    given = parse(("text,label\r\n" + rows).encode("utf-8-sig"), "data.csv")
    assert given.texts[0] == "one, 0"
    assert len(given.texts) == 10


@pytest.mark.parametrize("mark", ["\t", ","])
def test_a_line_ends_at_a_newline_and_nowhere_else(mark: str) -> None:
    rows = "".join(f"one\u2028{i}\x0bmore{mark}{'ab'[i % 2]}\n" for i in range(10))
    assert parse(rows.encode(), "data").texts[3] == "one\u20283\x0bmore"


def test_a_repeated_text_counts_once() -> None:
    given = parse((FIVE_EACH + FIVE_EACH + "text 0\tgood\n").encode(), "data.tsv")
    assert (len(given.texts), given.repeated) == (11, 10)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty; give a text and a label"),
        ("only one column\n", "line 1 of 'data' has one column"),
        (FIVE_EACH + "a\tb\tc\n", "line 11 of 'data' has 3 columns"),
        (FIVE_EACH + "a\t \n", "line 11 of 'data' has an empty cell"),
        ("one\tgood\ntwo\tgood\n", "every text of 'data' has the label 'good'"),
        (FIVE_EACH + "new\trare\n", "the label 'rare' has 1 text in 'data'"),
        ("".join(f"t{i},l{i}\n" for i in range(1200)), "1,200 different labels"),
        ('"never closed,a\n', "cannot be read as CSV"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_sentence(content: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        parse(content.encode(), "data")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_bytes_that_are_not_text_are_refused() -> None:
    with pytest.raises(InputError, match="not UTF-8 at byte 0"):
        parse(b"\xff\xfe", "data")
