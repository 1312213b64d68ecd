"""The page of a walk in the browser: from step to step, from key to key, in every window."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys

import attnviz
from attnviz.render.page.walk_page import write_walk_page
from tests.browser.test_looks import contrast, lightness, preferring
from tests.support.browser import Page, resize, wait_for
from tests.support.walks import hat, long, spelt

HERE = "return document.querySelector('.ledger [aria-current]').getAttribute('href')"
WIDER = """return document.documentElement.scrollWidth
    - document.documentElement.clientWidth"""


@pytest.fixture
def walk(quiet, tmp_path):
    """Write a walk as a page and open it."""

    def shown(walk=None, address=""):
        path = tmp_path / "walk.html"
        with path.open("wb") as stream:
            write_walk_page(walk or hat(), stream)
        still = [{"name": "prefers-reduced-motion", "value": "reduce"}]
        quiet.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": still})
        return Page(quiet, path).open(address)

    return shown


def at(page: Page, step: str) -> None:
    wait_for(lambda: page.js(HERE) == f"#{step}", f"{step} to be reached")


def test_arrow_keys_go_from_step_to_step(walk):
    page = walk()
    at(page, "overview")
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    at(page, "step-3")
    page.press(Keys.ARROW_LEFT)
    at(page, "step-2")
    assert page.js("return location.hash") == "#step-2"


def test_the_ledger_and_the_cards_lead_to_each_step(walk):
    page = walk()
    page.click(".cards li:nth-child(7) a")
    at(page, "step-7")
    page.click(".ledger li:nth-child(6) a")
    at(page, "step-5")
    page.click("#step-5 .turn a:last-child")
    at(page, "step-6")


def test_an_address_opens_its_step(walk):
    at(walk(address="#step-9"), "step-9")


def test_choosing_a_key_shows_the_products_of_its_score(walk):
    page = walk(address="#step-5")
    assert page.text(".panel:not([hidden]) .total .number") == "22.74"
    page.click("#step-5 [data-key='0'] button")
    assert page.text(".panel:not([hidden]) .total .number") == "13.90"
    assert page.js("return document.querySelectorAll('.key.at').length") >= 5
    pressed = "return [...document.querySelectorAll('[aria-pressed=true]')].map(b => b.dataset.key)"
    assert set(page.js(pressed)) == {"0"}


def test_keys_are_chosen_by_the_keyboard(walk):
    page = walk(address="#step-5")
    page.js("document.querySelector('#step-5 [data-key=\"0\"] button').focus()")
    page.press(Keys.ARROW_DOWN, Keys.ENTER)
    assert page.text(".panel:not([hidden]) h3").endswith("and “He”")


def test_pointing_at_a_vector_tells_its_number(walk):
    page = walk(address="#step-8")
    wave = page.find("#step-8 .wave")
    width = wave.rect["width"]
    page.hover(wave, right=round(width * (8.5 / 32 - 0.5)))
    assert page.tip == ["−1.226", "at 8"]


@pytest.mark.parametrize("width", [340, 760, 1024, 1920])
def test_it_never_scrolls_sideways(walk, browser, width):
    resize(browser, width, 800)
    for shown in (hat(), long(), spelt(["w" * 400, *"bcdefghij"])):
        assert walk(shown).js(WIDER) <= 0


def test_a_step_fills_the_window(walk, browser):
    resize(browser, 1280, 800)
    page = walk()
    heights = page.js("return [...document.querySelectorAll('.step')].map((s) => s.offsetHeight)")
    assert min(heights) >= 700 and max(heights) <= 900


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_it_follows_the_systems_colours_until_one_is_chosen(walk, browser, scheme, dark):
    page = walk()
    preferring(browser, scheme)
    assert (lightness(page) < 0.5) == dark
    page.click("#theme")
    assert (lightness(page) < 0.5) != dark


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_texts_stand_out_from_their_ground(walk, theme):
    page = walk()
    page.js("document.documentElement.dataset.theme = arguments[0]", theme)
    pairs = page.js("""
        const ground = (element) => {
            for (let e = element; e; e = e.parentElement) {
                const colour = getComputedStyle(e).backgroundColor;
                if (colour.startsWith('rgb(')) return colour;
            }
        };
        return [...document.querySelectorAll('h1, h2, h3, p, td, th, a, small, figcaption, bdi')]
            .filter((e) => e.offsetParent && e.textContent.trim())
            .map((e) => [e.textContent.trim(), getComputedStyle(e).color, ground(e)])""")
    weak = [pair for pair in pairs if contrast(pair[1], pair[2]) < 4.5]
    assert len(pairs) > 100
    assert not weak


def test_hostile_tokens_do_nothing(walk):
    page = walk(spelt(["<img src=x onerror=alert(1)>", "<svg onload=alert(2)>", *"cdefghij"]))
    assert page.js("return document.querySelectorAll('img, svg[onload]').length") == 0
    assert "<img src=x onerror=alert(1)>" in page.text("#step-1")


def test_whatever_can_be_reached_has_a_name(walk, browser):
    walk()
    nodes = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    reached = []
    for node in nodes:
        properties = {p["name"]: p["value"].get("value") for p in node.get("properties", [])}
        if properties.get("focusable") and node["role"]["value"] != "RootWebArea":
            reached.append((node["role"]["value"], node.get("name", {}).get("value", "")))
    assert len(reached) > 40
    assert all(name.strip() for _, name in reached), reached


def test_printed_it_has_every_step_and_no_controls(walk, browser):
    page = walk()
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert page.js("return getComputedStyle(document.querySelector('.ledger')).display") == (
            "none"
        )
        assert all(
            page.js("return [...document.querySelectorAll('.step')].map(s => !!s.offsetParent)")
        )
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_in_a_notebooks_frame_it_moves_nothing_around_it(quiet, tmp_path):
    shown = attnviz.html(hat())
    path = tmp_path / "notebook.html"
    path.write_text(
        f"<!doctype html><meta charset=utf-8><div style='height:300px'></div>{shown}"
        "<div style='height:3000px'></div>",
        encoding="utf-8",
    )
    quiet.get(path.as_uri())
    quiet.switch_to.frame(quiet.find_elements("css selector", "iframe")[0])
    page = Page(quiet, path).settled()
    page.click(".ledger li:nth-child(6) a")
    at(page, "step-5")
    quiet.switch_to.default_content()
    assert page.js("return scrollY") == 0
