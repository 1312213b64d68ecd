"""Several heads at once on the page: each in a panel of its own, on one scale with one legend."""

from __future__ import annotations

from dataclasses import replace

import pytest

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
