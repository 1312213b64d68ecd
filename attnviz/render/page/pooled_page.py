"""A long text's heads in blocks of tokens as one HTML file, some blocks at full resolution."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html import escape
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from attnviz.analysis.closeups import Closeup, PooledResult
from attnviz.analysis.view import longer_than_trained
from attnviz.errors import TooBig
from attnviz.render.colour import palettes_text
from attnviz.render.page import asset, digest, script
from attnviz.render.page.weights import packed_text
from attnviz.render.safe import token_label, visible
from attnviz.render.sentences import WEIGHTINGS, block_notes, longer_notes
from attnviz.result import Head

MOST_BYTES = 12_000_000
LONGEST = 60  # characters of a token that a caption shows
DROPPED = 3  # bits of a half's mantissa that no caption shows: two digits are right without

ROOM = 10_000  # bytes of what stands around the data
GROUNDS = ("light", "dark")
PLACES = re.compile(r"\{\{\w+\}\}|<!-- style -->")
SCRIPTS = ("dom.js", "weights.js", "pooled.js")
ZOOMABLE = (
    "Click a pixel, or move with the arrow keys, to see the weights around it token by token. "
    "{n:,} pixels with most weight were kept at full resolution, framed in the close-up; the "
    "others show the mean of their block."
)


def write_pooled_page(
    result: PooledResult, stream: BinaryIO, *, title: str, palette: str | None = None
) -> None:
    """Write pictures of all heads of a pooled result, and as many close-ups as fit 12 MB.

    Raises TooBig where the pictures alone would be more.
    """
    [map] = result.maps.values()
    heads = map.all_heads()
    pictures = [packed_text(half_planes(map.head(head))) for head in heads]
    style, code = asset("page.css") + asset("pooled.css"), script(SCRIPTS)
    contents = _contents(result, heads, palette)
    sizes = sum(len(part) + 1 for part in (*pictures, _json(contents), style, code))
    kept = dict(result.closeups)
    share = (MOST_BYTES - ROOM - sizes) // max(1, len(kept))
    if share < 0:
        raise TooBig(
            f"a page of {len(heads)} such pictures is over {MOST_BYTES / 1e6:.0f} MB; name fewer "
            "heads with --head, or take fewer blocks with --pooled"
        )
    lines = [_fitting(kept.get(head, ()), share) for head in heads]
    contents["closeups"] = [places for places, _ in lines]
    n_kept = sum(len(places) for places, _ in lines)
    head, foot = _frame(result, title, style, code, n_kept).split("<!-- data -->")
    stream.write(head.encode())
    stream.write(b'<script type="application/json" id="contents">' + _json(contents))
    stream.write(b"</script>\n" + _lines("pictures", pictures))
    stream.write(_lines("closeups", [line for _, line in lines]))
    stream.write(foot.replace("<!-- script -->", f"<script>{code}</script>").encode())


def _contents(result: PooledResult, heads: Sequence[Head], palette: str | None) -> dict[str, Any]:
    """What the page needs to know but the weights, ready for JSON."""
    tables = json.loads(palettes_text())["tables"]
    return {
        "heads": [str(head) for head in heads],
        "starts": [int(start) for start in result.starts],
        "tokens": [token_label(token, LONGEST) for token in result.whole],
        "palettes": {ground: tables[f"{palette or 'ink'} {ground}"] for ground in GROUNDS},
    }


def _frame(result: PooledResult, title: str, style: str, code: str, n_kept: int) -> str:
    """The file but its data and its code, and with its style."""
    longer = longer_notes(longer_than_trained(result))
    notes = [WEIGHTINGS["pooled"], *block_notes(result), *longer, ZOOMABLE.format(n=n_kept)]
    filled = {
        "{{title}}": escape(visible(title)),
        "{{about}}": escape(visible(result.model.name)),
        "{{notes}}": "".join(f"<li>{escape(note)}</li>" for note in notes),
        "{{script}}": digest(code),
        "{{style}}": digest(style),
        "<!-- style -->": f"<style>{style}</style>",
    }
    return PLACES.sub(lambda found: filled[found[0]], asset("pooled.html"))


def half_planes(weights: npt.NDArray[np.floating[Any]]) -> bytes:
    """Weights of 0 and more as halves of two digits: high bytes, then low ones."""
    bits = weights.astype(np.float16).ravel().view(np.uint16)
    rounded = (bits + (1 << DROPPED - 1)) >> DROPPED << DROPPED
    return (rounded >> 8).astype(np.uint8).tobytes() + rounded.astype(np.uint8).tobytes()


def _fitting(closeups: Sequence[Closeup], room: int) -> tuple[list[tuple[int, int]], bytes]:
    """As many close-ups as fit: their places, and all their weights as one line."""
    n = len(closeups)
    while n:
        some = np.concatenate([one.weights.ravel() for one in closeups[:n]])
        line = packed_text(half_planes(some))
        size = len(line) + 12 * n
        if size <= room:
            return [(one.query, one.key) for one in closeups[:n]], line
        n = min(n - 1, int(n * room / size))
    return [], b""


def _json(contents: object) -> bytes:
    """JSON that no text in it can end; everything outside ASCII is escaped by json itself."""
    return json.dumps(contents, separators=(",", ":")).replace("<", "\\u003c").encode()


def _lines(name: str, lines: Sequence[bytes]) -> bytes:
    return f'<script type="text/plain" id="{name}">'.encode() + b"\n".join(lines) + b"</script>\n"
