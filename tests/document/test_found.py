"""Whatever a picture says, a program can read: links, answers and the head that is shown."""

from __future__ import annotations

import io
import json
from importlib.resources import files
from typing import Any

import jsonschema
import numpy as np
import pytest

import attnviz
from attnviz import Head
from attnviz.analysis.selection import Selection
from attnviz.document import found, read, write_json, write_npz
from tests.support.choices import Choices

TEXT = "The keeper took the snowshoes and examined them"
SCHEMA = json.loads((files("attnviz.render") / "assets/attnviz-1.schema.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def result() -> attnviz.AttentionResult:
    return attnviz.load().attend(TEXT)


def test_links_are_those_of_the_pictures_with_the_tokens_they_are_made_of(result: Any) -> None:
    selection = Selection(result, Choices())
    said = found(selection)
    assert said["by"] == "word" and said["map"] == "encoder"
    for link, shown in zip(said["links"], selection.links, strict=True):
        layer, head = Head.parse(link["head"])
        query, key = link["query"]["tokens"], link["key"]["tokens"]
        weights = result.maps["encoder"].weights[layer, head]
        summed = weights[np.ix_(query, key)].sum(axis=1).mean()
        assert link["weight"] == pytest.approx(summed, abs=1e-6) == shown.weight
    assert any(
        len(unit["tokens"]) > 1 for link in said["links"] for unit in (link["query"], link["key"])
    )


def test_the_head_that_was_chosen_says_by_what(result: Any) -> None:
    selection = Selection(result, Choices())
    assert found(selection)["head"]["head"] == str(selection.matrices[0].head)
    assert found(Selection(result, Choices((Head(3, 1),))))["head"] is None


def test_an_answer_is_the_one_of_the_pictures(result: Any) -> None:
    selection = Selection(result, Choices(ask=["them"]))
    (said,), (answer,) = found(selection)["answers"], selection.answers
    assert said["word"] == {"text": "them", "tokens": [len(result.tokens) - 2]}
    assert [one["head"] for one in said["heads"]] == [str(head) for head in answer.heads]
    assert [one["weight"] for one in said["mean"]] == answer.mean.tolist()


def test_between_tokens_a_unit_is_one_token(result: Any) -> None:
    said = found(Selection(result, Choices(tokens=True)))
    assert said["by"] == "token"
    assert {len(link["key"]["tokens"]) for link in said["links"]} == {1}


def test_what_was_left_out_is_said(result: Any) -> None:
    selection = Selection(result, Choices(no_special=True))
    assert found(selection)["hidden"] == pytest.approx(selection.hidden) != 0
    assert not any(token.special for token in selection.document.key_tokens("encoder"))
    assert selection.document.maps["encoder"].keys[0] == 1  # indices stay true


def test_documents_carry_words_if_asked(result: Any) -> None:
    words = Selection(result, Choices(by="word")).document
    assert [token.text for token in words.tokens[1:-1]] == TEXT.split()
    np.testing.assert_allclose(words.maps["encoder"].weights.sum(axis=-1), 1, atol=1e-5)


@pytest.mark.parametrize("tokens", [False, True])
def test_what_is_found_names_the_words_of_a_document_of_words(result: Any, tokens: bool) -> None:
    selection = Selection(result, Choices(by="word", tokens=tokens, ask=["them"], who=["them"]))
    said, words = found(selection), selection.document.tokens
    (asked,), (seen) = said["answers"], said["who"][0]
    units = [link[side] for link in said["links"] for side in ("query", "key")]
    units += [asked["word"], asked["top"], seen["top"], *(head["key"] for head in asked["heads"])]
    units += [claim["word"] for claim in said["claims"]]
    assert any(unit["text"] == "them" for unit in units)
    for unit in units:
        (at,) = unit["tokens"]
        assert words[at].text == unit["text"] or (tokens and unit["text"] in words[at].text)


def test_an_answer_says_what_does_not_count_and_which_word_is_marked(result: Any) -> None:
    selection = Selection(result, Choices(ask=["them", "[SEP]"], who=["them"]))
    said = found(selection)
    assert said["excluded"] == ["special", "itself", "neighbours"]
    for one, answer in zip((*said["answers"], *said["who"]), selection.answers, strict=True):
        assert one["top"]["text"] == answer.keys[answer.top].text
        assert one["excluded"] == list(answer.excluded)
        assert one["particular"] == answer.particular
    assert [one["particular"] for one in said["answers"]] == [True, False]


def test_what_is_found_has_as_many_decimals_as_the_weights(result: Any) -> None:
    stream = io.BytesIO()
    write_json(result, stream, precision=2, found=found(Selection(result, Choices(ask=["them"]))))
    said = json.loads(stream.getvalue())["found"]
    weights = [link["weight"] for link in said["links"]]
    weights += [one["weight"] for one in said["answers"][0]["mean"]]
    assert weights == [round(weight, 2) for weight in weights]


@pytest.mark.parametrize("write", [write_json, write_npz])
def test_both_documents_carry_it_and_are_read_without_it(result: Any, write: Any) -> None:
    stream, said = io.BytesIO(), found(Selection(result, Choices(ask=["them"])))
    write(result, stream, found=said)
    (again,) = read(stream.getvalue())
    np.testing.assert_array_equal(again.maps["encoder"].weights, result.maps["encoder"].weights)
    if write is write_json:
        document = json.loads(stream.getvalue())
        assert document["found"] == said
        jsonschema.Draft202012Validator(SCHEMA).validate(document)
