"""``attnviz render``: documents in, pictures and documents out."""

from __future__ import annotations

import json

import numpy as np
import pytest

from attnviz.document import read


def test_the_head_that_says_most_is_shown_and_why(attnviz, document):
    ended = attnviz("render", document)
    assert ended.code == 0 and ended.err == ""
    assert "made-by-hand" in ended.text and "head 1.0" in ended.text
    assert "Head 1.0 is shown: " in ended.text
    assert "it → hat 0.75 in 1.0" in ended.text


def test_what_is_printed_when_nobody_watches_has_no_escapes(attnviz, document):
    assert b"\x1b" not in attnviz("render", document).out


def test_words_are_shown_unless_tokens_are_asked_for(attnviz, document):
    assert "liked" in attnviz("render", document).text
    by_tokens = attnviz("render", document, "--tokens").text
    assert "lik" in by_tokens and "liked" not in by_tokens


@pytest.mark.parametrize(
    ("options", "title"),
    [
        (["--head", "0.1"], "head 0.1"),
        (["--layer", "1"], "layer 1, mean of 2 heads"),
        (["--mean"], "mean of 4 heads in 2 layers"),
        (["--heads", "all"], "2 layers × 2 heads"),
        (["--layer", "1", "--heads", "all"], "1 layer × 2 heads"),
    ],
    ids=str,
)
def test_the_map_that_was_asked_for_is_shown(attnviz, document, options, title):
    ended = attnviz("render", document, *options)
    assert ended.code == 0
    assert title in ended.text
    assert "is shown" not in ended.text


def test_one_of_a_kind_is_not_many(attnviz, tmp_path):
    maps = {"encoder": {"weights": [[[[1.0]]]]}}
    path = tmp_path / "one.json"
    path.write_text(json.dumps({"schema": "attnviz/1", "tokens": ["a"], "maps": maps}))
    shown = attnviz("render", path).text
    assert shown.splitlines()[0] == "unknown · 1 token · 1 layer × 1 head"


def test_hidden_tokens_are_gone_and_their_weight_is_told(attnviz, document):
    shown = attnviz("render", document, "--no-special", "--head", "1.0").text
    assert "[CLS]" not in shown
    assert "89% of the weight" in shown  # (6 words + 0.25) of 7


def test_the_grid_of_heads_without_special_tokens_says_so_too(attnviz, document):
    assert "of the weight" in attnviz("render", document, "--no-special", "--heads", "all").text


def test_a_question_is_answered_in_one_line(attnviz, document):
    ended = attnviz("render", document, "--ask", "it")
    assert "it → hat 0.75 in head 1.0" in ended.text


def test_several_questions_are_answered_in_order(attnviz, document):
    text = attnviz("render", document, "--ask", "it", "--ask", "hat").text
    assert text.index("it → hat") < text.index("hat → ")


def test_a_document_comes_from_standard_input(attnviz, document):
    ended = attnviz("render", "-", "--ask", "it", stdin=document.read_bytes())
    assert "it → hat 0.75" in ended.text


def test_a_document_goes_through_unchanged(attnviz, document):
    (again,) = attnviz("render", document, "--json").documents
    assert again.pop("found")["map"] == "encoder"
    assert again == json.loads(document.read_text())


def test_several_documents_are_shown_one_after_another(attnviz, two_documents):
    assert attnviz("render", two_documents).text.count("made-by-hand") == 2
    assert len(attnviz("render", two_documents, "--json").documents) == 2


def test_files_are_written_by_their_suffix(attnviz, document, tmp_path):
    ended = attnviz("render", document, "-o", "a.json", "-o", "a.npz", "-o", "a.csv")
    assert (ended.code, ended.out) == (0, b"")
    again = json.loads((tmp_path / "a.json").read_text())
    assert {**again, "found": None} == {**json.loads(document.read_text()), "found": None}
    again = read((tmp_path / "a.npz").read_bytes())[0]
    np.testing.assert_array_equal(
        again.maps["encoder"].weights,
        read(document.read_bytes())[0].maps["encoder"].weights,
    )
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert len(lines) == 1 + 2 * 2 * 10 * 10


def test_a_layer_or_a_head_confines_the_document_too(attnviz, document):
    (layer,) = attnviz("render", document, "--json", "--layer", "1").documents
    assert layer["maps"]["encoder"]["layers"] == [1]
    (head,) = attnviz("render", document, "--json", "--head", "1.0").documents
    assert np.shape(head["maps"]["encoder"]["weights"]) == (1, 1, 10, 10)


