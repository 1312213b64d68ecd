"""One answer in every medium: API, terminal, figure and page rank the same heads and words."""

from __future__ import annotations

import json

import numpy as np
import pytest

import attnviz
from attnviz.analysis.ask import Place, ask, numbered, who
from attnviz.analysis.selection import Selection
from attnviz.analysis.specificity import head_statistics
from attnviz.analysis.view import make_view
from attnviz.analysis.words import tokens_of_words
from attnviz.display import figure
from attnviz.document import found, read, write_json, write_npz
from attnviz.render.claims import claim_text
from attnviz.render.safe import token_label
from attnviz.render.sentences import answer_notes, matrix_notes
from attnviz.render.terminal import Screen, links
from attnviz.render.terminal import answer as terminal_answer
from attnviz.result import AttentionMap, AttentionResult, Head, Token
from tests.render import drawn, printed
from tests.support.browser import Page, unmarked
from tests.support.choices import Choices
from tests.support.results import attention, encoder, tokens_of, translator

SENTENCES = [
    "He took the hat and examined it carefully",
    "The trophy does not fit in the suitcase because it is too big",
]


def heads_of(page, list_of="looks"):
    """The heads that the page lists for the asked word, each with the word on the other end."""
    rows = page.js(
        """return [...document.querySelectorAll(`.${arguments[0]} .heads-list li`)].map((item) =>
            [item.querySelector('.head-link').textContent,
             item.querySelector('.name').textContent,
             item.querySelector('.number').textContent])""",
        list_of,
    )
    return [tuple(row) for row in rows]


def marked_in(page, list_of):
    """The word that stands out among the weights that the page lists, None where none does."""
    return page.js(
        "return document.querySelector(`.${arguments[0]} .bars:not(.heads-list) .strongest .name`)"
        "?.textContent ?? null",
        list_of,
    )


def listed(answer):
    """Each head of an answer with the word that it names, told apart as every medium does."""
    names = numbered(map(token_label, answer.keys))
    return [
        (str(head), names[top], float(row[top]))
        for head, top, row in zip(answer.heads, answer.tops, answer.rows, strict=True)
    ]


@pytest.mark.parametrize("turn", ["ask", "who"])
@pytest.mark.parametrize("text", SENTENCES)
def test_every_medium_names_the_same_heads_and_the_same_keys(show, text, turn):
    result = attnviz.load().attend(text)
    answer = getattr(result, turn)("it")
    heads, names = listed(answer), numbered([key.text for key in answer.keys])
    list_of, arrow = {"ask": ("looks", "→"), "who": ("looked", "←")}[turn]
    page = show(result, address="#view=ask&word=it")
    assert heads_of(page, list_of) == [(head, word, f"{w:.3f}") for head, word, w in heads]
    assert marked_in(page, list_of) == names[answer.top]

    lines = printed.text(terminal_answer(answer, Screen(100)))
    assert f"it {arrow} {heads[0][1]} {heads[0][2]:.2f} in head {heads[0][0]}" in lines
    barred = [line for line in lines if "━" in line]
    for line, (head, word, weight) in zip(barred, heads, strict=False):
        assert f"{head} {arrow} {word}" in " ".join(line.split()) and f"{weight:.2f}" in line

    shown = drawn.texts(figure(result, **{turn: "it"}))
    columns = [text.removeprefix("head ") for text in shown if text.startswith("head ")]
    assert columns == [head for head, _, _ in heads]
    assert all(f"{weight:.2f}" in shown for _, _, weight in heads)


@pytest.mark.parametrize("text", SENTENCES)
def test_documents_give_the_same_answers_as_pictures(text, tmp_path):
    result = attnviz.load().attend(text)
    words = numbered([word.text for word in result.words().tokens])
    named = dict(zip(map(tuple, tokens_of_words(result.tokens)), words, strict=True))
    for said in written(result, tmp_path):
        for name, other, answer in (
            ("answers", "key", result.ask("it")),
            ("who", "query", result.who("it")),
        ):
            (one,) = said[name]
            heads = [
                (head["head"], named[tuple(head[other]["tokens"])], head["weight"])
                for head in one["heads"]
            ]
            assert heads == listed(answer)
            assert [each["weight"] for each in one["mean"]] == answer.mean.tolist()
        links = [(Head.parse(link["head"]), link["weight"]) for link in said["links"]]
        assert links == [(link.head, link.weight) for link in result.links()]


