import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.document import read, read_json
from attnviz.errors import AttnvizWarning, DocumentError
from attnviz.result import AttentionResult, ModelInfo, Token
from tests.document.documents import as_dict, json_bytes, small

ROWS = [[0.5, 0.5], [0, 1]]


def minimal(**more: Any) -> dict[str, Any]:
    """The least that another program has to write."""
    return {
        "schema": "attnviz/1",
        "tokens": ["it", "hat"],
        "maps": {"encoder": {"weights": [[ROWS]]}},
        **more,
    }


def of(document: Any) -> AttentionResult:
    [result] = read(json.dumps(document).encode())
    return result


def mapped(weights: Any, kind: str = "encoder", **more: Any) -> dict[str, Any]:
    return minimal(maps={kind: {"weights": weights, **more}})


def token(**fields: Any) -> dict[str, Any]:
    return minimal(tokens=["it", {"text": "hat", **fields}], texts=["it hat"])


def test_tokens_and_weights_are_enough() -> None:
    result = of(minimal())
    assert result.tokens == (Token("it"), Token("hat"))
    assert result.maps["encoder"].weights.tolist() == [[ROWS]]
    assert result.maps["encoder"].layers == (0,)
    assert result.model == ModelInfo("unknown")
    assert result.hidden is None


def test_a_model_may_be_its_name_alone() -> None:
    assert of(minimal(model="gpt2")).model == ModelInfo("gpt2")
    assert of(minimal(model={"n_heads": 12})).model == ModelInfo("unknown", n_heads=12)


def test_null_stands_for_anything_optional() -> None:
    optional = ("model", "texts", "target_texts", "target_tokens", "hidden", "attnviz")
    result = of(minimal(**dict.fromkeys(optional)))
    assert result.tokens == of(minimal()).tokens


SPECIAL, MARKED = "as special tokens", "as parts of words"


def said_of(tokens: list[Any], match: str, **more: Any) -> AttentionResult:
    """The result of a document with these tokens, of which one warning is given."""
    n = len(tokens)
    weights = [[np.eye(n).tolist()]]
    with pytest.warns(AttnvizWarning, match=match) as said:
        result = of(minimal(tokens=tokens, maps={"encoder": {"weights": weights}}, **more))
    assert len(said) == 1
    return result


def test_usual_special_tokens_are_recognised_and_it_is_said() -> None:
    result = said_of(["[CLS]", "hat", "[SEP]"], r"\[CLS\], \[SEP\] as special tokens were")
    assert [token.special for token in result.tokens] == [True, False, True]
    assert result.texts == ()


def test_marks_of_vocabularies_make_words_and_it_is_said() -> None:
    result = said_of(["<s>", "Ġdid", "n", "'t"], "<s> as special tokens and tokens marked Ġ")
    assert [token.word for token in result.tokens] == [None, 0, 0, 0]
    assert result.texts == ("didn't",)
    assert [token.spelling for token in result.tokens] == [None, "Ġdid", None, None]


def test_marks_beside_texts_make_words_but_no_offsets() -> None:
    result = said_of(["play", "##ing"], MARKED, texts=["Playing"])
    assert [(token.word, token.start) for token in result.tokens] == [(0, None), (0, None)]
    assert result.texts == ("Playing",)


def test_a_document_that_says_what_its_tokens_are_is_believed() -> None:
    tokens = ["[CLS]", {"text": "##ing", "word": 3}]
    result = of(minimal(tokens=tokens))
    assert result.tokens == (Token("[CLS]"), Token("##ing", word=3))


def test_what_a_vocabulary_has_nothing_for_may_be_said() -> None:
    result = of(minimal(tokens=[{"text": "🤖", "unknown": True, "spelling": "[UNK]"}, "hat"]))
    assert result.tokens[0] == Token("🤖", unknown=True, spelling="[UNK]")


@pytest.mark.parametrize("weights", [ROWS, [[ROWS]], [[[ROWS]]]])
def test_a_lone_head_and_a_batch_of_one_are_read(weights: Any) -> None:
    assert of(mapped(weights)).maps["encoder"].weights.tolist() == [[ROWS]]


