"""Several heads at once on the page: each in a panel of its own, on one scale with one legend."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attnviz.analysis.view import make_view
from attnviz.render.sentences import hidden_note
from attnviz.result import Head
from tests.support.results import encoder

Keys = pytest.importorskip("selenium.webdriver.common.keys").Keys

RESULT = encoder("he took a hat and liked it", layers=3, heads=4)
PICKED = replace(
    RESULT, maps={"encoder": RESULT.maps["encoder"].pick([Head(2, 1), Head(0, 3), Head(1, 0)])}
)


def panels(page):
    return [heading.text for heading in page.all(".apart h3")]


def test_a_page_of_picked_heads_opens_with_each_beside_the_others(show):
    page = show(PICKED, view="matrix", heads="2.1,0.3,1.0", mix="apart")
    assert panels(page) == ["Head 2.1", "Head 0.3", "Head 1.0"]
    assert page.text("#caption") == "Heads 2.1, 0.3, 1.0"
    assert "heads 2.1, 0.3, 1.0" in page.text("#model")
    assert len(page.all(".legend")) == 1


def test_each_panel_shows_its_own_weights(show):
    page = show(PICKED, view="matrix", heads="*", mix="apart")
    for number, head in enumerate([Head(2, 1), Head(0, 3), Head(1, 0)]):
        frame = page.all(".apart .scroll")[number]
        page.js("arguments[0].focus()", frame)
        page.press(Keys.ARROW_RIGHT)
        weight = RESULT.maps["encoder"].head(head)[0, number + 1]
        assert page.tip[0] == f"Head {head}" and page.tip[2] == f"{weight:.3f}"


def test_of_each_head_it_is_said_what_hidden_tokens_take(show):
    page = show(PICKED, address="#view=matrix&heads=*&mix=apart&special=hide")
    hidden = make_view(PICKED, special=False).hidden["encoder"][0].mean(axis=-1)
    for head, share in zip(PICKED.maps["encoder"].picked, hidden, strict=True):
        assert f"head {head}: {hidden_note(float(share))}" in page.text("#notes")


def test_the_mean_and_each_head_are_two_ways_to_see_them(show):
    page = show(RESULT, address="#view=matrix&heads=0.1,2.2")
    assert panels(page) == []
    assert page.text("#caption") == "Mean of 2 heads: 0.1, 2.2"
    page.js("document.querySelector('#mix [value=apart]').click()")
    assert panels(page.settled()) == ["Head 0.1", "Head 2.2"]
    assert page.address["mix"] == "apart"
    page.click(".apart button", "Head 2.2")
    assert page.text("#caption") == "Head 2.2" and page.find("#mix input", None) is not None


@pytest.mark.parametrize("heads", ["0.1", "*"])
def test_one_head_or_very_many_are_one_picture(show, heads):
    layers = encoder("he took a hat", layers=4, heads=4)
    page = show(layers, address=f"#view=matrix&heads={heads}&mix=apart")
    assert panels(page) == [] and not page.all("#mix")[0].is_displayed()


def test_all_views_show_picked_heads(show):
    page = show(PICKED, address="#view=heads")
    assert [tile.get_attribute("data-key") for tile in page.all(".tile")] == [
        "head2.1",
        "head0.3",
        "head1.0",
    ]
    page.open("#view=ask&word=hat")
    assert {link.text for link in page.all(".head-link")} == {"2.1", "0.3", "1.0"}
    page.click(".square", "Head 0.3")
    assert page.text("#chosen") == "Head 0.3"
    page.open("#view=lines&heads=1.0")
    assert page.text("#caption") == "Head 1.0"


# lines


def colours(page):
    return page.js(
        "return [...new Set([...document.querySelectorAll('.lines path')]"
        ".map((path) => path.getAttribute('stroke')))]"
    )


def test_lines_of_several_heads_have_a_colour_each_that_can_be_switched_off(show):
    page = show(RESULT, address="#view=lines&heads=0.1,2.2&mix=apart&min=0.05")
    assert [button.text for button in page.all(".toggle")] == ["0.1", "2.2"]
    both = colours(page)
    assert len(both) == 2
    dots = page.js(
        "return [...document.querySelectorAll('.dot')].map((dot) => dot.style.background)"
    )
    assert len(set(dots)) == 2
    page.click(".toggle", "Lines of head 2.2")
    assert len(colours(page)) == 1 and page.address["off"] == "2.2"
    assert page.find(".toggle", "Lines of head 2.2").get_attribute("aria-pressed") == "false"
    page.click(".toggle", "Lines of head 2.2")
    assert sorted(colours(page)) == sorted(both)


def test_the_mean_of_several_heads_is_of_one_colour(show):
    page = show(RESULT, address="#view=lines&heads=0.1,2.2&min=0.05")
    assert len(colours(page)) == 1 and page.all(".toggle") == []


def test_pointing_at_a_word_tells_what_it_looks_at_in_each_head(show):
    page = show(RESULT, address="#view=lines&heads=0.1,2.2&mix=apart")
    page.hover(page.find(".token", "hat"))
    row = [token.text for token in RESULT.tokens].index("hat")
    for line, head in zip(page.tip[1:], (Head(0, 1), Head(2, 2)), strict=True):
        weights = RESULT.maps["encoder"].head(head)[row]
        assert line.startswith(f"{head}: ") and line.endswith(f"{weights.max():.3f}")


def test_all_lines_together_have_as_many_as_the_heads_have_weights(show):
    page = show(RESULT, address="#view=lines&heads=0.1,2.2&mix=apart")
    weights = RESULT.maps["encoder"].weights[[0, 2], [1, 2]]
    drawn = page.js("return document.querySelectorAll('.lines path').length")
    assert drawn == pytest.approx((weights > 1e-4).sum(), abs=4)
