"""A walk through one weight as one HTML file: an overview, then a screen for each step."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import BinaryIO, NamedTuple

from attnviz.analysis.explain import Explanation, steps
from attnviz.render.explained import heading, say, walk_notes
from attnviz.render.explained_numbers import ledger
from attnviz.render.page import asset, digest, script
from attnviz.render.page.shaded_page import rules
from attnviz.render.page.walk_overview import gist, sentence, thumbnail
from attnviz.render.page.walk_steps import body
from attnviz.render.safe import visible

SCRIPTS = ("dom.js", "walk.js")
POWER = re.compile(r"\be\^(−?\d+(?:\.\d+)?|score)")
INDEX = re.compile(r"(?<=[A-Za-z])_([a-z]+)")
MARK = re.compile(r"\{\{\w+\}\}|<!-- \w+ -->")


class Screen(NamedTuple):
    """One step: what is said of it, its shapes, and HTML that shows it, small and in full."""

    title: str
    sentence: str
    formula: str
    source: str
    shapes: str
    body: str
    thumbnail: str = ""
    gist: str = ""
    outputs: str = ""


def write_walk_page(walk: Explanation, stream: BinaryIO, *, title: str | None = None) -> None:
    """Write the walk as one file, by itself and without any network."""
    info = walk.recorded.model
    model = info.name + (f" ({info.model_type})" if info.model_type else "")
    lead = "".join(
        [*sentence(walk), *(f'<p class="note">{_t(note)}</p>' for note in walk_notes(walk))]
    )
    write_screens(
        list(_screens(walk)), stream, title=title or heading(walk), about=model, lead=lead
    )


def write_screens(
    screens: Sequence[Screen], stream: BinaryIO, *, title: str, about: str, lead: str
) -> None:
    """Write any walk: ``lead`` is HTML, everything else of the head is text."""
    style, code = asset("page.css") + asset("walk.css") + "".join(rules()), script(SCRIPTS)
    head, foot = asset("walk.html").split("<!-- steps -->")
    filled = {
        "{{script}}": digest(code),
        "{{style}}": digest(style),
        "<!-- style -->": f"<style>{style}</style>",
        "<!-- ledger -->": "".join(_ledger(screens)),
        "{{title}}": _t(title),
        "{{about}}": _t(about),
    }
    stream.write(MARK.sub(lambda mark: filled[mark[0]], head).encode())
    stream.write("".join(_overview(screens, lead)).encode())
    for number in range(1, len(screens) + 1):
        stream.write("".join(_section(number, screens)).encode())
    stream.write(foot.replace("<!-- script -->", f"<script>{code}</script>").encode())


def _screens(walk: Explanation) -> Iterator[Screen]:
    for step in steps(walk):
        said = say(step.name, walk)
        yield Screen(
            title=said.title,
            sentence=said.sentence,
            formula=said.formula,
            source=said.source,
            shapes=ledger({**step.matrices, **step.arrays}),
            body=body(step, walk),
            thumbnail=thumbnail(step, walk),
            gist=gist(step, walk),
            outputs=ledger(step.arrays),
        )


def _ledger(screens: Sequence[Screen]) -> Iterator[str]:
    """The list of steps with their shapes, which leads to each."""
    yield '<li><a href="#overview"><b>0</b><span>Overview</span></a></li>\n'
    for number, screen in enumerate(screens, 1):
        shapes = f"<small>{_t(screen.outputs)}</small>" if screen.outputs else ""
        yield (
            f'<li><a href="#step-{number}"><b>{number}</b>'
            f"<span>{_t(screen.title)}{shapes}</span></a></li>\n"
        )


def _overview(screens: Sequence[Screen], lead: str) -> Iterator[str]:
    yield f'<section id="overview" class="step" aria-label="Overview">{lead}\n<ol class="cards">\n'
    for number, screen in enumerate(screens, 1):
        yield (
            f'<li><a href="#step-{number}"><span class="name"><b>{number}</b> {_t(screen.title)}'
            f'</span>{screen.thumbnail}<span class="gist">{_t(screen.gist)}</span></a></li>\n'
        )
    yield "</ol></section>\n"


def _section(number: int, screens: Sequence[Screen]) -> Iterator[str]:
    screen = screens[number - 1]
    source = f'<cite class="quiet">{_t(screen.source)}</cite>' if screen.source else ""
    yield (
        f'<section id="step-{number}" class="step" aria-labelledby="title-{number}">\n'
        f'<h2 id="title-{number}"><b>{number}</b> {_t(screen.title)}</h2>\n'
        f'<p class="said" dir="auto">{_powers(screen.sentence)}</p>\n'
        f'<p class="formula"><span>{_formula(screen.formula)}</span> {source}</p>\n'
        f'<div class="body">{screen.body}</div>\n'
        f'<p class="shapes quiet">{_t(screen.shapes)}</p>\n<p class="turn">'
    )
    before = "overview" if number == 1 else f"step-{number - 1}"
    named = "Overview" if number == 1 else screens[number - 2].title
    yield f'<a href="#{before}">← {_t(named)}</a>'
    if number < len(screens):
        yield f'<a href="#step-{number + 1}">{_t(screens[number].title)} →</a>'
    yield "</p></section>\n"


def _t(text: str) -> str:
    """Text as HTML shows it."""
    return escape(visible(text))


def _powers(text: str) -> str:
    """Text with the powers of e set as such."""
    return POWER.sub(r"e<sup>\1</sup>", _t(text))


def _formula(text: str) -> str:
    """A formula with its powers and indices set as such."""
    return INDEX.sub(r"<sub>\1</sub>", _powers(text))
