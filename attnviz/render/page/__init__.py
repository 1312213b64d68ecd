"""One self-contained HTML page of a result, and the same page inside a notebook."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from html import escape
from importlib.resources import files
from io import BytesIO
from textwrap import shorten
from typing import BinaryIO, Literal

from attnviz.analysis.claims import COREFERENCE, all_claims
from attnviz.analysis.labels import Known
from attnviz.analysis.paths import PATHS
from attnviz.analysis.view import SINKED, leaves_out_special, longer_than_trained
from attnviz.analysis.words import tokens_of_words
from attnviz.errors import TooBig
from attnviz.memory import require
from attnviz.render.claims import parts_of_claim
from attnviz.render.colour import palettes_text, scale_of
from attnviz.render.labels import first_found, labels_text
from attnviz.render.page.sentence import running
from attnviz.render.page.weights import PackedMap, pack
from attnviz.render.safe import visible
from attnviz.render.sentences import (
    BEHIND,
    BUT_ITSELF,
    HIDDEN,
    MERGED,
    PLAIN,
    PLAIN_WHO,
    RANKED,
    RANKED_WHO,
    SUNK,
    UNKNOWN,
    WEIGHTINGS,
    block_notes,
    longer_notes,
    not_to,
)
from attnviz.render.style import Colouring
from attnviz.result import AttentionMap, AttentionResult, ModelInfo, Token

SCRIPTS = (
    "dom.js",
    "weights.js",
    "units.js",
    "state.js",
    "colours.js",
    "scene.js",
    "captions.js",
    "pointing.js",
    "matrix.js",
    "apart.js",
    "strands.js",
    "lines.js",
    "ask.js",
    "answers.js",
    "measured.js",
    "specificity.js",
    "grid.js",
    "picker.js",
    "save.js",
    "controls.js",
    "page.js",
)


EXCLUSIONS = [  # between two texts, in one text, and in one of neighbours alone
    not_to(["special"]),
    not_to(["special", "itself", "neighbours"]),
    not_to(["special", "itself"]),
]
LONGEST_TITLE = 120  # characters
MOST_WEIGHTS = 250_000_000  # about a byte each; no browser takes a text of half a gigabyte
COMMENT = re.compile(r"^ *(//.*|/\*\*.*?\*/)\n", re.MULTILINE)
INDENT = re.compile(r"^ +", re.MULTILINE)

Findings = Callable[[ModelInfo], Known]
Axes = tuple[Sequence[Token], Sequence[Token]]


@dataclass(frozen=True, slots=True)
class Opening:
    """What a page shows when it opens; None leaves the choice to the page.

    ``heads`` is "3.1", "3.*" (the mean of a layer), "*.1", "*" or several with commas, of which
    ``mix`` shows the mean or each apart; ``word`` is "it" or, for its second occurrence, "it:2";
    ``who`` is a word to look for first where words are looked at, and ``at`` names it by its first
    token, ``q7`` as a query, ``k7`` as a key.
    The page's address takes the same names.
    """

    view: Literal["heads", "matrix", "lines", "ask"] | None = None
    map: str | None = None
    heads: str | None = None
    mix: Literal["mean", "apart"] | None = None
    word: str | None = None
    who: str | None = None
    at: str | None = None
    by: Literal["words", "tokens"] | None = None
    special: Literal["show", "hide"] | None = None
    min: float | None = None
    scale: str | None = None
    vmin: float | None = None
    vmax: float | None = None
    palette: str | None = None
    theme: Literal["light", "dark"] | None = None
    input: int | None = None


def write_page(
    results: AttentionResult | Sequence[AttentionResult],
    stream: BinaryIO,
    *,
    title: str | None = None,
    opening: Opening | None = None,
    findings: Findings | None = None,
    notes: Sequence[str] = (),
) -> None:
    """Write one HTML file that shows these results, by itself and without any network.

    ``findings`` gives what was found about the model that made a result, to be shown with it;
    ``notes`` are said under each picture.
    """
    shown = [results] if isinstance(results, AttentionResult) else list(results)
    _require_openable(shown)
    opens = opening or Opening()
    if opens.vmin is not None or opens.vmax is not None:  # which tells of ends that are far out
        weights = (map.weights for result in shown for map in result.maps.values())
        scale_of(Colouring(vmin=opens.vmin, vmax=opens.vmax), weights)
    for part in _page(shown, title or _title(shown), opens, findings, notes):
        stream.write(part)


def _require_openable(results: Sequence[AttentionResult]) -> None:
    """Raise TooBig where a page would hold more than a browser opens."""
    n = sum(map.weights.size for result in results for map in result.maps.values())
    if n > MOST_WEIGHTS:
        raise TooBig(
            f"a page of {n / 1e6:,.0f} million weights is more than a browser opens; "
            "choose one --layer or fewer texts, or write a .npz"
        )
    require(4 * n, "a page of so many weights", "choose one --layer or fewer texts")


def fragment(
    shown: AttentionResult | AttentionMap,
    *,
    kind: str | None = None,
    axes: Axes = ((), ()),
    height: int = 620,
    findings: Findings | None = None,
) -> str:
    """The page in a frame, for a notebook: shut off from the notebook and from other frames.

    Of a lone map ``axes`` are the tokens that its queries and keys count; without them its rows
    and columns are called by their numbers.
    """
    result = shown if isinstance(shown, AttentionResult) else _alone(shown, kind, axes)
    page = BytesIO()
    write_page(result, page, opening=Opening(map=kind), findings=findings)
    return frame(page.getvalue().decode(), "Attention", height)


def frame(page: str, title: str, height: int) -> str:
    """A page in a frame of a notebook; the title is ours.

    The frame stands in a division, for IPython warns of HTML that begins with a frame.
    """
    quoted = page.replace("&", "&amp;").replace('"', "&quot;")
    return (
        f'<div><iframe srcdoc="{quoted}" '
        f'sandbox="allow-scripts allow-downloads" title="{title}" '
        f'style="width: 100%; height: {height}px; border: 0; resize: vertical"></iframe></div>'
    )


def _alone(map: AttentionMap, kind: str | None, axes: Axes) -> AttentionResult:
    """A result of one map, which does not say whose it is."""
    queries = tuple(axes[0]) or _numbers(map.queries)
    keys = tuple(axes[1]) or _numbers(map.keys)
    if queries == keys and kind != "cross":
        return AttentionResult(queries, {kind or "encoder": map}, model=ModelInfo(""))
    return AttentionResult(keys, {"cross": map}, target_tokens=queries, model=ModelInfo(""))


def _numbers(indices: Sequence[int]) -> tuple[Token, ...]:
    return tuple(Token(str(i)) for i in range(max(indices, default=-1) + 1))


def _title(results: Sequence[AttentionResult]) -> str:
    """The first text or pair or, where there is none, the first tokens, on one line."""
    for result in results:
        pieces = running(result.tokens, result.texts)
        written = (before + shown for before, shown, _, _, special, *_ in pieces if not special)
        text = " ".join((" / ".join(filter(None, result.texts)) or "".join(written)).split())
        if text:
            return shorten(text, LONGEST_TITLE, placeholder=" …")
    return "Attention"


def _page(
    results: Sequence[AttentionResult],
    title: str,
    opening: Opening,
    findings: Findings | None,
    notes: Sequence[str],
) -> Iterator[bytes]:
    """The file in order: what is seen, how it looks, the data, what draws it."""
    style, code = asset("page.css"), script(SCRIPTS)
    head, foot = asset("page.html").split("<!-- data -->")
    yield (
        head.replace("{{script}}", digest(code))
        .replace("{{style}}", digest(style))
        .replace("<!-- style -->", f"<style>{style}</style>")
        .replace("{{title}}", escape(visible(title)))
        .encode()
    )
    packed = [{kind: pack(map) for kind, map in result.maps.items()} for result in results]
    contents = [
        _contents(*each) | _found(each[0], findings) for each in zip(results, packed, strict=True)
    ]
    chosen = {name: value for name, value in asdict(opening).items() if value is not None}
    yield _json_element(
        {
            "title": visible(title),
            "opening": chosen,
            "said": {
                "always": [visible(note) for note in notes],
                "hidden": HIDDEN,
                "sunk": SUNK,
                "merged": MERGED,
                "unknown": UNKNOWN,
                "ranked": RANKED,
                "ranked_who": RANKED_WHO,
                "plain": PLAIN,
                "plain_who": PLAIN_WHO,
                "but": BUT_ITSELF,
                "behind": BEHIND,
                "excluded": EXCLUSIONS,
            },
            "palettes": json.loads(palettes_text())["tables"],
            "inputs": contents,
        }
    )
    for number, maps in enumerate(packed):
        for place, map in enumerate(maps.values()):
            yield f'<script type="text/plain" id="weights-{number}-{place}">'.encode()
            yield b"\n".join(map.lines)
            yield b"</script>\n"
    yield foot.replace("<!-- script -->", f"<script>{code}</script>").encode()


def _contents(result: AttentionResult, packed: dict[str, PackedMap]) -> dict[str, object]:
    """Everything about a result but its weights, ready for JSON."""
    model = result.model
    return {
        "model": visible(model.name),
        "type": model.model_type and visible(model.model_type),
        "notes": [*block_notes(result), *longer_notes(longer_than_trained(result))],
        "weighting": WEIGHTINGS[result.weighting],
        "source": running(result.tokens, result.texts),
        "target": running(result.target_tokens, result.target_texts),
        "maps": {
            kind: {
                "layers": map.layers,
                "heads": map.heads,
                **({"paths": result.weighting.title()} if result.weighting in PATHS else {}),
                **({"picked": [str(head) for head in map.picked]} if map.picked else {}),
                "queries": map.queries,
                "keys": map.keys,
                "step": packed[kind].step,
                "low": packed[kind].low,
                "bits": packed[kind].bits,
                "top": float(abs(map.weights).max(initial=0)),
                **({"sinks": True} if model.model_type in SINKED else {}),
                **({"lacking": True} if leaves_out_special(result, kind) else {}),
            }
            for kind, map in result.maps.items()
        },
    }


def _found(result: AttentionResult, findings: Findings | None) -> dict[str, object]:
    """What was found about the model's heads, and what its lenses say of the words.

    Each claim has the first token of its word, its sentence, and whether it is about a pronoun.
    """
    if findings is None or not result.maps or result.weighting in PATHS:
        return {}
    known, units = findings(result.model), tokens_of_words(result.tokens)
    first = next(iter(result.maps))
    shown = set(result.maps[first].all_heads())
    claims = [
        (units[one.position][0], parts_of_claim(one), one.relation == COREFERENCE)
        for one in all_claims(result, known)
    ]
    labels = {head: some for head, some in known.labels.items() if head in shown}
    said = {str(head): labels_text(some) for head, some in labels.items()}
    called = {str(head): first_found(head, labels) for head in labels}
    return {"known": {"map": first, "claims": claims, "labels": said, "called": called}}


def _json_element(value: object) -> bytes:
    # Without "<" no text can end the element; everything outside ASCII is escaped by json itself.
    text = json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="contents">{text}</script>\n'.encode()


def script(names: Sequence[str]) -> str:
    """Scripts as one, without their comments."""
    parts = "\n".join(asset(name) for name in names)
    code = INDENT.sub("", COMMENT.sub("", parts))  # a seventh of a small page would be these
    return f'(() => {{\n"use strict";\n{code}}})();'


def asset(name: str) -> str:
    """One of the files that pages are made of."""
    return (files("attnviz.render") / "assets" / "page" / name).read_text(encoding="utf-8")


def digest(text: str) -> str:
    """What the page's own security policy calls the one script and the one style it allows."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
