"""The four views, and the choices of what they show."""

from dataclasses import replace

import numpy as np
import pytest

from attnviz.analysis.paths import reweighted
from attnviz.render.sentences import hidden_note
from attnviz.result import AttentionMap, Head
from tests.support.browser import wait_for
from tests.support.results import encoder, translator

VIEWS = {"Heads": ".tile", "Matrix": "[role=application]", "Lines": ".token", "Ask": ".word"}


def labels(page, selector):
    return page.js(
        "return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)", selector
    )


def test_many_heads_open_as_the_grid_of_heads_and_a_single_one_as_its_matrix(show):
    result = encoder()
    assert show(result).find("[aria-selected=true]").text == "Heads"
    single = encoder(layers=1, heads=1)
    assert show(single).find("[aria-selected=true]").text == "Matrix"


@pytest.mark.parametrize(("name", "mark"), VIEWS.items())
def test_a_click_on_its_name_shows_a_view(show, name, mark):
    page = show(encoder()).click("[role=tab]", name)
    assert page.find("[aria-selected=true]").text == name
    assert page.address["view"] == name.lower()
    for other, selector in VIEWS.items():
        assert bool(page.all(f"#view {selector}")) == (other == name)


def test_the_grid_has_every_head_and_a_click_opens_one(show):
    page = show(encoder(layers=2, heads=3))
    names = [tile.get_attribute("aria-label") for tile in page.all(".tile")]
    assert [name.split(",")[0] for name in names] == [
        f"Head {layer}.{head}" for layer in range(2) for head in range(3)
    ]
    page.all(".tile")[4].click()
    assert page.settled().text("#caption") == "Head 1.1"


def test_paths_are_named_by_the_layer_they_lead_to(show):
    page = show(reweighted(encoder(layers=3, heads=2), "rollout"), address="#view=heads")
    names = [tile.get_attribute("aria-label") for tile in page.all(".tile")]
    assert [name.split(",")[0] for name in names] == [
        f"Rollout up to layer {layer}" for layer in range(3)
    ]
    page.all(".tile")[1].click()
    assert page.settled().text("#caption") == "Rollout up to layer 1"
    assert page.click("#heads button", "All layers").text("#chosen") == "Rollout, mean of 3 layers"
    assert "Head" not in page.text("#chosen") and "head" not in page.text("header")


def test_a_tile_says_the_strongest_weight_of_its_head(show):
    result = encoder("he took a hat and liked it")
    weights = result.maps["encoder"].head(Head(1, 2))
    query, key = np.unravel_index(weights.argmax(), weights.shape)
    said = show(result).all(".tile")[5].get_attribute("aria-label")
    link = f"{result.tokens[query].text} → {result.tokens[key].text}"
    assert said.startswith(f"Head 1.2, strongest weight {link} {weights[query, key]:.3f}")


def test_heads_can_be_chosen_one_some_a_layer_a_column_or_all(show):
    page = show(encoder(layers=2, heads=3), address="#view=matrix&heads=0.1")
    assert page.text("#chosen") == "Head 0.1"
    assert page.click("#heads button", "Head 1.2").text("#chosen") == "Head 1.2"
    page.js("""document.querySelector('[data-key="pick0.0"]')
        .dispatchEvent(new MouseEvent('click', {shiftKey: true, bubbles: true}))""")
    assert page.settled().text("#chosen") == "Mean of 2 heads: 0.0, 1.2"
    page.click("#heads button", "Layer 1, mean of its heads")
    assert page.text("#chosen") == "Layer 1, mean of 3 heads"
    page.click("#heads button", "Head 2 of every layer")
    assert page.text("#chosen") == "Head 2, mean over 2 layers"
    assert page.click("#heads button", "All heads").text("#chosen") == "Mean of all 6 heads"


def test_a_mean_of_the_only_layer_says_which_one_it_is(show):
    result = encoder(layers=3, heads=2)
    part = replace(result, maps={"encoder": result.maps["encoder"].select(layers=[2])})
    assert show(part, address="#view=matrix&heads=*").text("#chosen") == "Layer 2, mean of 2 heads"


def test_cross_attention_comes_first_and_has_the_target_down_and_the_source_across(show):
    page = show(translator(), address="#view=lines&by=tokens")
    looked_at, looks = page.all(".tokens")
    names = [g.get_attribute("aria-label") for g in looks.find_elements("css selector", ".token")]
    assert names == ["<pad>", "der", "alte", "Boots", "mann", "schläft", "gut", "</s>"]
    names = [
        g.get_attribute("aria-label") for g in looked_at.find_elements("css selector", ".token")
    ]
    assert names == ["the", "old", "boat", "man", "sleeps", "</s>"]


@pytest.mark.parametrize(("kind", "first"), [("encoder", "the"), ("decoder", "<pad>")])
def test_each_map_of_a_translator_can_be_chosen(show, kind, first):
    page = show(translator(), address="#view=lines")
    page.js("document.querySelector(`[name=map][value=${arguments[0]}]`).click()", kind)
    page.settled()
    assert page.address["map"] == kind
    assert page.find(".token").get_attribute("aria-label") == first


def test_words_join_their_tokens(show):
    page = show(encoder("the ship ##wright left"), address="#view=ask")
    assert labels(page, ".word") == ["[CLS]", "the", "shipwright", "left", "[SEP]"]
    page.js("document.querySelector('[name=by][value=tokens]').click()")
    assert labels(page.settled(), ".word") == ["[CLS]", "the", "ship", "wright", "left", "[SEP]"]


