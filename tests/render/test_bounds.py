"""No picture or page is begun that could not be finished."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest

from attnviz import memory
from attnviz.errors import InputError, TooBig
from attnviz.render import page
from attnviz.render.figure import canvas, head_grid
from attnviz.render.page import write_page
from attnviz.render.style import Style
from attnviz.result import AttentionMap, AttentionResult, Token

PAIR = (Token("a"), Token("b"))


def result(layers: int, heads: int) -> AttentionResult:
    weights = np.full((layers, heads, 2, 2), 0.5, np.float32)
    return AttentionResult(PAIR, {"encoder": AttentionMap(weights)})


def grid(layers: int, heads: int, **style) -> object:
    return head_grid(result(layers, heads).maps["encoder"], PAIR, PAIR, Style(**style))


def test_a_grid_of_more_pixels_than_can_be_drawn_is_refused():
    with pytest.raises(InputError, match=r"would be .* pixels, more than can be drawn; .*--layer"):
        grid(5000, 2)


def test_a_picture_that_memory_does_not_hold_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "LITTLE", 0)
    monkeypatch.setattr(memory, "available", lambda: 1 << 20)
    with pytest.raises(TooBig, match=r"a picture of .* million pixels would take"):
        grid(2, 2)
    with pytest.raises(TooBig, match="fewer --dpi"):
        Style(size=(10, 10))


def test_a_picture_of_more_texts_than_anybody_waits_for_is_refused(monkeypatch):
    monkeypatch.setattr(canvas, "MOST_ARTISTS", 10)
    with pytest.raises(InputError, match="more than 10 texts and shapes"):
        grid(4, 4)


def test_a_page_that_no_browser_opens_is_refused(monkeypatch):
    monkeypatch.setattr(page, "MOST_WEIGHTS", 15)
    with pytest.raises(TooBig, match="more than a browser opens"):
        write_page(result(2, 2), BytesIO())
    monkeypatch.setattr(page, "MOST_WEIGHTS", 16)
    write_page(result(2, 2), BytesIO())
