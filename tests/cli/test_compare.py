"""``attnviz compare``: two texts word by word, and two models head by head."""

from __future__ import annotations

import re
from base64 import b64decode

import numpy as np
import pytest

from attnviz.analysis.compare import align_words, compare
from attnviz.errors import InputError
from attnviz.result import AttentionMap, AttentionResult, Head, ModelInfo, Token
from tests.support.results import attention

HUNGRY, RIPE = (
    f"The farmers picked the apples because they were {how}" for how in ("hungry", "ripe")
)


def words(text):
    return [Token(word, word=i) for i, word in enumerate(text.split())]


def result_of(text, weights, name="made"):
    return AttentionResult(
        words(text), {"encoder": AttentionMap(weights)}, model=ModelInfo(name), texts=[text]
    )


@pytest.mark.parametrize(
    ("one", "two", "pairs"),
    [
        ("a b c", "a b c", [(0, 0), (1, 1), (2, 2)]),
        ("a b c", "a X c", [(0, 0), (1, 1), (2, 2)]),  # one word in the place of another
        ("a b c", "a c", [(0, 0), (2, 1)]),
        ("a c", "a X Y c", [(0, 0), (1, 3)]),
        ("A b", "a B", [(0, 0), (1, 1)]),
    ],
)
def test_words_are_aligned(one, two, pairs):
    assert align_words(words(one), words(two)) == pairs


def test_special_tokens_are_no_words_of_the_same_text():
    assert align_words([Token("x", special=True), Token("y")], [Token("y")]) == [(1, 0)]


def test_a_difference_is_the_second_minus_the_first_between_common_words():
    one, two = attention((1, 2, 3, 3)), attention((1, 2, 2, 2), seed=1)
    found = compare(result_of("a b c", one), result_of("a c", two))
    assert [word.text for word in found.words] == ["a", "c"]
    expected = two[0] - one[0][:, [0, 2]][:, :, [0, 2]]
    for number in range(2):
        matrix = found.matrix(Head(0, number))
        np.testing.assert_allclose(matrix.weights, expected[number], atol=1e-6)
        assert matrix.signed and matrix.title == f"head 0.{number}, second minus first"
    most = np.abs(expected).mean(axis=(1, 2)).argmax()
    assert found.matrix().title.startswith(f"head 0.{most}")


def test_both_maps_stand_beside_their_difference_each_with_its_own_words():
    one, two = attention((1, 2, 2, 2)), attention((1, 2, 2, 2), seed=1)
    first, second, signed = compare(result_of("a b", one), result_of("a X", two)).matrices(
        Head(0, 1)
    )
    np.testing.assert_allclose(first.weights, one[0, 1])
    np.testing.assert_allclose(second.weights, two[0, 1])
    np.testing.assert_allclose(signed.weights, two[0, 1] - one[0, 1], atol=1e-7)
    assert [[word.text for word in each.keys] for each in (first, second, signed)] == [
        ["a", "b"], ["a", "X"], ["a", "b/X"]]  # fmt: skip


def test_changes_are_ranked_and_each_pair_of_words_comes_once():
    one = np.full((1, 2, 2, 2), 0.5, np.float32)
    two = one.copy()
    two[0, 0, 0] = [0.2, 0.8]
    two[0, 1, 1] = [0.9, 0.1]
    found = compare(result_of("a b", one), result_of("a b", two)).changes(3)
    sizes = [abs(change.after - change.before) for change in found]
    assert sizes == sorted(sizes, reverse=True)
    assert (found[0].pair.first, found[0].query) == (Head(0, 1), 1)
    assert len({(change.query, change.key) for change in found}) == 3


def test_heads_of_two_models_are_matched_by_what_they_do():
    weights = attention((2, 3, 5, 5))
    order = [4, 2, 0, 5, 1, 3]
    shuffled = weights.reshape(6, 5, 5)[order].reshape(3, 2, 5, 5)
    found = compare(result_of("a b c d e", weights), result_of("a b c d e", shuffled, "other"))
    np.testing.assert_allclose(found.before, found.after, atol=1e-6)
    assert {pair.first: pair.second for pair in found.pairs}[Head(1, 1)] == Head(0, 0)


def test_texts_without_a_common_word_are_refused():
    two = attention((1, 1, 2, 2))
    with pytest.raises(InputError, match="no word in common"):
        compare(result_of("a b", two), result_of("x", attention((1, 1, 1, 1))))


def test_one_word_turns_a_pronoun(attnviz, tmp_path):
    ended = attnviz("compare", HUNGRY, RIPE, "--head", "3.1")
    assert ended.text.startswith("head 3.1, second minus first")
    assert (
        "they → apples  0.03 → 0.88 in 3.1 noun antecedent\n" in ended.text
        and "hungry/ripe" in ended.text
    )
    attnviz("compare", HUNGRY, RIPE, "-o", "both.png", "-o", "both.html", "-o", "both.json")
    assert (tmp_path / "both.png").read_bytes().startswith(b"\x89PNG")
    page = (tmp_path / "both.html").read_text(encoding="utf-8")
    pictures = re.findall(r"<figcaption[^>]*>(.*?)</figcaption><img [^>]*base64,([^\"]+)", page)
    assert [said for said, _ in pictures] == [
        f"first: {HUNGRY}", f"second: {RIPE}", "second minus first"] * 4  # fmt: skip
    assert page.count("<h2>head 3.1: noun antecedent .64 against .29") == 1
    assert not any("head 3.1" in b64decode(svg).decode() for _, svg in pictures)
    assert (
        "<td>they</td><td>apples</td><td>0.03</td><td>0.88</td><td>3.1 noun antecedent</td>" in page
    )
    [document] = attnviz("compare", HUNGRY, RIPE, "--json").documents
    assert document["changes"][0]["after"] == pytest.approx(0.88, abs=0.01)


def test_one_text_in_two_models(attnviz, tmp_path):
    said = attnviz("compare", HUNGRY, "--with", "all-MiniLM-L6-v2").text
    assert "second minus first" in said
    attnviz("compare", HUNGRY, "--with", "attnviz-en-fr-small", "-o", "two.html")
    page = (tmp_path / "two.html").read_text(encoding="utf-8")
    assert "first: all-MiniLM-L6-v2" in page and "second: attnviz-en-fr-small" in page
    assert re.search(r"<h2>heads \d\.\d+ and \d\.\d+</h2>", page)


def test_maps_that_stand_beside_each_other_have_one_scale(attnviz, tmp_path):
    """Which ends at the largest weight of both, that only one of them has in its cells."""
    attnviz("compare", HUNGRY, RIPE, "--head", "5.4", "--scale", "fit", "-o", "fit.html")
    page = (tmp_path / "fit.html").read_text(encoding="utf-8")
    first, second = (b64decode(svg).decode() for svg in re.findall(r'base64,([^"]+)', page)[:2])
    assert first.count(">0.68</text>") == 1 and second.count(">0.68</text>") == 2


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        ([HUNGRY], 2, "give two texts, or one text and a second model"),
        ([HUNGRY, RIPE, "--with", "x"], 2, "give two texts"),
        ([HUNGRY, RIPE, "--head", "x"], 2, "is not a head"),
        ([HUNGRY, RIPE, "--head", "9.9"], 1, "there is no head 9.9 to compare"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(attnviz, given, code, said):
    ended = attnviz("compare", *given)
    assert ended.code == code and said in ended.err and ended.err.count("\n") == 1
