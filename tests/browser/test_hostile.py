"""Hostile texts are shown and do nothing; the page cannot reach the network."""

from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from attnviz.result import AttentionMap, AttentionResult, ModelInfo, Token
from tests.support.results import attention, encoder

HOSTILE = (
    "</script><img src=x onerror=alert(1)>",
    "<!--",
    "]]>",
    "a\u2028b",
    "\u202eabc\u202c",
    "\x1b[31m",
    "javascript:alert(1)",
    "${alert(1)}",
    "\ud800",
    "{{style}}",
    "<svg onload=alert(1)>",
    "",
)


@pytest.fixture
def page(show):
    tokens = tuple(Token(text) for text in HOSTILE)
    maps = {"encoder": AttentionMap(attention((2, 2, len(tokens), len(tokens))))}
    model = ModelInfo("</title><script>alert(2)</script>", "<script>alert(3)</script>")
    hostile = AttentionResult(tokens, maps, texts=("<script>alert(4)</script>",), model=model)
    return show(hostile, encoder(), title="<img src=x onerror=alert(5)>")


@pytest.mark.parametrize("view", ["heads", "matrix", "lines", "ask&at=q0"])
def test_hostile_texts_do_nothing_in_any_view(page, view):
    page.open(f"#view={view}")  # an alert would make the driver fail, a request the fixture
    assert page.js("return document.querySelectorAll('img, #view script, iframe').length") == 0
    assert page.text("#title") == "<img src=x onerror=alert(5)>"
    if view != "heads":
        assert "]]>" in page.text("#view")


def test_hostile_texts_are_all_there(page):
    page.open("#view=ask")
    shown = page.js("return [...document.querySelectorAll('.word')].map((w) => w.textContent)")
    assert shown[:3] == list(HOSTILE[:3])
    assert shown[3:6] == ["a\\u2028b", "\\u202eabc\\u202c", "\\x1b[31m"]
    assert shown[6:] == [*HOSTILE[6:8], "\\ud800", *HOSTILE[9:11], "∅"]


def test_a_saved_picture_of_hostile_texts_holds_no_markup_of_theirs(page):
    page.open("#view=matrix")
    tags = page.js("""
        const picture = document.querySelector('#view svg');
        const text = new XMLSerializer().serializeToString(picture);
        const parsed = new DOMParser().parseFromString(text, 'image/svg+xml');
        return [...new Set([...parsed.querySelectorAll('*')].map((e) => e.localName))].sort()""")
    assert tags == ["g", "rect", "svg", "text"]


def test_the_page_is_kept_from_the_network_even_by_scripts(browser, tmp_path):
    from attnviz.render.page import write_page
    from tests.support.browser import Page

    asked = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)

    server = HTTPServer(("127.0.0.1", 0), Server)
    Thread(target=server.serve_forever, daemon=True).start()
    with (tmp_path / "page.html").open("wb") as stream:
        write_page(replace(encoder(), hidden=None), stream)
    page = Page(browser, tmp_path / "page.html").open()
    found = page.js(
        """const at = arguments[0];
        const tries = [
            () => fetch(at + 'fetch'),
            ...['img', 'script'].map((tag) => () => new Promise((yes, no) => {
                const element = document.createElement(tag);
                element.onload = yes;
                element.onerror = no;
                element.src = at + tag;
                document.body.append(element);
            })),
        ];
        return Promise.allSettled(tries.map((one) => one()))
            .then((all) => all.map((one) => one.status))""",
        f"http://127.0.0.1:{server.server_port}/",
    )
    server.shutdown()
    server.server_close()
    assert found == ["rejected"] * 3
    assert asked == []
