"""The page as a file: self-contained, closed to the network, deaf to hostile text, compact."""

import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from importlib.resources import files
from io import BytesIO

import numpy as np
import pytest

from attnviz.render import page
from attnviz.render.page import Opening, fragment, pooled_page, walk_page, write_page
from attnviz.result import AttentionMap, AttentionResult, ModelInfo, Token
from tests.support.results import attention, encoder, noise, translator

HOSTILE = [
    "</script><img src=x onerror=alert(1)>",
    "<!--",
    "]]>",
    "a\u2028b",
    "\u202e",
    "\ud800",
    "{{",
]


class Elements(HTMLParser):
    """The elements of a page with their attributes, and the text of its scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.cdata_elem:
            self.texts.append((self.cdata_elem, data))

    def named(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


def page_of(*results, **options) -> str:
    stream = BytesIO()
    write_page(results[0] if len(results) == 1 else results, stream, **options)
    return stream.getvalue().decode()


def contents(text: str) -> dict:
    return json.loads(re.search(r'id="contents">(.*?)</script>', text).group(1))


def hostile_result() -> AttentionResult:
    tokens = tuple(Token(text) for text in HOSTILE)
    n = len(tokens)
    maps = {"encoder": AttentionMap(attention((1, 1, n, n)))}
    model = ModelInfo("</title><script>alert(1)</script>", "<b>")
    return AttentionResult(tokens, maps, texts=("<!-- <script>",), model=model)


def test_nothing_in_the_page_names_another_place():
    text = page_of(encoder())
    elements = Elements(text)
    places = [a[name] for _, a in elements.found for name in ("src", "href", "action") if name in a]
    assert all(place.startswith("data:") for place in places)
    assert set(re.findall(r"https?://[^\s'\"]*", text)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"@import|\bfetch\(|XMLHttpRequest|WebSocket|sendBeacon", text)


def test_the_policy_allows_one_script_one_style_and_no_network():
    elements = Elements(page_of(encoder()))
    policy = next(m["content"] for m in elements.named("meta") if "http-equiv" in m)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    digest = {
        tag: f"'sha256-{b64encode(sha256(body.encode()).digest()).decode()}'"
        for tag, body in elements.texts
        if tag in ("script", "style")
    }
    assert rules.pop("script-src") == digest["script"]  # of the last script, the only active one
    assert rules.pop("style-src") == digest["style"]
    assert rules == {
        "default-src": "'none'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_all_scripts_but_one_are_data():
    kinds = [script.get("type") for script in Elements(page_of(translator())).named("script")]
    assert kinds == ["application/json", *["text/plain"] * 3, None]


def test_hostile_text_ends_no_element_and_adds_none():
    tame = replace(hostile_result(), tokens=tuple(Token("x") for _ in HOSTILE))
    hostile = Elements(page_of(hostile_result(), title="</title><img src=x>"))
    assert [tag for tag, _ in hostile.found] == [tag for tag, _ in Elements(page_of(tame)).found]


def test_hostile_text_is_all_there():
    labels = [token[2] for token in contents(page_of(hostile_result()))["inputs"][0]["source"]]
    assert labels == [*HOSTILE[:3], "a\\u2028b", "\\u202e", "\\ud800", "{{"]


def test_the_text_is_the_title_unless_one_is_given():
    result = encoder("He took the hat")
    assert "<title>He took the hat</title>" in page_of(result)
    pair = replace(result, texts=("He took  it.", "So?"))
    assert "<title>He took it. / So?</title>" in page_of(pair)
    assert "<title>A &lt;hat&gt;</title>" in page_of(result, title="A <hat>")


def test_what_the_page_opens_with_is_what_was_asked():
    opening = Opening(view="ask", heads="1.2", word="it:2", special="hide")
    text_cell = contents(page_of(encoder(), opening=opening))["opening"]
    assert text_cell == {"view": "ask", "heads": "1.2", "word": "it:2", "special": "hide"}


def test_what_must_be_said_with_every_picture_is_in_the_page():
    always = contents(page_of(translator(), notes=["Read in \u202ehead 1.0."]))["said"]["always"]
    assert always == ["Read in \\u202ehead 1.0."]
    assert contents(page_of(translator()))["said"]["always"] == []


def test_a_selection_keeps_its_true_indices():
    result = encoder()
    part = result.maps["encoder"].select(layers=[1], heads=[2], queries=[3, 1])
    text_cell = contents(page_of(replace(result, maps={"encoder": part})))["inputs"][0]["maps"][
        "encoder"
    ]
    assert (text_cell["layers"], text_cell["heads"], text_cell["queries"]) == ([1], [2], [3, 1])


def test_the_same_results_give_the_same_bytes():
    assert page_of(encoder(), translator()) == page_of(encoder(), translator())


def test_every_script_in_the_assets_is_part_of_a_page():
    folder = files("attnviz.render") / "assets" / "page"
    scripts = {file.name for file in folder.iterdir() if file.name.endswith("js")}
    assert {*page.SCRIPTS, *walk_page.SCRIPTS, *pooled_page.SCRIPTS} == scripts


@pytest.mark.parametrize(
    "weights",
    [attention((12, 12, 64, 64)), np.broadcast_to(noise(64), (12, 12, 64, 64))],
    ids=["structured", "noise"],
)
def test_144_heads_of_64_tokens_take_less_than_700_kilobytes(weights):
    tokens = tuple(Token(f"token{i}", word=i) for i in range(64))
    assert len(page_of(AttentionResult(tokens, {"encoder": AttentionMap(weights)}))) < 700_000


def test_144_heads_of_512_tokens_take_less_than_12_megabytes_even_if_they_are_noise():
    tokens = tuple(Token(f"token{i}", word=i) for i in range(512))
    weights = np.broadcast_to(noise(512, 3), (48, 3, 512, 512))
    assert len(page_of(AttentionResult(tokens, {"encoder": AttentionMap(weights)}))) < 12_000_000


def test_a_fragment_is_one_frame_that_may_run_scripts_and_nothing_else():
    elements = Elements(fragment(encoder()))
    [(around, _), (tag, frame)] = elements.found
    assert around == "div"
    assert tag == "iframe"
    assert frame["sandbox"] == "allow-scripts allow-downloads"
    assert frame["srcdoc"] == page_of(encoder())


def test_a_fragment_opens_at_one_kind_of_map():
    frame = Elements(fragment(translator(), kind="decoder")).named("iframe")[0]
    assert contents(frame["srcdoc"])["opening"] == {"map": "decoder"}


def test_a_lone_map_is_shown_with_the_tokens_of_its_axes():
    result = translator()
    axes = (result.target_tokens, result.tokens)
    shown = fragment(result.maps["cross"], kind="cross", axes=axes)
    text_cell = contents(unescape(shown))["inputs"][0]
    assert [token[2] for token in text_cell["source"]] == [token.text for token in result.tokens]
    assert [token[2] for token in text_cell["target"]] == [
        token.text for token in result.target_tokens
    ]
    assert list(text_cell["maps"]) == ["cross"]


def test_a_lone_map_without_tokens_is_shown_by_numbers():
    part = encoder().maps["encoder"].select(keys=[0, 4])
    text_cell = contents(unescape(fragment(part)))["inputs"][0]
    assert [token[2] for token in text_cell["source"]] == ["0", "1", "2", "3", "4"]
    assert text_cell["maps"]["cross"]["keys"] == [0, 4]
