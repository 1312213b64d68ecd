"""One browser for all tests of pages; a page that complains or asks the network fails its test."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from attnviz.render.page import Opening, write_page
from attnviz.result import AttentionResult
from tests.support.browser import Page, chromium, missing, resize

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

Show = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs the browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Chrome]:
    """Chromium, started once."""
    absent = missing()
    if absent:
        pytest.skip(absent)
    with chromium() as driver:
        yield driver


@pytest.fixture
def quiet(browser: Chrome) -> Iterator[Chrome]:
    """The browser; afterwards its console must be empty and its network unused."""
    resize(browser, 1280, 860)
    requests(browser)
    browser.get_log("browser")
    yield browser
    complaints = browser.get_log("browser")
    asked = requests(browser)
    assert not complaints, complaints
    assert all(url.startswith(("file:", "data:", "blob:", "about:")) for url in asked), asked


def requests(browser: Chrome) -> list[str]:
    """The addresses asked for since the last call."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]


@pytest.fixture
def show(quiet: Chrome, tmp_path: Path) -> Show:
    """Write results as a page, or a page's own bytes, and open it at an address."""

    def shown(*results: AttentionResult, address: str = "", **options: object) -> Page:
        path = tmp_path / "page.html"
        title = options.pop("title", None)
        with path.open("wb") as stream:
            opening = Opening(**options)  # type: ignore[arg-type]
            write_page(results, stream, title=title, opening=opening)
        return Page(quiet, path).open(address)

    return shown
