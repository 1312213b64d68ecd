"""Headless Chromium for tests: pages opened from disk, with an eye on requests and complaints."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
)
PATIENCE = 20  # seconds until something expected of a page counts as missing


def missing() -> str | None:
    """Why there is no browser to test with, or None if there is one."""
    for program in ("chromium", "chromedriver"):
        if shutil.which(program) is None:
            return f"{program} is not installed; Debian's chromium and chromium-driver have it"
    return None


@contextmanager
def chromium(width: int = 1280, height: int = 860) -> Iterator[Chrome]:
    """A browser with an empty profile of its own."""
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        service = webdriver.ChromeService(shutil.which("chromedriver"))
        driver = webdriver.Chrome(options=options, service=service)
        try:
            resize(driver, width, height)
            yield driver
        finally:
            driver.quit()


def resize(driver: Chrome, width: int, height: int) -> None:
    """Give the page a window of exactly this size."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def wait_for(condition: Any, what: str) -> Any:
    """Ask again until the condition holds, and hand on what it gave."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            pytest.fail(f"waited {PATIENCE} s in vain for {what}")
        time.sleep(0.02)


class Page:
    """A page of ours in the browser."""

    def __init__(self, driver: Chrome, path: Path) -> None:
        self.driver = driver
        self.path = path

    def open(self, address: str = "") -> Page:
        """Load the page afresh at an address such as ``#view=matrix``."""
        self.driver.get("about:blank")
        self.driver.get(self.path.as_uri() + address)
        return self.settled()

    def settled(self) -> Page:
        """Wait until everything is drawn for the latest state."""
        stage = "return document.documentElement.dataset.stage"
        wait_for(lambda: self.js(stage) == "complete", "the page to be drawn")
        return self

    def js(self, script: str, *arguments: object) -> Any:
        """Run a script in the page."""
        return self.driver.execute_script(script, *arguments)

    def find(self, selector: str, text: str | None = None) -> Any:
        """The first visible element, or the first with this text."""
        for element in self.all(selector):
            if (
                text is None
                or element.text.strip() == text
                or element.get_attribute("aria-label") == text
            ):
                return element
        raise AssertionError(f"no {selector} {text or ''} in the page")

    def all(self, selector: str) -> list[Any]:
        """All elements of a selector."""
        return list(self.driver.find_elements("css selector", selector))

    def text(self, selector: str) -> str:
        """The text of an element, also of a hidden one."""
        return str(self.js("return document.querySelector(arguments[0]).textContent", selector))

    def click(self, selector: str, text: str | None = None) -> Page:
        """Click an element and wait for what follows."""
        self.find(selector, text).click()
        return self.settled()

    def press(self, *keys: str) -> Page:
        """Press keys one after the other wherever the focus is."""
        from selenium.webdriver import ActionChains

        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()
        return self.settled()

    def hover(self, element: Any, right: int = 0, down: int = 0) -> Page:
        """Move the mouse over an element, so far from its middle."""
        from selenium.webdriver import ActionChains

        ActionChains(self.driver).move_to_element_with_offset(element, right, down).perform()
        return self

    @property
    def address(self) -> dict[str, str]:
        """The state in the page's address."""
        return dict(
            self.js("return Object.fromEntries(new URLSearchParams(location.hash.slice(1)))")
        )

    @property
    def tip(self) -> list[str]:
        """The lines beside what is pointed at; none while nothing is."""
        texts = self.js(
            "const tip = document.getElementById('tip');"
            "return tip.hidden ? [] : [...tip.children].map((line) => line.textContent)"
        )
        return [unmarked(text) for text in texts]


def unmarked(text: str) -> str:
    """Text without the marks that isolate the direction of a word."""
    return text.replace("\u2068", "").replace("\u2069", "")
