"""One answer in every medium: API, terminal, figure and page rank the same heads and words."""

from __future__ import annotations

import numpy as np
import pytest

import attnviz
from attnviz.analysis.ask import ask
from attnviz.analysis.specificity import head_statistics
from attnviz.analysis.view import make_view
from attnviz.display import figure
from attnviz.render.claims import claim_text
from attnviz.render.terminal import Screen
from attnviz.render.terminal import answer as terminal_answer
from attnviz.result import AttentionMap, AttentionResult, Head
from tests.render import drawn, printed
from tests.support.browser import Page
from tests.support.results import attention, encoder, tokens_of, translator

SENTENCES = [
    "He took the hat and examined it carefully",
    "The trophy does not fit in the suitcase because it is too big",
]


def heads_of(page):
    """The heads that the page lists for the asked word, each with the word it looks at."""
    rows = page.js(
        """return [...document.querySelectorAll('.heads-list li')].map((item) =>
            [item.querySelector('.head-link').textContent,
             item.querySelector('.name').textContent,
             item.querySelector('.number').textContent])"""
    )
    return [tuple(row) for row in rows]


@pytest.mark.parametrize("text", SENTENCES)
def test_every_medium_names_the_same_heads_and_the_same_keys(show, text):
    result = attnviz.load().attend(text)
    asked = result.ask("it")
    found = [
        (str(head), asked.keys[top].text, float(row[top]))
        for head, top, row in zip(asked.heads, asked.tops, asked.rows, strict=True)
    ]
    page = show(result, address="#view=ask&word=it")
    assert heads_of(page) == [(head, word, f"{weight:.3f}") for head, word, weight in found]

    lines = printed.text(terminal_answer(asked, Screen(100)))
    assert f"it → {found[0][1]} {found[0][2]:.2f} in head {found[0][0]}" in lines
    listed = [line for line in lines if "━" in line]
    for line, (head, word, weight) in zip(listed, found, strict=False):
        assert f"{head} → {word}" in " ".join(line.split()) and f"{weight:.2f}" in line

    shown = drawn.texts(figure(result, ask="it"))
    columns = [text.removeprefix("head ") for text in shown if text.startswith("head ")]
    assert columns == [head for head, _, _ in found]
    assert all(f"{weight:.2f}" in shown for _, _, weight in found)


def compared(show, result, kind, by="tokens"):
    """What the page's own rule finds of every head, and what Python's does."""
    page = show(result, address=f"#view=heads&by={by}&map={kind}")
    view = make_view(result, words=by == "words")
    return page, view, head_statistics(view, kind)


RESULTS = {
    "encoder": encoder("he took a hat and liked it , so he kept it", layers=2, heads=4),
    "cross": translator(),
    "decoder": translator(),
}


@pytest.mark.parametrize("by", ["words", "tokens"])
@pytest.mark.parametrize("kind", RESULTS)
def test_all_words_have_the_same_heads_on_the_page(show, kind, by):
    result = RESULTS[kind]
    page, view, statistics = compared(show, result, kind, by)
    for at, token in enumerate(view.queries(kind)):
        asked = ask(view, kind, statistics, place_of(at))
        page.open(f"#view=ask&by={by}&map={kind}&at=q{first_token(result, kind, view, at)}")
        found = [
            (str(h), view.keys(kind)[t].text) for h, t in zip(asked.heads, asked.tops, strict=True)
        ]
        assert [row[:2] for row in heads_of(page)] == found, token


def place_of(at):
    from attnviz.analysis.ask import Place

    return Place(at)


def first_token(result, kind, view, at):
    """The first token of the unit at this place."""
    unit = view.queries(kind)[at]
    tokens = result.query_tokens(kind)
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