def test_a_batch_of_one_may_stand_behind_the_layers_or_before_them() -> None:
    behind = of(mapped([[[ROWS, ROWS]], [[ROWS, ROWS]], [[ROWS, ROWS]]]))
    before = of(mapped([[[ROWS, ROWS], [ROWS, ROWS], [ROWS, ROWS]]]))
    assert behind.maps["encoder"].weights.shape == before.maps["encoder"].weights.shape
    assert behind.maps["encoder"].weights.shape == (3, 2, 2, 2)


def test_the_first_number_that_is_none_is_named_by_its_place() -> None:
    nan = float("nan")
    with pytest.raises(DocumentError, match=r"weights\[0\]\[1\]\[0\]\[1\] is nan"):
        of(mapped([[ROWS, [[0.5, nan], [nan, nan]]]]))


def test_unknown_fields_are_ignored() -> None:
    assert of(minimal(colour="blue", maps={"encoder": {"weights": [[ROWS]], "note": 1}}))


def test_rows_that_do_not_sum_to_one_are_kept_as_they_are() -> None:
    result = of(mapped([[[[0.25], [0.5]]]], keys=[1]))
    assert result.maps["encoder"].weights.ravel().tolist() == [0.25, 0.5]
    assert [token.text for token in result.key_tokens("encoder")] == ["hat"]


def test_cross_attention_counts_its_queries_in_target_tokens() -> None:
    document = minimal(target_tokens=["a", "b", "c"], maps={"cross": {"weights": [[ROWS + ROWS]]}})
    with pytest.raises(DocumentError, match="4 queries but there are 3 tokens"):
        of(document)
    document["maps"]["cross"]["weights"] = [[[*ROWS, [0.1, 0.9]]]]
    assert len(of(document).query_tokens("cross")) == 3


