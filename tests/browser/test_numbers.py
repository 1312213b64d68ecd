"""The numbers on the page are the document's."""

import numpy as np
import pytest

from attnviz.result import AttentionMap, AttentionResult, Head, Token
from tests.support.results import attention, encoder, noise, translator


def tip_at(page, row, column):
    """What is said of a cell of the matrix, whose labels are 84 wide at least."""
    page.js(
        """const frame = document.querySelector('[role=application]');
        const cells = document.querySelectorAll('#view svg > g:first-of-type rect');
        const box = cells[1 + arguments[0] * arguments[2] + arguments[1]].getBoundingClientRect();
        frame.dispatchEvent(new PointerEvent('pointermove', {
            clientX: box.left + box.width / 2, clientY: box.top + box.height / 2}));""",
        row,
        column,
        page.columns,
    )
    return page.tip


@pytest.mark.parametrize("head", [Head(0, 0), Head(1, 2)])
def test_every_weight_of_a_head_is_shown_to_three_decimals(show, head):
    result = encoder()
    page = show(result, address=f"#view=matrix&by=tokens&heads={head}")
    weights = result.maps["encoder"].head(head)
    page.columns = weights.shape[1]
    for (row, column), weight in np.ndenumerate(weights):
        link, number, *_ = tip_at(page, row, column)
        assert link == f"{result.tokens[row].text} → {result.tokens[column].text}"
        assert number == f"{weight:.3f}"


def test_a_mean_of_heads_is_their_mean_and_says_where_it_is_largest(show):
    result = encoder()
    page = show(result, address="#view=matrix&by=tokens&heads=1.*")
    page.columns = len(result.tokens)
    weights = result.maps["encoder"].weights[1, :, 3, 1]
    _, number, where, *_ = tip_at(page, 3, 1)
    assert float(number) == pytest.approx(weights.mean(), abs=0.0006)
    assert where == f"mean of 3 heads, most in 1.{weights.argmax()}: {weights.max():.3f}"


def test_words_sum_over_keys_and_average_over_queries(show):
    result = encoder("the ship ##wright mend ##ed it", layers=1, heads=1)
    page = show(result, address="#view=matrix&by=words")
    page.columns = 6
    block = result.maps["encoder"].weights[0, 0, 2:4, 4:6]
    link, number, *_ = tip_at(page, 2, 3)
    assert link == "shipwright → mended"
    assert float(number) == pytest.approx(block.sum(axis=1).mean(), abs=0.0006)


def test_cross_attention_counts_target_rows_and_source_columns(show):
    result = translator()
    page = show(result, address="#view=matrix&map=cross&by=tokens&heads=1.0")
    page.columns = len(result.tokens)
    link, number, *_ = tip_at(page, 4, 2)
    assert link == "mann → boat"
    assert number == f"{result.maps['cross'].weights[1, 0, 4, 2]:.3f}"


def test_a_selection_is_shown_under_its_true_indices(show):
    result = encoder("one two three four", layers=2, heads=3)
    part = result.maps["encoder"].select(layers=[1], heads=[2], queries=[4, 1], keys=[2, 3])
    page = show(AttentionResult(result.tokens, {"encoder": part}, texts=result.texts))
    assert page.text("#caption") == "Head 1.2"
    page.columns = 2
    link, number, *_ = tip_at(page, 0, 1)
    assert link == "one → three"
    assert number == f"{result.maps['encoder'].weights[1, 2, 1, 3]:.3f}"


def test_signed_weights_keep_their_sign(show):
    result = encoder("a b c", layers=1, heads=1)
    weights = attention((1, 1, 5, 5), seed=1) - attention((1, 1, 5, 5), seed=2)
    page = show(AttentionResult(result.tokens, {"encoder": AttentionMap(weights)}))
    page.columns = 5
    row, column = np.unravel_index(weights[0, 0].argmin(), (5, 5))
    assert tip_at(page, int(row), int(column))[1] == f"{weights.min():.3f}".replace("-", "−")


def test_a_page_that_rounds_says_how_much_and_keeps_to_it(show, monkeypatch):
    monkeypatch.setattr("attnviz.render.page.weights.UNSPARED", 40_000)
    monkeypatch.setattr("attnviz.render.page.weights.FREE", 0)
    n = 301
    tokens = tuple(Token(f"t{i}") for i in range(n))
    weights = noise(n, 6).reshape(2, 3, n, n)
    result = AttentionResult(tokens, {"encoder": AttentionMap(weights)})
    page = show(result, address="#view=lines&heads=1.2&at=q7")
    note = page.text("#notes li:last-child")
    assert "within 0.0" in note
    within = float(note.split("within ")[1].split(" of")[0])
    page.hover(page.find(".token", "t7"))
    row = weights[1, 2, 7]
    for line in page.tip[1:]:
        name, number = line.split()
        assert float(number) == pytest.approx(row[int(name[1:])], abs=within + 0.0005)