@pytest.mark.parametrize("text", SENTENCES)
def test_links_are_the_same_whether_maps_are_kept_or_not(text):
    model = attnviz.load()
    result = model.attend(text)
    kept, words = result.links(), result.words().tokens
    streamed = model.strongest(model.encode(text), len(kept))
    assert [link[:2] + link[3:] for link in streamed] == [link[:2] + link[3:] for link in kept]
    shown = [printed.text(links(each, words, words, Screen(100))) for each in (kept, streamed)]
    assert shown[0] == shown[1]


def written(result, folder):
    """What analysis found as JSON and as NPZ say it; their weights are those of the result."""
    said = found(Selection(result, Choices(ask=("it",), who=("it",))))
    for write, name in ((write_json, "a.json"), (write_npz, "a.npz")):
        with (folder / name).open("wb") as stream:
            write(result, stream, found=said)
        (again,) = read((folder / name).read_bytes())
        np.testing.assert_array_equal(again.maps["encoder"].weights, result.maps["encoder"].weights)
    labels = np.load(folder / "a.npz", allow_pickle=False)["document"].item()
    documents = (json.loads((folder / "a.json").read_text()), json.loads(labels))
    return [document["found"] for document in documents]


def compared(show, result, kind, by="tokens"):
    """What the page's own rule finds of every head, and what Python's does."""
    page = show(result, address=f"#view=heads&by={by}&map={kind}")
    view = make_view(result, words=by == "words")
    return page, view, head_statistics(view, kind)


def marked() -> AttentionResult:
    """A result whose tokens read otherwise than they are spelt, and some are no words."""
    said = [("", "▁"), ("it", "it"), (" ", "▁"), ("saw", "▁saw"), (".", "▁."), ("her", "her")]
    said += [("", "▁"), ("too", "too"), ("🦀", "<unk>"), ("it", "▁it")]
    words = [0, 0, 1, 1, 2, 3, 4, 4, 5, 6]
    tokens = [
        Token(text, spelling=spelt, word=word, unknown=spelt == "<unk>")
        for (text, spelt), word in zip(said, words, strict=True)
    ]
    map = AttentionMap(attention((2, 2, len(tokens), len(tokens)), seed=6, causal=True))
    return AttentionResult(tokens, {"decoder": map})


RESULTS = {
    "marks": marked(),
    "encoder": encoder("he took a hat and liked it , so he kept it", layers=2, heads=4),
    "cross": translator(),
    "decoder": translator(),
}


KINDS = {"marks": "decoder"}


@pytest.mark.parametrize("by", ["words", "tokens"])
@pytest.mark.parametrize("name", RESULTS)
def test_all_words_have_the_same_heads_on_the_page(show, name, by):
    result, kind = RESULTS[name], KINDS.get(name, name)
    page, view, statistics = compared(show, result, kind, by)
    sides = (
        ("looks", "q", ask, view.queries(kind), result.query_tokens(kind)),
        ("looked", "k", who, view.keys(kind), result.key_tokens(kind)),
    )
    for turn, side, answer, units, tokens in sides:
        for at, unit in enumerate(units):
            first = at if by == "tokens" else first_token(tokens, unit)
            page.open(f"#view=ask&by={by}&map={kind}&at={side}{first}")
            found = answer(view, kind, statistics, places(units)[at])
            expected = listed(found)
            shown = [(head, word.strip()) for head, word, _ in heads_of(page, turn)]
            assert shown == [each[:2] for each in expected]
            rule = [p.text for p in page.all(f".{turn} .heads-list + p")]
            assert list(map(unmarked, rule)) == answer_notes(found)[-1:] * bool(expected)


def places(units):
    """Every unit as a question finds it."""
    named = [name.rpartition(":") for name in numbered(map(token_label, units))]
    return [
        Place(at, int(last) if colon and last.isdigit() and word else 1)
        for at, (word, colon, last) in enumerate(named)
    ]


