import csv
import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from attnviz.document import write_csv
from attnviz.errors import DocumentError
from attnviz.result import AttentionResult, Token
from tests.document.documents import csv_text, results, small, with_weights


def rows(result: AttentionResult, precision: int | None = None) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_text(result, precision), newline="")))


def named(*texts: str) -> AttentionResult:
    return replace(small(), tokens=tuple(Token(text) for text in texts))


def test_each_weight_is_one_row_with_its_place() -> None:
    written = rows(small())
    assert len(written) == 2 * 2 * 3 * 3
    assert written[4] == {
        "kind": "encoder",
        "layer": "0",
        "head": "0",
        "query": "1",
        "key": "1",
        "query_text": "un",
        "key_text": "un",
        "weight": "0.75",
    }


@given(results())
def test_every_weight_is_found_at_its_indices(result: AttentionResult) -> None:
    written = rows(result)
    assert len(written) == sum(part.weights.size for part in result.maps.values())
    for row in written:
        part = result.maps[row["kind"]]
        at = tuple(
            getattr(part, axis).index(int(row[name]))
            for axis, name in [
                ("layers", "layer"),
                ("heads", "head"),
                ("queries", "query"),
                ("keys", "key"),
            ]
        )
        assert np.float32(row["weight"]) == part.weights[at]


def test_precision_rounds() -> None:
    written = rows(with_weights(np.full((1, 1, 3, 3), 1 / 3)), precision=2)
    assert {row["weight"] for row in written} == {"0.33"}


@pytest.mark.parametrize(
    "formula", ["=1+1", "+1", "-2+3", "@SUM(A1)", '=cmd|" /C calc"!A0', " =1+1", "＝1+1", "\t=1"]
)
def test_no_cell_is_a_formula(formula: str) -> None:
    for row in rows(named(formula, "b", "c")):
        assert not row["query_text"].lstrip().startswith(("=", "+", "-", "@", "＝"))
        assert not row["key_text"].lstrip().startswith(("=", "+", "-", "@", "＝"))


def test_punctuation_by_itself_stays_as_it_is() -> None:
    assert [row["key_text"] for row in rows(named("-", "=", "@"))[:3]] == ["-", "=", "@"]


def test_what_is_unknown_or_masked_is_marked_on_both_sides() -> None:
    given = (Token("𓀀", unknown=True), Token("hat"), Token("[PAD]", masked=True))
    written = rows(replace(small(), tokens=given))
    for side in "query_text", "key_text":
        assert {row[side] for row in written} == {"𓀀(?)", "hat", "[PAD](masked)"}


def test_quotes_commas_and_line_breaks_stay_in_their_cell_and_line() -> None:
    result = named('say "hi", you', "a\nb\r\x1b[31m", "\u2028")
    assert len(csv_text(result).splitlines()) == 1 + 36
    texts = [row["key_text"] for row in rows(result)[:3]]
    assert texts == ['say "hi", you', r"a\nb\r\x1b[31m", r"\u2028"]


def test_half_a_surrogate_pair_is_written_as_an_escape() -> None:
    assert rows(named("\ud83d", "b", "c"))[0]["query_text"] == r"\ud83d"


def test_nan_is_refused_before_anything_is_written() -> None:
    stream = io.BytesIO()
    with pytest.raises(DocumentError, match="is nan"):
        write_csv(with_weights(np.full((1, 1, 3, 3), np.nan)), stream)
    assert stream.getvalue() == b""
