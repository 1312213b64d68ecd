"""Pages and JSON of BertViz are documents, too."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from attnviz.document import read
from attnviz.errors import AttnvizWarning, DocumentError

TOKENS = ["[CLS]", "He", " took", " hat", "s"]
RANDOM = np.random.default_rng(0)


def weights(*shape: int) -> np.ndarray:
    return RANDOM.dirichlet(np.ones(shape[-1]), shape[:-1])


def view(array: np.ndarray, left: list[str], right: list[str], name: str | None = None) -> Any:
    return {"name": name, "attn": array.tolist(), "left_text": left, "right_text": right}


def params(*views: Any, **more: Any) -> dict[str, Any]:
    return {"attention": list(views), "default_filter": "0", "root_div_id": "bertviz-0", **more}


def page(value: dict[str, Any]) -> bytes:
    """The shape of a saved page: markup, then a script that holds the parameters."""
    script = f"require([], function() {{\n const params = {json.dumps(value)}; // and so on\n}})"
    markup = '<script src="require.js"></script>\n<div id="bertviz-0"></div>'
    return f'{markup}\n<script type="text/javascript">\n{script}\n</script>\n'.encode()


@pytest.mark.filterwarnings("ignore::attnviz.errors.AttnvizWarning")
@pytest.mark.parametrize("form", [page, lambda value: json.dumps(value).encode()])
def test_a_page_and_its_json_are_read_as_weights_and_tokens(form: Any) -> None:
    array = weights(2, 3, 5, 5)
    parts = view(array[..., :2, :2], TOKENS[:2], TOKENS[:2], "Sentence A -> Sentence A")
    (result,) = read(form(params(view(array, TOKENS, TOKENS, "All"), parts)))
    np.testing.assert_array_equal(result.maps["encoder"].weights, array.astype(np.float32))
    assert [token.text for token in result.tokens] == ["[CLS]", "He", "took", "hat", "s"]
    assert [token.word for token in result.tokens] == [None, 0, 1, 2, 2]


def test_spaces_that_begin_words_are_told_of_as_marks() -> None:
    with pytest.warns(AttnvizWarning, match="marked ▁ as parts of words"):
        read(page(params(view(weights(1, 1, 5, 5), TOKENS, TOKENS))))


def test_layers_and_heads_that_were_left_out_keep_the_others_numbers() -> None:
    tokens = ["a", "b"]
    value = params(
        view(weights(2, 1, 2, 2), tokens, tokens), include_layers=[3, 5], include_heads=[7]
    )
    map = read(page(value))[0].maps["encoder"]
    assert (map.layers, map.heads) == ((3, 5), (7,))


def test_the_views_of_two_sides_are_three_maps() -> None:
    source, target = ["a", "b", "c"], ["x", "y"]
    causal = np.array([[[[1.0, 0.0], [0.25, 0.75]]]])
    (result,) = read(
        page(
            params(
                view(weights(1, 1, 3, 3), source, source, "Encoder"),
                view(causal, target, target, "Decoder"),
                view(weights(1, 1, 2, 3), target, source, "Cross"),
            )
        )
    )
    assert set(result.maps) == {"encoder", "decoder", "cross"}
    assert [token.text for token in result.query_tokens("cross")] == target
    assert [token.text for token in result.key_tokens("cross")] == source


def test_what_never_looks_ahead_is_a_decoder() -> None:
    causal = np.array([[[[1.0, 0.0], [0.25, 0.75]]]])
    for name in (None, "Decoder"):
        (result,) = read(page(params(view(causal, ["a", "b"], ["a", "b"], name))))
        assert set(result.maps) == {"decoder"} and len(result.tokens) == 2


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (params(view(np.full((1, 1, 2, 2), 2.0), ["a", "b"], ["a", "b"])), "weights lie from 0"),
        (params(view(weights(1, 1, 2, 2), ["a"], ["a"])), "2 queries but there are 1 tokens"),
        (params({"name": None, "attn": "x"}), r"attention\[0\]\.attn is 'x', not a list"),
        (params({"name": None, "attn": [[[[1]]]], "left_text": [1]}), "tokens is missing or empty"),
        (params(*[view(weights(1, 1, 1, 1), ["a"], ["a"])] * 2), "another view of the same"),
    ],
)
def test_a_page_that_was_changed_is_one_sentence(value: Any, sentence: str) -> None:
    for data in (page(value), json.dumps(value).encode()):
        with pytest.raises(DocumentError, match=sentence):
            read(data)


def test_other_pages_are_no_documents() -> None:
    with pytest.raises(DocumentError, match="is not JSON"):
        read(b"<html><script>const params = {};</script></html>")
