"""Light and dark, wide and narrow, and for those who do not see the screen."""

import pytest

from tests.support.browser import resize
from tests.support.results import encoder, translator

VIEWS = ["heads", "matrix&heads=0.1", "lines&heads=0.1", "ask&word=it"]
PAPER = "return getComputedStyle(document.documentElement).backgroundColor"


def preferring(browser, scheme):
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def lightness(page, script=PAPER):
    return sum(int(part) for part in page.js(script)[4:-1].split(",")[:3]) / 765


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_the_page_follows_the_systems_colours_until_one_is_chosen(show, browser, scheme, dark):
    preferring(browser, scheme)
    try:
        page = show(encoder())
        assert (lightness(page) < 0.5) == dark
        page.click("#theme")
        assert (lightness(page) < 0.5) != dark
        assert page.address["theme"] == ("light" if dark else "dark")
    finally:
        preferring(browser, "light")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_weight_has_the_colour_of_the_ground(show, theme):
    page = show(encoder(layers=1, heads=1), address=f"#view=matrix&theme={theme}")
    cell = """const cells = document.querySelectorAll('#view svg > g rect[fill^=rgb]');
        return [...cells].map((cell) => cell.getAttribute('fill'))"""
    ground = lightness(page)
    lights = [sum(map(int, fill[4:-1].split(","))) / 765 for fill in page.js(cell)]
    assert max(lights) - min(lights) > 0.3
    assert max(abs(light - ground) for light in lights) > 0.3


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("width", [360, 700, 1920])
def test_the_page_never_scrolls_sideways(show, browser, view, width):
    resize(browser, width, 800)
    page = show(translator(), encoder(" ".join(["word"] * 40) + " it"), address=f"#view={view}")
    assert page.js("return document.documentElement.scrollWidth - innerWidth") <= 0
    page.open(f"#view={view}&input=2")
    assert page.js("return document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize("view", VIEWS)
def test_whatever_can_be_reached_has_a_name_and_a_role(show, browser, view):
    page = show(translator(), encoder(), address=f"#view={view}")
    nodes = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    reached = []
    for node in nodes:
        properties = {p["name"]: p["value"].get("value") for p in node.get("properties", [])}
        if properties.get("focusable") and node["role"]["value"] != "RootWebArea":
            reached.append((node["role"]["value"], node.get("name", {}).get("value", "")))
    assert len(reached) > 10
    assert all(name.strip() for _, name in reached), reached
    assert not {"generic", "none", "GraphicsObject"} & {role for role, _ in reached}
    ids = page.js("return [...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_texts_stand_out_from_their_ground(show, theme):
    page = show(encoder(), address=f"#view=ask&theme={theme}&word=it")
    pairs = page.js("""
        const ground = (element) => {
            for (let e = element; e; e = e.parentElement) {
                const colour = getComputedStyle(e).backgroundColor;
                if (colour.startsWith('rgb(')) return colour;
            }
        };
        return [...document.querySelectorAll('h1, h2, h3, p, li span, bdi, button, label, option')]
            .filter((e) => e.offsetParent && e.textContent.trim())
            .map((e) => [e.textContent.trim(), getComputedStyle(e).color, ground(e)])""")
    weak = [pair for pair in pairs if contrast(pair[1], pair[2]) < 4.5]
    assert len(pairs) > 30
    assert not weak


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, as WCAG defines it."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in colour[4:-1].split(",")[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