@pytest.mark.parametrize("view", ["matrix", "heads"])
def test_what_sinks_take_is_told(show, view):
    plain = encoder(layers=1, heads=2)
    shares = np.array([0.25, 0.75], np.float32)[None, :, None, None]
    map = AttentionMap(plain.maps["encoder"].weights * (1 - shares))
    model = replace(plain.model, model_type="gpt_oss")
    result = replace(plain, maps={"encoder": map}, model=model)
    page = show(result, address=f"#view={view}&heads=0.1")
    share = {"matrix": 0.75, "heads": 0.5}[view]
    wait_for(lambda: hidden_note(share, sinks=True) in page.text("#notes"), "the note of sinks")


def test_hidden_special_tokens_leave_and_their_weight_is_told(show):
    result = encoder()
    page = show(result, address="#view=matrix&heads=0.0")
    page.click("#special")
    rows = result.maps["encoder"].head(Head(0, 0))[1:-1]
    merged = np.array([rows[0], rows[1:3].mean(0), rows[3:5].mean(0), rows[5]])
    share = merged[:, [0, -1]].sum(axis=1).mean()
    assert hidden_note(float(share)) in page.text("#notes")
    assert "[CLS]" not in page.text("#view svg")


def test_what_the_threshold_takes_away_is_told(show):
    result = encoder(layers=1, heads=1)
    page = show(result, address="#view=matrix&by=tokens&min=0.09")
    weights = result.maps["encoder"].weights
    share = weights[weights < 0.09].sum() / weights.sum()
    assert f"Weights under 0.09 are not drawn: {share:.0%} of the weight shown" in page.text(
        "#notes"
    )
    drawn = page.js("return document.querySelectorAll('#view svg > g:first-of-type rect').length")
    assert drawn == (weights >= 0.09).sum() + 1  # and the frame


def test_several_results_share_a_page(show):
    page = show(
        encoder("one thing here"), translator(), title="Both", address="#view=ask&by=tokens"
    )
    assert page.text("#title") == "Both"
    assert "thing" in page.text("#view")
    page.js("""const s = document.getElementById('input'); s.value = 2;
        s.dispatchEvent(new Event('change'))""")
    page.settled()
    assert "boat" in page.text("#view")
    assert page.address["input"] == "2"


@pytest.mark.parametrize(("view", "layers"), [("matrix", 1), ("heads", 3)])
def test_the_scale_to_the_largest_weight_ends_at_the_largest_weight(show, view, layers):
    result = encoder(layers=layers, heads=layers)
    page = show(result, address=f"#view={view}&by=tokens&scale=fit")
    *ticks, name = labels(page, ".legend text")
    assert name == "linear"
    assert float(ticks[-1]) == pytest.approx(result.maps["encoder"].weights.max(), rel=0.05)


def test_a_long_text_is_drawn_as_pixels_and_a_zoom_makes_cells_larger(show):
    page = show(encoder(" ".join(["word"] * 150), layers=1, heads=1), address="#view=matrix")
    width = "return document.querySelector('#view image').getBoundingClientRect().width"
    before = page.js(width)
    assert "One label in 2 is written" in page.text("#notes")
    page.click("#zoom-in")
    assert page.js(width) == pytest.approx(2 * before, rel=0.05)


def test_lines_that_are_too_many_leave_the_strongest_and_say_so(show):
    result = encoder(" ".join(f"w{i}" for i in range(68)), layers=1, heads=1)
    page = show(result, address="#view=lines")
    assert page.js("return document.querySelectorAll('#view path').length") == 3000
    assert "Of 4,900 lines the 3,000 strongest are drawn" in page.text("#notes")
    page.hover(page.find(".token", "w0"))
    assert page.js("return document.querySelectorAll('#view path').length") == 70


def test_no_line_is_drawn_under_the_threshold(show):
    result = encoder(layers=1, heads=1)
    page = show(result, address="#view=lines&by=tokens&min=0.2")
    strong = int((result.maps["encoder"].weights >= 0.2).sum())
    assert page.js("return document.querySelectorAll('#view path').length") == strong
    page.open("#view=lines&by=tokens&min=1")
    assert page.all("#view path") == []


def test_the_ends_of_the_scale_can_be_chosen(show):
    page = show(encoder(), address="#view=matrix&by=tokens&vmin=0.1&vmax=0.5")
    *ticks, name = labels(page, ".legend text")
    assert (ticks[0], ticks[-1], name) == ("0.1", "0.5", "square root")
    page.js("""const end = document.getElementById('vmax'); end.value = '0.25';
        end.dispatchEvent(new Event('change'))""")
    assert labels(page.settled(), ".legend text")[-2] == "0.25"
    assert page.address["vmax"] == "0.25"
    assert "above 0.25 have the last colour, those below 0.1 the first." in page.text("#notes")


def test_the_source_of_a_translation_stands_left_and_what_looks_at_it_right(show):
    page = show(translator(), address="#view=lines&map=cross&by=tokens&heads=1.0")
    drawn = "[...document.querySelectorAll('.tokens')].map((c) => [c.getAttribute('aria-label'),"
    sides = page.js(f"return {drawn} c.getBoundingClientRect().left])")
    (left, x1), (right, x2) = sides
    assert (left, right) == ("Tokens that are looked at", "Tokens that look") and x1 < x2
    shown = page.text("#view")
    assert "source, is looked at" in shown and "target, looks" in shown
