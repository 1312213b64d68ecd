"""The page of a long text in the browser: the whole beside a close-up, by mouse and by keys."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.render.page.pooled_page import write_pooled_page
from tests.support.browser import Page
from tests.support.pooled import pooled_result

N, BLOCKS, HEAVY = 120, 12, (75, 31)


@pytest.fixture
def page(quiet, tmp_path):
    """A text whose token 75 gives most to 31, and little else is known of at full resolution."""
    weights = np.full((2, N, N), 0.5 / N, np.float32)
    weights[0][HEAVY] = 0.5
    weights[0][HEAVY[0] + 1, HEAVY[1]] = 0.0123
    path = tmp_path / "long.html"
    with path.open("wb") as stream:
        write_pooled_page(pooled_result(weights, BLOCKS, room=3), stream, title="A long text")
    return Page(quiet, path).open()


def point(page, canvas, row, column, rows, columns, *, click=False):
    """Point at a cell of a canvas, or click it."""
    element = page.find(canvas)
    size = element.size
    right = (column + 0.5) / columns * size["width"] - size["width"] / 2
    down = (row + 0.5) / rows * size["height"] - size["height"] / 2
    page.hover(element, round(right), round(down))
    if click:
        page.js(
            "const box = arguments[0].getBoundingClientRect();"
            "arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true,"
            " clientX: box.left + arguments[1] * box.width,"
            " clientY: box.top + arguments[2] * box.height}))",
            element,
            (column + 0.5) / columns,
            (row + 0.5) / rows,
        )
        page.settled()
    return page.text("#said")


def test_it_opens_at_the_heaviest_pixel(page):
    said = page.text("#said")
    assert "queries 70 to 79" in said
    assert "keys 30 to 39" in said
    assert "at full resolution" in said
    assert "each pixel is the sum over its block of keys" in page.text("#notes")


def test_a_close_up_tells_the_weight_of_two_tokens(page):
    said = point(page, "#part", *HEAVY, N, N)
    assert said == "75 “t75” → 31 “t31”: 0.5"
    assert point(page, "#part", 76, 31, N, N) == "76 “t76” → 31 “t31”: 0.012"


def test_what_was_not_kept_is_called_the_mean_of_its_block(page):
    said = point(page, "#part", 5, 115, N, N)
    assert said.startswith("5 “t5” → 115 “t115”: 0.0042 is the mean of this block")


def test_a_click_and_the_arrow_keys_move_the_close_up(page):
    said = point(page, "#whole", 2, 4, BLOCKS, BLOCKS, click=True)
    assert "queries 20 to 29" in said
    assert "keys 40 to 49" in said
    page.js("document.getElementById('whole').focus()")
    page.press("\ue015", "\ue012")  # down, left
    said = page.text("#said")
    assert "queries 30 to 39" in said
    assert "keys 30 to 39" in said


def test_another_head_is_another_picture(page):
    page.js(
        "const head = document.getElementById('head'); head.value = 1;"
        "head.dispatchEvent(new Event('change'))"
    )
    page.settled()
    assert page.text("#said").startswith("Head 0.1")
