"""Whatever the mouse does, the keyboard does too."""

import pytest

from tests.support.browser import unmarked
from tests.support.results import encoder

Keys = pytest.importorskip("selenium.webdriver.common.keys").Keys

FOCUSED = (
    "return document.activeElement.getAttribute('aria-label') || document.activeElement.textContent"
)


def focus(page, selector):
    page.js("document.querySelector(arguments[0]).focus()", selector)
    return page


def said(page):
    return unmarked(page.text("#say"))


def test_tab_reaches_every_control_and_leaves_again(show):
    page = show(encoder(), address="#view=matrix")
    reached = []
    for _ in range(17):
        page.press(Keys.TAB)
        reached.append(
            page.js("const e = document.activeElement; return e.id || e.name || e.dataset.key")
        )
    assert reached == [
        "palette", "save-svg", "save-png", "theme", "tab-matrix", "by", "mix", "special", "min",
        "scale", "vmin", "vmax", "pick*", "matrix", None, "palette", "save-svg",
    ]  # fmt: skip


def test_what_has_the_focus_is_seen_to_have_it(show):
    page = show(encoder(), address="#view=ask")
    for selector in ("#tab-ask", "#save-svg", "#special", "#min", ".word", "#heads button"):
        page.press(Keys.TAB)  # from now on the focus counts as the keyboard's
        focus(page, selector)
        style = page.js("""const style = getComputedStyle(document.activeElement);
            return [style.outlineStyle, parseFloat(style.outlineWidth)]""")
        assert style[0] != "none" and style[1] >= 2, selector


def test_arrows_walk_through_the_views_and_enter_opens_one(show):
    page = focus(show(encoder()), "#tab-heads").press(Keys.RIGHT, Keys.RIGHT)
    assert page.js(FOCUSED) == "Lines"
    assert page.press(Keys.ENTER).address["view"] == "lines"


def test_arrows_walk_through_the_grid_of_heads_and_enter_opens_a_head(show):
    page = focus(show(encoder(layers=2, heads=3)), ".tile").press(Keys.RIGHT, Keys.DOWN)
    assert page.js(FOCUSED).startswith("Head 1.1")
    assert said(page).startswith("Head 1.1")
    assert page.press(Keys.ENTER).text("#caption") == "Head 1.1"


def test_heads_are_picked_with_enter_and_added_with_space(show):
    result = encoder(layers=3)
    page = focus(show(result, address="#view=matrix&heads=0.0"), '[data-key="pick0.0"]')
    page.press(Keys.RIGHT, Keys.ENTER)
    assert page.address["heads"] == "0.1"
    page.press(Keys.DOWN, Keys.SPACE)
    assert page.address["heads"] == "0.1,1.1"
    page.press(Keys.SPACE)
    assert page.address["heads"] == "0.1"
    page.press(Keys.HOME, Keys.ENTER)
    assert page.address["heads"] == "1.*"


def test_arrows_move_over_a_matrix_and_speak_each_weight(show):
    result = encoder("one two", layers=1, heads=1)
    page = focus(show(result, address="#view=matrix"), "[role=application]")
    weights = result.maps["encoder"].weights[0, 0]
    page.press(Keys.RIGHT)
    assert said(page) == f"[CLS] → one; {weights[0, 1]:.3f}"
    page.press(Keys.DOWN, Keys.END)
    assert said(page) == f"one → [SEP]; {weights[1, 3]:.3f}"
    page.press(Keys.ENTER)
    assert page.address["at"] == "q1"
    page.press(Keys.LEFT)
    assert said(page) == f"one → two; {weights[1, 2]:.3f}"


@pytest.mark.parametrize(("column", "side"), [(0, "q"), (1, "k")])
def test_arrows_walk_down_both_columns_of_tokens_and_enter_keeps_one(show, column, side):
    page = show(encoder(), address="#view=lines&by=tokens")
    page.js(
        "document.querySelectorAll('.tokens')[arguments[0]].querySelector('.token').focus()", column
    )
    page.press(Keys.DOWN, Keys.DOWN, Keys.ENTER)
    assert page.address["at"] == f"{side}2"
    assert page.js(FOCUSED) == "ship"
    page.press(Keys.DOWN)
    assert page.js(FOCUSED) == "wright"


def test_arrows_walk_through_the_sentence_and_enter_asks(show):
    page = focus(show(encoder("one two three"), address="#view=ask"), ".word")
    page.press(Keys.RIGHT, Keys.RIGHT)
    assert "“two” looks at" in page.text(".answers")
    page.press(Keys.ENTER)
    assert page.address["at"] == "q2"
    page.press(Keys.RIGHT)
    assert said(page).startswith("two → three; ")
    page.press(Keys.LEFT, Keys.ENTER)
    assert "at" not in page.address


def test_the_threshold_moves_with_the_arrows(show):
    page = focus(show(encoder(), address="#view=matrix"), "#min").press(Keys.RIGHT, Keys.RIGHT)
    assert float(page.address["min"]) == pytest.approx(0.0004)
    page.press(Keys.HOME)
    assert "min" not in page.address
