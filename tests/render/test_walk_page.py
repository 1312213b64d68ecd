"""The page of a walk, before any browser: its numbers, its bounds, and hostile texts."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest

from attnviz.analysis.explain.toy import Drawing, draw_toy
from attnviz.document.explained import explained
from attnviz.render.explained_numbers import effects, product_sum, scaling, scores, weighed
from attnviz.render.page.toy_page import write_toy_page
from attnviz.render.page.walk_page import write_walk_page
from attnviz.render.page.walk_svg import strip, wave
from tests.support.walks import hat, long, spelt

pytestmark = pytest.mark.filterwarnings("ignore:the text has .* trained on")


class Cells(HTMLParser):
    """The texts of a page's elements in order, and the tags that it has."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, _: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def page_of(walk) -> str:
    page = BytesIO()
    write_walk_page(walk, page)
    return page.getvalue().decode()


@pytest.fixture(scope="module")
def page() -> str:
    return page_of(hat())


def test_it_has_a_screen_for_each_step_behind_the_overview(page):
    ids = re.findall(r'<section id="([\w-]+)"', page)
    n = len(explained(hat())["steps"])
    assert ids == ["overview", *(f"step-{i}" for i in range(1, n + 1))]
    assert re.findall(r'<li><a href="#([\w-]+)"', page) == [*ids, *ids[1:]]  # ledger, then cards


def test_every_number_is_the_one_that_the_terminal_prints(page):
    texts = set(Cells(page).texts)
    for table in (scores(hat()), weighed(hat()), scaling(hat()), effects(hat())):
        assert {entry for row in table.rows for entry in row.entries} <= texts
    for key in range(10):
        found = product_sum(hat(), key)
        for term in (*found.terms, found.rest, found.total):
            assert {term.name, term.product} <= texts and {term.left, term.right} - {""} <= texts


def test_the_numbers_of_the_default_sentence_are_on_it(page):
    for said in ("22.74 / √32 = 4.02", "0.9999 of the weight", "e<sup>4.02</sup> = 55.7 of 69.6",
                 "“hat” adds 2.76 to the output", "12 × 32 = 384"):  # fmt: skip
        assert said in page


def test_a_wave_tells_every_number_of_its_vector():
    vector = np.array([1.5, -0.25, 0, 3])
    assert 'data-values="1.500 −0.250 0.000 3.000" data-step="1"' in wave(vector)
    assert wave(vector).count("M") == 3  # nothing is drawn for 0
    assert "data-values" not in wave(vector, small=True)
    longer = np.zeros(4096)
    longer[7] = -2
    drawn = wave(longer)
    assert 'data-step="6"' in drawn and "each the largest of 6" in drawn
    assert drawn.count("M") == 1 and "−2.000" in drawn


def test_the_darkest_cell_is_the_one_asked_for():
    assert 'fill-opacity="0.5"' in strip(np.array([2.0, 0.0]), 4.0)
    assert 'class="down" fill-opacity="1"' in strip(np.array([-4.0, 0.0]), 4.0)
    assert "path" not in strip(np.zeros(3), 0.0)


def test_a_long_text_makes_no_larger_page(page):
    assert len(long().weights) > 150
    assert len(page_of(long())) < 2 * len(page) < 1_000_000
    assert f"{len(long().weights) - 12} others" in page_of(long())


def test_a_text_longer_than_those_of_the_training_is_told_of(page):
    said = "the model was trained on up to 128"
    assert said in page_of(long())
    assert said not in page


def test_hostile_tokens_are_text():
    hostile = ["<script>alert(1)</script>", "</style>", "{{about}}", "<!-- ledger -->", "\x1b[31m",
               "\u202eabc", "&lt;", '" onmouseover="alert(1)', "", "javascript:"]  # fmt: skip
    page = page_of(spelt(hostile))
    found = Cells(page)
    assert page.count("<script>") == page.count("</script>") == 1
    assert not {"img", "iframe", "object"} & found.tags
    assert {"{{about}}", "<!-- ledger -->", "\\x1b[31m", "\\u202eabc", "∅"} <= set(found.texts)
    assert "\x1b" not in page and "\u202e" not in page
    assert " onmouseover=" not in re.sub(r">[^<]*<", "><", page)


def test_nothing_is_inline_that_the_policy_would_refuse(page):
    assert " style=" not in page and " onclick=" not in page
    assert "default-src 'none'" in page and "http" not in page.replace("http-equiv", "").replace(
        "http://www.w3.org/2000/svg", ""
    )


def test_a_changed_head_says_on_the_overview_what_changed():
    import attnviz

    walk = attnviz.load().explain("He took the hat and examined it", head="3.1", scale="none")
    overview = page_of(walk).partition('id="overview"')[2].partition("</section>")[0]
    assert "With --scale none" in overview


def test_a_toy_has_its_matrices_written_out():
    toy = draw_toy(["This", "is", "<b>book"], Drawing(), scale="d_model")
    page = BytesIO()
    write_toy_page(toy, page)
    texts = Cells(page.getvalue().decode()).texts
    assert f"{toy.weights[0, 0, 1]:.4f}" in texts and "<b>book" in texts
    assert any("√3" in text for text in texts)


def test_a_large_toy_is_cut_and_says_so():
    toy = draw_toy([str(i) for i in range(20)], Drawing(d_model=512, d_head=64, n_heads=8))
    page = BytesIO()
    write_toy_page(toy, page)
    assert b"and 8 more rows and 500 more columns" in page.getvalue()
    assert len(page.getvalue()) < 300_000