def test_numbers_are_rounded_on_request(attnviz, tmp_path, document):
    written = json.loads(document.read_text())
    written["maps"]["encoder"]["weights"][0][0][0][:2] = [0.123456, 0.876544]
    document.write_text(json.dumps(written))
    (rounded,) = attnviz("render", document, "--json", "--precision", "2").documents
    assert rounded["maps"]["encoder"]["weights"][0][0][0][:2] == [0.12, 0.88]


def test_the_terminal_picture_is_as_wide_as_asked(attnviz, document):
    lines = attnviz("render", document, "--width", "40").text.splitlines()
    assert 20 < max(map(len, lines)) <= 40


def test_what_a_translator_wrote_stands_above_its_attention(attnviz, tmp_path):
    document = {
        "schema": "attnviz/1",
        "tokens": ["ein", "Hut"],
        "target_tokens": ["a", "hat"],
        "target_texts": ["a hat"],
        "maps": {"cross": {"weights": [[[[0.9, 0.1], [0.2, 0.8]]]]}},
    }
    (tmp_path / "hat.json").write_text(json.dumps(document), encoding="utf-8")
    assert attnviz("render", tmp_path / "hat.json").text.splitlines()[2] == "→ a hat"


WEIGHTS = np.random.default_rng(0).dirichlet(np.ones(4), (3, 2, 4)).astype(np.float32)


@pytest.fixture
def maps(tmp_path):
    """Weights that NumPy saved, without a word of what they are."""
    np.save(tmp_path / "maps.npy", WEIGHTS)
    return tmp_path / "maps.npy"


@pytest.mark.parametrize(
    "arguments",
    [
        ["maps.npy", "--tokens", "He took the hat"],
        ["--tokens", "He took the hat", "maps.npy"],
        ["maps.npy", "He took the hat"],
        ["maps.npy", '["He", "took", "the", "hat"]'],
    ],
)
def test_arrays_become_what_they_are_in_memory(attnviz, maps, arguments):
    from attnviz import from_attentions

    expected = from_attentions(WEIGHTS, ["He", "took", "the", "hat"])
    ended = attnviz("render", *arguments, "--json")
    (found,) = read(ended.out)
    assert (ended.code, ended.err) == (0, "")
    assert found.tokens == expected.tokens
    np.testing.assert_array_equal(found.maps["encoder"].weights, WEIGHTS)
    assert "maps.npy" in attnviz("render", *arguments, "--ask", "hat").text


def test_tokens_of_arrays_merge_into_words_unless_tokens_are_asked_for(attnviz, maps):
    pieces = "▁He ▁to ok ▁it"
    assert "took" in attnviz("render", maps, pieces).text
    by_tokens = attnviz("render", maps, "--tokens", pieces).text
    assert "ok" in by_tokens and "took" not in by_tokens


def test_arrays_without_tokens_are_numbered_and_it_is_said(attnviz, maps):
    ended = attnviz("render", maps, "--head", "0.0")
    assert ended.code == 0 and "0    1    2    3" in ended.text
    assert "nothing says what the tokens are" in ended.err


def test_two_sides_have_tokens_each_and_an_item_chooses_a_text(attnviz, tmp_path):
    cross = np.stack([WEIGHTS[:, :, :2], WEIGHTS[:, :, 2:]], axis=1)
    np.savez(tmp_path / "maps.npz", cross_attentions=cross)
    given = ("render", "maps.npz", "--tokens", "He took the hat", "il prit")
    ended = attnviz(*given, "--item", "1", "--json")
    (found,) = read(ended.out)
    assert [token.text for token in found.target_tokens] == ["il", "prit"]
    np.testing.assert_array_equal(found.maps["cross"].weights, WEIGHTS[:, :, 2:])
    assert "choose an item from 0 to 1" in attnviz(*given).err


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["maps.npy", "one two"], 1, "there are 2 tokens but the weights have 4"),
        (["maps.npy", "a", "b", "c"], 2, "its TOKENS in one pair of quotes"),
        (["sentence.json", "a b c"], 2, "TOKENS can only be given for arrays"),
        (["sentence.json", "--item", "0"], 2, "--item can only be given for arrays"),
        (["missing.npy", "a b c"], 1, "'missing.npy' cannot be read"),
    ],
)
def test_tokens_that_fit_nothing_are_one_sentence(
    attnviz, maps, document, arguments, code, sentence
):
    ended = attnviz("render", *arguments)
    assert ended.code == code
    assert sentence in ended.err and ended.err.count("\n") == 1
