"""Texts of hundreds of words: what was asked for is in sight, and a click can be undone."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.result import AttentionMap, AttentionResult
from tests.support.browser import resize
from tests.support.results import attention, encoder, tokens_of

N = 350
FAR = 340  # a word near the end
WORD = f".word[data-key=query{FAR}]"


@pytest.fixture(scope="module")
def long():
    """A text of many words; the word near the end looks at five of them, half at the first."""
    tokens, text = tokens_of(" ".join(f"w{i}" for i in range(N)))
    weights = attention((1, 2, N, N))
    weights[:, :, FAR] = 0.001
    weights[:, :, FAR, [0, 20, 150, 151, 300]] = [0.5, 0.2, 0.1, 0.01, 0.05]
    weights[:, :, :, FAR] = np.minimum(weights[:, :, :, FAR], 0.001)
    weights[:, :, 7, FAR] = 0.4
    return AttentionResult(tokens, {"encoder": AttentionMap(weights)}, (), (text,))


def in_sight(page, element):
    return page.js(
        "const { top, bottom } = arguments[0].getBoundingClientRect();"
        "return top >= 0 && bottom <= innerHeight",
        element,
    )


@pytest.mark.parametrize("size", [(1280, 860), (800, 700)])
def test_the_answer_stands_beside_the_word_that_was_clicked(show, quiet, long, size):
    resize(quiet, *size)
    page = show(long, address="#view=ask")
    page.js("arguments[0].scrollIntoView({ block: 'center' })", page.find(WORD))
    page.click(WORD)
    assert in_sight(page, page.find(WORD))
    assert in_sight(page, page.find(".answer h3", f"“w{FAR}” looks at"))


def test_an_address_scrolls_to_its_word(show, long):
    page = show(long, address=f"#view=ask&word=w{FAR}")
    assert in_sight(page, page.find(WORD))
    page.open(f"#view=lines&word=w{FAR}")
    assert in_sight(page, page.find(f".token[data-key=query{FAR}]"))


def columns(page):
    return [
        [
            token.get_attribute("aria-label")
            for token in group.find_elements("css selector", ".token")
        ]
        for group in page.all(".tokens")
    ]


def test_lines_face_a_chosen_word_with_what_it_looks_at_and_leave_out_the_rest(show, long):
    page = show(long, address=f"#view=lines&heads=0.0&word=w{FAR}")
    looks, looked_at = columns(page)
    assert len(looks) == N and looked_at == ["w0", "w20", "w150", "w151", "w300"]
    assert in_sight(page, page.all(".tokens")[1])
    assert f"“w{FAR}” gives at least 0.005 to 5 of {N}" in page.text("#notes")
    page.open(f"#view=lines&heads=0.0&at=k{FAR}")
    assert columns(page)[0] == ["w7"]
    assert f"1 of {N} give at least 0.005 to “w{FAR}”" in page.text("#notes")


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("view=heads", ".tile:nth-of-type(2)"),
        (f"view=lines&at=k{FAR}", f".token[data-key=key{FAR - 3}]"),
        (f"view=ask&word=w{FAR}", f".word[data-key=query{FAR - 3}]"),
        (f"view=ask&word=w{FAR}", ".answer li"),
    ],
)
def test_what_a_pointer_comes_to_is_told_of_and_not_what_scrolls_under_it(
    show, long, address, place
):
    page = show(long, address=f"#heads=0.0&{address}")
    other = page.find(place)
    for event, told in (("pointerenter", False), ("pointermove", True), ("pointerleave", False)):
        page.js("arguments[0].dispatchEvent(new PointerEvent(arguments[1]))", other, event)
        assert page.find("#tip").is_displayed() == told


def test_lines_leave_out_what_is_under_the_threshold(show, long):
    page = show(long, address=f"#view=lines&heads=0.0&word=w{FAR}&min=0.15")
    assert columns(page)[1] == ["w0", "w20"]
    page.open("#view=lines&heads=0.0&min=0.45")
    weights = long.maps["encoder"].weights[0, 0]
    reached = (weights.max(axis=1) >= 0.45).sum(), (weights.max(axis=0) >= 0.45).sum()
    assert tuple(map(len, columns(page))) == pytest.approx(reached, abs=3)  # rounded on the page
    assert "labels are left out: no line of theirs reaches 0.45" in page.text("#notes")


def test_lines_of_a_short_text_keep_all_words(show):
    page = show(encoder("he took a hat"), address="#view=lines&word=hat&min=0.5")
    assert [len(column) for column in columns(page)] == [6, 6]


def test_back_undoes_clicks_and_forward_does_them_again(show):
    page = show(encoder("he took a hat"), address="#view=ask")
    page.click(".word", "took")
    page.click(".word", "hat")
    page.click("#tab-lines")
    seen = [page.js("return location.hash")]
    for _ in range(3):
        page.driver.back()
        seen.append(page.settled().js("return location.hash"))
    assert [("view=ask" in each, "at=" in each) for each in seen] == [
        (False, True),
        (True, True),
        (True, True),
        (True, False),
    ]
    assert page.find(".hint").is_displayed()
    page.driver.forward()
    assert "“took” looks at" in page.settled().text(".answers")


def test_a_slider_leaves_no_steps_to_undo(show):
    page = show(encoder("he took a hat"), address="#view=matrix")
    before = page.js("return history.length")
    for value in (10, 20, 30):
        page.js(
            "const min = document.getElementById('min'); min.value = arguments[0];"
            "min.dispatchEvent(new Event('input'))",
            value,
        )
        page.settled()
    assert page.js("return history.length") == before and page.address["min"] == "0.09"