def first_token(tokens, unit):
    """The place of a unit's first token."""
    return next(
        i
        for i, token in enumerate(tokens)
        if (token.word, token.special) == (unit.word, unit.special)
        and (token.start == unit.start)
        and (not unit.special or token.text == unit.text)
    )


def test_a_tile_names_its_strongest_weight_whatever_it_is_on(show):
    tokens, text = tokens_of("a b c d e f g h")
    weights = 0.9 * np.eye(8) + 0.1 / 8
    weights[6, 1] = 0.0495
    result = AttentionResult(tokens, {"encoder": AttentionMap(weights[None, None])}, (), (text,))
    map = AttentionMap(np.tile(weights, (1, 2, 1, 1)))
    page = show(AttentionResult(tokens, {"encoder": map}, (), (text,)))
    said = page.all(".tile")[0].get_attribute("aria-label")
    assert said.startswith("Head 0.0, strongest weight a → a 0.91")
    assert "between words g → b 0.049" in said
    assert result.maps["encoder"].head(Head(0, 0)).shape == (8, 8)


def test_heads_that_distance_explains_come_last_on_the_page_too(show):
    tokens, text = tokens_of("a b c d e f g h")
    back = np.eye(8, k=-2, dtype=np.float32)
    back[7] = 0
    back[7, 1] = 1
    plain = attention((1, 1, 8, 8), seed=3)[0, 0] * 0.2
    plain[7, 3] = 0.4
    map = AttentionMap(np.stack([back, plain])[None])
    result = AttentionResult(tokens, {"encoder": map}, (), (text,))
    assert [str(head) for head in result.ask("h").heads] == ["0.1", "0.0"]
    page = show(result, address="#view=ask&word=h")
    assert [row[0] for row in heads_of(page)] == ["0.1", "0.0"]
    (rule,) = page.all(".looks .heads-list + p")
    assert rule.text.endswith("Those that look as far from every word come last.")
    assert unmarked(rule.text) == answer_notes(result.ask("h"))[-1]


def test_what_was_hidden_before_is_said_on_the_page_as_elsewhere(show):
    result = make_view(encoder(), special=False).result
    page = show(result, address="#view=matrix&heads=0.1&by=tokens")
    (shown,) = Selection(result, Choices((Head(0, 1),), tokens=True)).matrices
    assert shown.hidden > 0
    assert matrix_notes(shown)[-1] in page.text("#notes")


def test_the_page_says_what_the_terminal_says_of_a_word(quiet, tmp_path):
    result = attnviz.load().attend(SENTENCES[0])
    result.save(tmp_path / "page.html")
    page = Page(quiet, tmp_path / "page.html").open("#view=ask&word=it")
    said = [claim_text(claim) for claim in result.ask("it").claims]
    assert [each.text for each in page.all(".claims p")] == said
    page.open("#view=ask")
    assert [each.text for each in page.all(".claims p")] == list(map(claim_text, result.claims()))
    page.open("#view=ask&word=took")
    assert [each.text for each in page.all(".claims p")] == [
        claim_text(claim) for claim in result.ask("took").claims
    ]


def test_the_page_says_what_a_head_was_found_to_do(quiet, tmp_path):
    attnviz.load().attend(SENTENCES[0]).save(tmp_path / "page.html")
    page = Page(quiet, tmp_path / "page.html").open("#view=matrix&heads=0.2")
    assert "Head 0.2 was found to be: previous word 1.00." in page.text("#notes")
    assert page.find('[data-key="pick0.2"]').get_attribute("title") == "0.2: previous word 1.00"


def test_the_page_says_it_of_each_head_beside_another_and_under_an_answer(quiet, tmp_path):
    attnviz.load().attend(SENTENCES[0]).save(tmp_path / "page.html", heads="0.2,3.1")
    page = Page(quiet, tmp_path / "page.html").open()
    for said in ("Head 0.2 was found to be: previous", "Head 3.1 was found to be: noun antecedent"):
        assert said in page.text("#notes")
    page.open("#view=ask&word=it")
    assert "Found to be: 3.1 noun antecedent" in page.text(".answers")
