"""In a notebook that was run for real and exported: the page itself, in frames that stand alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.browser import Page, wait_for
from tests.support.results import encoder

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbconvert")
pytest.importorskip("ipykernel")

ROOT = Path(__file__).resolve().parents[2]
CELLS = [
    """
from tests.support.results import encoder, translator

result = translator()
""",
    "encoder('he took a hat')",
    "result",
    "result.maps['cross']",
    "result.figure(head='1.1', size=(3, 3))",
    "%matplotlib inline\nresult.figure(head='1.1', size=(3, 3))",
    "result.figure(ask='gut', size=(5, 3))",
]
STAGE = "return document.documentElement.dataset.stage"


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A notebook, run and exported as HTML, with nothing of its own to fetch."""
    folder = tmp_path_factory.mktemp("notebook")
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "shown.ipynb")
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--execute"]
    command += ["--HTMLExporter.mathjax_url=", "--HTMLExporter.require_js_url="]
    command += ["--HTMLExporter.mermaid_js_url=", "--HTMLExporter.jquery_url="]
    command += [f"--ExecutePreprocessor.cwd={ROOT}", str(folder / "shown.ipynb")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "shown.html"


@pytest.fixture
def frames(browser, exported) -> Page:
    browser.get(exported.as_uri())
    return Page(browser, exported)


def inside(page: Page, number: int) -> Page:
    """Go into a frame and wait until it has drawn."""
    page.driver.switch_to.default_content()
    page.driver.switch_to.frame(page.all("iframe")[number])
    wait_for(lambda: page.js(STAGE) == "complete", "the frame to be drawn")
    return page


def test_each_output_draws_itself(frames):
    assert len(frames.all("iframe")) == 3
    assert inside(frames, 0).find("[aria-selected=true]").text == "Heads"
    assert "small" in frames.text("#model")
    assert len(inside(frames, 1).all(".tile")) == 4
    assert frames.js("return document.querySelector('[name=map]:checked').value") == "cross"
    assert inside(frames, 2).text("#model") == "2 layers × 2 heads · 8 × 6 tokens"


def test_a_figure_is_there_once_whether_matplotlib_shows_figures_or_not(frames):
    assert frames.js("return [...document.images].map((i) => i.width)") == [288, 288, 480]
    assert frames.js("return [...document.images].every((i) => i.naturalWidth > 2 * i.width)")
    assert "Figure size" not in frames.js("return document.body.innerText")


def test_frames_do_not_touch_each_other_or_the_notebook(frames):
    inside(frames, 0).click("#tab-ask")
    assert "hat" in frames.text("#view")
    assert inside(frames, 1).find("[aria-selected=true]").text == "Heads"
    frames.driver.switch_to.default_content()
    assert frames.js("return location.hash") == ""
    assert frames.js("return document.getElementById('view')") is None


def test_a_frame_has_no_access_to_the_notebook(frames):
    inside(frames, 0)
    reach = "try { return parent.document.title } catch (error) { return error.name }"
    assert frames.js(reach) == "SecurityError"


def test_a_frame_fits_the_width_it_is_given(frames):
    width = "return document.querySelector('iframe').getBoundingClientRect()"
    assert frames.js(width)["width"] > 700
    inside(frames, 0)
    assert frames.js("return document.documentElement.scrollWidth - innerWidth") <= 0


# What a page sees while a notebook hides it: no width, until something is drawn.
HIDDEN = """
const hidden = () => !document.querySelector("#view svg");
for (const [of, name] of [[window, "innerWidth"], [Element.prototype, "clientWidth"]]) {
  const { get } = Object.getOwnPropertyDescriptor(of, name);
  Object.defineProperty(of, name, { get() { return hidden() ? 0 : get.call(this); } });
}
"""


def test_what_was_drawn_while_a_notebook_hid_it_is_drawn_again(show, browser):
    """No event tells of a width that came back before the next frame."""
    added = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": HIDDEN})
    try:
        page = show(encoder())
        drawn = "return document.querySelector('#view svg').clientWidth"
        wait_for(lambda: page.js(drawn) > 350, "the picture to be drawn again")
    finally:
        browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)
