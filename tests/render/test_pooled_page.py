"""The page of a long text: one file, closed to the network, bounded, deaf to hostile text."""

from __future__ import annotations

import io
import json
import re

import numpy as np
import pytest

from attnviz import Token
from attnviz.analysis.closeups import PooledResult
from attnviz.errors import TooBig
from attnviz.render.page import pooled_page
from attnviz.render.page.pooled_page import half_planes, write_pooled_page
from tests.support.pooled import pooled_result

N = 60


def made(room: int = 40, tokens: tuple[Token, ...] = ()) -> PooledResult:
    weights = np.random.default_rng(1).random((2, N, N), np.float32)
    weights /= weights.sum(axis=-1, keepdims=True)
    return pooled_result(weights, 6, room=room, tokens=tokens)


def written(result: PooledResult, **options: object) -> str:
    stream = io.BytesIO()
    write_pooled_page(result, stream, title="A text", **options)  # type: ignore[arg-type]
    return stream.getvalue().decode()


def contents(page: str) -> dict:
    (found,) = re.findall(r'<script type="application/json" id="contents">(.*?)</script>', page)
    return json.loads(found)


def test_it_says_what_a_pixel_is_and_asks_no_network() -> None:
    page = written(made())
    assert "each pixel is the sum over its block of keys and the mean over its block of" in page
    assert "default-src 'none'" in page
    assert not re.search(r"https?://", page.replace("http://www.w3.org/2000/svg", ""))
    assert not re.search(r"\{\{\w+\}\}|<!-- \w+ -->", page)


def test_it_has_every_token_and_the_close_ups_that_there_are() -> None:
    found = contents(written(made(room=5)))
    assert len(found["tokens"]) == N
    assert found["heads"] == ["0.0", "0.1"]
    assert [len(places) for places in found["closeups"]] == [5, 5]


def test_close_ups_that_do_not_fit_are_left_out_and_the_page_says_how_many_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    most = len(written(made())) + pooled_page.ROOM - 8000
    monkeypatch.setattr(pooled_page, "MOST_BYTES", most)
    page = written(made())
    kept = sum(len(places) for places in contents(page)["closeups"])
    assert len(page) <= most
    assert 0 < kept < 72
    assert f"{kept} pixels with most weight" in page


def test_pictures_that_alone_are_too_many_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pooled_page, "MOST_BYTES", 1000)
    with pytest.raises(TooBig, match="name fewer heads with --head"):
        written(made())


def test_no_text_ends_its_element_or_becomes_markup() -> None:
    hostile = "</script><img src=x onerror=alert(1)>\x1b[31m‮{{title}}<!-- data -->"
    tokens = tuple(Token(hostile) for _ in range(N))
    stream = io.BytesIO()
    write_pooled_page(made(tokens=tokens), stream, title=hostile)
    page = stream.getvalue().decode()
    assert "<img" not in page
    assert "\x1b" not in page
    assert page.count("</script>") == 4
    assert "</script>" in contents(page)["tokens"][0]


def test_halves_keep_two_digits() -> None:
    weights = np.geomspace(1e-4, 1, 1000, dtype=np.float32)
    planes = np.frombuffer(half_planes(weights), np.uint8).reshape(2, -1).astype(np.uint16)
    again = (planes[0] << 8 | planes[1]).view(np.float16).astype(np.float32)
    np.testing.assert_allclose(again, weights, rtol=0.005)
