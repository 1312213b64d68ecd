"""A view is saved as a picture that stands by itself."""

import struct
from xml.etree import ElementTree

import pytest

from tests.support.browser import wait_for
from tests.support.results import encoder

VIEWS = ["heads", "matrix&heads=0.1", "lines&heads=0.1", "ask&heads=0.1&word=it"]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def saved(show, browser, tmp_path):
    """Open a page at an address, save it as a kind of file, and read the file."""
    folder = tmp_path / "saved"
    folder.mkdir()

    options = {"behavior": "allow", "downloadPath": str(folder)}
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", options)

    def save(address: str, kind: str, point_at: str | None = None, **result: object):
        page = show(encoder(**result), address=address)
        if point_at:
            page.hover(page.find(point_at))
        page.js("document.getElementById(`save-${arguments[0]}`).click()", kind)
        path = wait_for(lambda: whole(folder, kind), "the saved file")
        return page, path.name, path.read_bytes()

    return save


def whole(folder, kind):
    """The file of this kind once it is written; it is empty until then."""
    return next((path for path in folder.glob(f"*.{kind}") if path.stat().st_size), None)


@pytest.mark.parametrize("view", VIEWS)
def test_an_svg_is_complete_and_names_what_it_shows(saved, view):
    page, name, data = saved(f"#view={view}&special=hide&min=0.01", "svg")
    root = ElementTree.fromstring(data)
    texts = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]
    assert name.startswith(f"attention-{view.split('&')[0]}-encoder")
    assert texts[0] == f"{page.text('#caption')} · small"
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "g", "rect", "text", "path", "line", "image",
    }  # fmt: skip
    said = " ".join(texts)
    for note in page.all("#notes li"):
        assert note.text in said
    if "heads" not in view:
        assert {"the", "shipwright", "mended", "it"} <= set(texts)


@pytest.mark.parametrize("view", VIEWS)
def test_a_png_is_twice_the_size_of_the_svg(saved, view):
    _, _, png = saved(f"#view={view}", "png")
    _, _, svg = saved(f"#view={view}", "svg")
    root = ElementTree.fromstring(svg)
    assert png.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", png[16:24])
    assert (width, height) == (2 * int(root.get("width")), 2 * int(root.get("height")))


def test_a_png_is_not_blank(saved):
    _, _, data = saved("#view=matrix&heads=0.1&palette=magma", "png")
    assert len(set(data)) > 200
    assert len(data) > 10_000


def test_what_is_pointed_at_is_not_saved(saved):
    cell = "#view svg > g rect:nth-of-type(9)"
    page, _, data = saved("#view=matrix&heads=0.1", "svg", point_at=cell)
    assert page.js("return document.querySelectorAll('.passing rect').length") == 3
    assert b"stroke-opacity" not in data


def test_a_zoomed_matrix_is_saved_with_its_labels_in_place(saved):
    _, _, data = saved("#view=matrix", "svg", pieces=" ".join(["word"] * 70), layers=1, heads=1)
    groups = [g.get("transform") for g in ElementTree.fromstring(data).iter(f"{SVG}g")]
    assert groups.count(None) == len(groups)
