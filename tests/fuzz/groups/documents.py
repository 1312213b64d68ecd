"""Documents of other programs, as JSON and NPZ, and the pages that are made of them."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from attnviz.document import read, write_csv, write_json, write_npz
from attnviz.errors import AttnvizError
from attnviz.render.page import write_page
from attnviz.result import AttentionResult
from tests.fuzz.judge import Case, by_library, by_program
from tests.fuzz.values import TEXTS, broken_bytes, broken_json, changed
from tests.support.results import encoder, translator

__all__ = ["Documents", "InChromium", "Pages", "encodable"]


WAYS = (
    ["--heads", "all"], ["--ask", "ship"], ["--mean", "--tokens"], ["--json"], ["--no-special"],
    ["-o", "x.html"], ["-o", "x.csv"], ["--head", "0.1"], ["--map", "cross"], [],
)  # fmt: skip
ADDRESSES = ("", "#view=wall", "#view=ask&word=ship", "#view=lines", "#heads=9.9")
PATIENCE = 60  # seconds, for the machine may be busy
DRAWN = (
    "return document.documentElement.dataset.stage === 'complete' ||"
    " ![...document.scripts].some((one) => !one.type || one.type === 'module')"
)


def encodable(some: str) -> str:
    """A text without halves of characters."""
    return some.encode("utf-8", "replace").decode()


def written(write: Callable[[AttentionResult, io.BytesIO], None], result: AttentionResult) -> bytes:
    """What a writer makes of a result."""
    stream = io.BytesIO()
    write(result, stream)
    return stream.getvalue()


def shows(data: bytes, kind: int) -> None:
    """Read a document, and write some of what it holds in every form that there is."""
    for result in read(data)[:3]:
        writers = (write_json, write_npz, write_csv, write_page)
        writers[kind % 4](result, io.BytesIO())


class Documents:
    """What ``render`` is given."""

    def __init__(self, place: Path) -> None:
        self.place = place
        results = [encoder("the ship ##wright", layers=1, heads=2), translator()]
        self.json = [json.loads(written(write_json, result)) for result in results]
        for result in results:
            strings: dict[str, Any] = json.loads(written(write_json, result))
            strings["tokens"] = [token["text"] for token in strings["tokens"]]
            self.json.append(strings)
        self.npz = [written(write_npz, result) for result in results]

    def case(self, random: Random) -> Case:
        """A document with a few values changed or bytes damaged, read alone or by the program."""
        if random.random() < 0.75:
            data = broken_json(random, random.choice(self.json))
        else:
            data = broken_bytes(random, random.choice(self.npz))
        if random.random() < 0.85:
            kind = random.randrange(4)
            return by_library(lambda: shows(data, kind))
        some = random.choice(WAYS)
        return by_program("render", "-", *some, stdin=data)


class InChromium:
    """Pages in Chromium: nothing runs, nothing is asked of any network, nothing is complained."""

    def __init__(self, place: Path) -> None:
        from tests.support.browser import chromium

        self.page = place / "page.html"
        self._context = chromium()
        self.browser = self._context.__enter__()

    def _look(self, address: str) -> str | None:
        from urllib.parse import quote

        from tests.browser.conftest import requests

        browser = self.browser
        browser.get("about:blank")
        requests(browser)
        browser.get_log("browser")
        browser.get(self.page.as_uri() + quote(address, safe="#=&"))
        drawn = self._drawn()
        hit = browser.execute_script("return window.hit || document.title === 'hit'")
        shown = browser.execute_script("return document.body.innerText.length")
        complaints = browser.get_log("browser")
        asked = [url for url in requests(browser)
                 if not url.startswith(("file:", "data:", "blob:", "about:"))]  # fmt: skip
        if hit or complaints or asked or not shown or not drawn:
            return f"in Chromium: {hit=} {asked=} {shown=} {drawn=} {str(complaints)[:300]}"
        return None

    def _drawn(self) -> bool:
        """Wait until the page says that all is drawn, as one with a script does."""
        until = time.monotonic() + PATIENCE
        while not self.browser.execute_script(DRAWN):
            if time.monotonic() > until:
                return False
            time.sleep(0.02)
        return True


class Pages(InChromium):
    """Pages of documents."""

    def __init__(self, place: Path) -> None:
        super().__init__(place)
        self.json = Documents(place).json

    def case(self, random: Random) -> Case:
        """A page of a valid document full of hostile texts, opened at a view that chance picks."""
        result = self._result(random)
        address = random.choice((*ADDRESSES, "#" + encodable(random.choice(TEXTS)[:200])))
        title = encodable(random.choice(TEXTS))

        def write() -> None:
            with self.page.open("wb") as stream:
                write_page(result, stream, title=title)

        return by_library(write, check=lambda: self._look(address))

    def _result(self, random: Random) -> AttentionResult:
        """A result with texts that would act if they could."""
        while True:
            document = json.loads(json.dumps(random.choice(self.json)))
            for token in document["tokens"]:
                if isinstance(token, dict) and random.random() < 0.6:
                    token["text"] = random.choice(TEXTS)[:2000]
                    for name in ("start", "end"):
                        token.pop(name, None)
            document["model"] = {"name": random.choice(TEXTS)[:2000]}
            if random.random() < 0.4:
                document = changed(random, document, 1)
            try:
                return read(json.dumps(document).encode("utf-8", "surrogatepass"))[0]
            except (AttnvizError, ValueError):
                continue