def test_the_second_stack_may_have_other_layers_than_the_model_says() -> None:
    three = {"weights": [[ROWS]] * 3}
    document = minimal(model={"n_layers": 2}, target_tokens=["a", "b"], maps={"decoder": three})
    assert of(document).maps["decoder"].layers == (0, 1, 2)
    with pytest.raises(DocumentError, match=r"maps\.encoder\.layers\[2\] is 2"):
        of({**document, "maps": {"encoder": three}})


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ([], "it is a list"),
        ("attnviz/1", "it is 'attnviz/1', not an object"),
        ({"tokens": []}, 'it lacks "schema"'),
        (minimal(schema="attnviz/2"), "schema is 'attnviz/2', but this version"),
        (minimal(schema="\x1b[2J"), r"schema is '\\x1b\[2J'"),
        (minimal(schema="x" * 900), "x…'"),
        (minimal(schema=1), "schema is 1"),
        (minimal(tokens=None), "tokens is missing or empty"),
        (minimal(tokens=[]), "tokens is missing or empty"),
        (minimal(tokens="it hat"), "tokens is 'it hat', not a list"),
        (minimal(tokens=["it", 7]), r"tokens\[1\] is 7, not an object"),
        (minimal(tokens=["it", {"id": 7}]), r"tokens\[1\]\.text is null or missing"),
        (token(id=-1), r"tokens\[1\]\.id is -1, not a whole number"),
        (token(id=True), r"tokens\[1\]\.id is true"),
        (token(id=1.5), r"tokens\[1\]\.id is 1.5"),
        (token(id=10**40), r"tokens\[1\]\.id is a huge number"),
        (token(word="first"), r"tokens\[1\]\.word is 'first'"),
        (token(special=1), r"tokens\[1\]\.special is 1, not true or false"),
        (token(start=3), r"tokens\[1\] has only one of start and end"),
        (token(start=3, end=2), r"tokens\[1\]\.end is 2, before its start 3"),
        (token(start=3, end=7), r"tokens\[1\]\.end is 7, beyond the 6 characters of text 0"),
        (token(start=0, end=1, segment=1), r"tokens\[1\]\.segment is 1, but there are 1 texts"),
        (minimal(texts="it hat"), "texts is 'it hat', not a list"),
        (minimal(texts=[None]), r"texts\[0\] is null"),
        (minimal(model=[]), "model is a list"),
        (minimal(model={"name": 3}), r"model\.name is 3, not a string"),
        (minimal(model={"n_layers": "six"}), r"model\.n_layers is 'six'"),
        (minimal(maps=None), "maps is null or missing"),
        (minimal(maps={}), "maps is missing or empty"),
        (minimal(maps=[]), "maps is a list"),
        (minimal(maps={"self": {}}), "maps has a 'self'; the kinds are encoder, decoder, cross"),
        (minimal(maps={"encoder": []}), r"maps\.encoder is a list"),
        (minimal(maps={"encoder": {}}), r"maps\.encoder\.weights is null or missing"),
        (mapped([[ROWS]], "cross"), r"maps\.cross needs target_tokens"),
        (mapped([]), r"maps\.encoder\.weights has no layers"),
        (mapped([[]]), r"weights\[0\] has no heads"),
        (mapped([[[]]]), r"weights\[0\]\[0\] has no queries"),
        (mapped([[[[], []]]]), r"weights\[0\]\[0\]\[0\] has no keys"),
        (mapped([ROWS]), r"weights\[0\]\[0\]\[0\] is 0.5, not a list of keys"),
        (mapped([[[ROWS], [ROWS]]] * 2), r"has a batch of several texts, shape \(2, 2, 1, 2, 2\)"),
        (mapped([[[[ROWS]]]]), r"weights\[0\]\[0\]\[0\]\[0\] is a list, not a number"),
        (mapped([[[[1, 0], [1]]]]), r"weights\[0\]\[0\]\[1\] has 1 keys but .*\[0\] has 2"),
        (mapped([[ROWS, ROWS], [ROWS]]), r"weights\[1\] has 1 heads but .*weights\[0\] has 2"),
        (mapped([[ROWS, ROWS[:1]]]), r"weights\[0\]\[1\] has 1 queries"),
        (mapped([[[[1, 0]] * 3]]), "has 3 queries but there are 2 tokens"),
        (mapped([[[[1, 0, 0]] * 2]]), "has 3 keys but there are 2 tokens"),
        (mapped([[[[1, 0], [True, 0]]]]), r"weights\[0\]\[0\]\[1\]\[0\] is true, not a number"),
        (mapped([[[[1, 0], ["1", 0]]]]), r"weights\[0\]\[0\]\[1\]\[0\] is '1', not a number"),
        (mapped([[[[1, 0], [1, None]]]]), r"weights\[0\]\[0\]\[1\]\[1\] is null"),
        (mapped([[[[1, 0], [-0.5, 1]]]]), r"\[0\]\[0\]\[1\]\[0\] is -0.5, but weights lie from 0"),
        (mapped([[[[1, 0], [1.5, 0]]]]), r"\[0\]\[0\]\[1\]\[0\] is 1.5"),
        (mapped([[[[1, 0], [float("nan"), 0]]]]), r"\[1\]\[0\] is nan"),
        (mapped([[[[1, 0], [float("inf"), 0]]]]), r"\[1\]\[0\] is inf"),
        (mapped([[[[1, 0], [1e300, 0]]]]), r"\[1\]\[0\] is inf"),
        (mapped([[[[1, 0], [10**400, 0]]]]), r"weights\[0\]\[0\]\[1\] holds a number too large"),
        (mapped([[ROWS]], layers=3), r"maps\.encoder\.layers is 3, not a list"),
        (mapped([[ROWS]], layers=[0, 1]), r"layers has 2 indices but the weights have 1"),
        (mapped([[ROWS]], layers=[]), r"layers has 0 indices but the weights have 1"),
        (mapped([[ROWS]], layers=[-1]), r"layers\[0\] is -1"),
        (mapped([[ROWS]], layers=[2**31]), r"layers\[0\] is 2147483648"),
        (mapped([[ROWS]], layers=[False]), r"layers\[0\] is false"),
        (mapped([[ROWS]], heads=[0.0]), r"heads\[0\] is 0.0"),
        (mapped([[ROWS]], queries=[0, 2]), r"queries\[1\] is 2, not a whole number from 0 to 1"),
        (mapped([[ROWS]], keys=[1, 1]), "keys names an index twice"),
        (minimal(hidden=[[1.0]]), "hidden has 1 rows but there are 2 tokens"),
        (minimal(hidden=[[1.0], [1.0, 2.0]]), r"hidden\[1\] has 2 numbers but hidden\[0\] has 1"),
        (minimal(hidden=[[float("-inf")], [1]]), r"hidden\[0\]\[0\] is -inf, but numbers must be"),
        (minimal(hidden=[[None], [1]]), r"hidden\[0\]\[0\] is null"),
    ],
)
def test_a_malformed_document_is_refused_with_the_place(document: Any, where: str) -> None:
    with pytest.raises(DocumentError, match=where) as refusal:
        of(document)
    message = str(refusal.value)
    assert message.startswith("the document is malformed: ")
    assert message.isprintable()
    assert len(message) < 200


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b"", "the document is empty"),
        (b" \n\t ", "the document is empty"),
        (b"hello", "line 1, column 1 is not JSON"),
        (json_bytes(small())[:-9], "line 1, column .* is not JSON"),
        (b'{"schema":\n"attnviz/1" 3}', "line 2, column 13 is not JSON"),
        ('{"schema": "é"}'.encode("latin-1"), "neither UTF-8 text nor NPZ: byte 12 is not text"),
        ("{}".encode("utf-16"), "neither UTF-8 text nor NPZ"),
        (b"\x89PNG\r\n\x1a\n", "neither UTF-8 text nor NPZ"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"[" + b"9" * 5000 + b"]", "an integer that is too long"),
        (json_bytes(small()) + b"{}", "document 2 is malformed: it lacks"),
        (json_bytes(small()) + b"}", "document 2 is malformed: line 2, column 1 is not JSON"),
    ],
)
def test_bytes_that_are_no_document_are_refused(data: bytes, where: str) -> None:
    with pytest.raises(DocumentError, match=where):
        read(data)


