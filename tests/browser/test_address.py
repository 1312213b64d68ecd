"""The state lives in the page's address, so that a view can be linked."""

import pytest

from attnviz.result import AttentionMap, AttentionResult, Token
from tests.support.browser import Page
from tests.support.results import attention, encoder, translator

STATE = (
    "#view=lines&map=decoder&heads=1.*&by=tokens&special=hide&min=0.02"
    "&scale=linear&palette=viridis&theme=dark&at=k3"
)


def test_an_address_restores_everything(show):
    page = show(translator(), address=STATE)
    assert page.find("[aria-selected=true]").text == "Lines"
    assert page.text("#chosen") == "Layer 1, mean of 2 heads"
    assert page.js("return document.querySelector('[name=map]:checked').value") == "decoder"
    assert page.js("return document.querySelector('[name=by]:checked').value") == "tokens"
    assert page.js("return document.getElementById('special').checked") is False
    assert page.text("#min-shown") == "0.02"
    assert page.find("#scale").get_attribute("value") == "linear"
    assert page.find("#palette").get_attribute("value") == "viridis"
    assert page.find("[aria-pressed=true].token").get_attribute("aria-label") == "Boots"


def test_what_a_page_writes_it_reads_again(show):
    page = show(translator(), address=STATE)
    page.js("document.getElementById('tab-ask').click()")
    written = page.settled().js("return location.hash")
    shown = page.text("#view")
    page.open(written)
    assert page.text("#view") == shown
    assert page.js("return location.hash") == written


def test_a_changed_address_changes_the_page(show):
    page = show(encoder())
    page.js("location.hash = '#view=matrix&heads=1.2'")
    page.js("return new Promise((turn) => setTimeout(turn, 50))")
    assert page.settled().text("#caption") == "Head 1.2"


@pytest.mark.parametrize(
    "address",
    [
        "#view=nonsense&heads=99.99&map=none&at=q999&min=abc&palette=constructor&theme=x&scale=y&vmin=2&vmax=-1",
        "#heads=..,*,-1.2,&at=k-1&input=77&min=1e99&by=&special=",
        "#%E0%A4%A=%&&&==&view",
        "#word=" + "x" * 3000,
    ],
)
def test_an_address_that_makes_no_sense_shows_the_page_as_it_opens(show, address):
    page = show(encoder())
    opened = page.text("#view")
    assert page.open(address).text("#view") == opened


def test_the_opening_is_the_start_and_the_address_comes_before_it(show):
    page = show(encoder(), view="matrix", heads="1.1", special="hide")
    assert page.text("#caption") == "Head 1.1"
    assert page.open("#heads=0.2").text("#caption") == "Head 0.2"
    assert page.js("return document.getElementById('special').checked") is False


def test_an_address_of_the_first_version_still_shows_all_heads(show):
    page = show(encoder(), address="#view=wall&heads=1.1")
    assert page.find("[aria-selected=true]").text == "Heads"


def test_a_page_opens_at_the_very_word_that_was_asked_about(quiet, tmp_path):
    """Of bytes of one letter the text is the same, and a page shows it once."""
    tokens = [
        Token("a", 0, 0, 1, 0),
        *(Token("は", n, 2, 3, 1, spelling=f"b{n}") for n in (1, 2, 3)),
    ]
    map = AttentionMap(attention((1, 2, 4, 4), seed=2, causal=True))
    result = AttentionResult(tokens, {"decoder": map}, texts=("a は",))
    for choices, at in (({"ask": "は:3"}, "q3"), ({"who": "は:2"}, "k2"), ({"ask": "a"}, "q0")):
        result.save(tmp_path / "page.html", tokens=True, **choices)
        page = Page(quiet, tmp_path / "page.html").open()
        assert page.find(".word.asked").get_attribute("data-key") == f"query{at[1]}"
        page.open("#word=a")
        assert page.find(".word.asked").get_attribute("data-key") == "query0"