def test_a_first_row_that_boasts_allocates_nothing() -> None:
    wide: Any = [0] * 3000
    for _ in range(3):
        wide = [wide] + [[]] * 2999
    with pytest.raises(DocumentError, match=r"weights\[1\] has no heads"):
        of(mapped(wide))


def test_what_is_read_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        of(minimal()).maps["encoder"].weights[:] = 0


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 5)
    | st.integers()
    | st.floats()
    | st.sampled_from(["attnviz/1", "it", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=6,
)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to every value in a document."""
    if isinstance(node, list):
        node = dict(enumerate(node))
    if not isinstance(node, dict):
        return [path]
    return [path, *(place for key in node for place in places(node[key], (*path, key)))]


PLACES = places(as_dict(small()))[1:]


def assert_consistent(result: AttentionResult) -> None:
    assert result.tokens
    for kind, part in result.maps.items():
        assert np.isfinite(part.weights).all()
        assert part.weights.shape[2:] == (
            len(result.query_tokens(kind)),
            len(result.key_tokens(kind)),
        )


@given(st.sampled_from(PLACES), VALUES)
def test_any_value_anywhere_gives_a_consistent_result_or_a_document_error(
    path: tuple[Any, ...], value: Any
) -> None:
    document = node = as_dict(small())
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    try:
        results = read_json(json.dumps(document).encode())
    except DocumentError:
        return
    for result in results:
        assert_consistent(result)


@given(st.data())
def test_damaged_json_gives_a_consistent_result_or_a_document_error(data: st.DataObject) -> None:
    damaged = bytearray(json_bytes(small()))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=4))
    try:
        results = read(bytes(damaged))
    except DocumentError:
        return
    for result in results:
        assert_consistent(result)
