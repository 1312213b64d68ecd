"""Pages of results, which open at what was chosen, and what notebooks show."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

from attnviz import findings
from attnviz.analysis.closeups import PooledResult
from attnviz.analysis.selection import Selection
from attnviz.analysis.words import tokens_of_words
from attnviz.display.figures import title_of_all
from attnviz.errors import InputError
from attnviz.render.labels import heads_named, name_of
from attnviz.render.style import Style
from attnviz.result import AttentionMap, AttentionResult

if TYPE_CHECKING:
    from attnviz.render.drawn import Found
    from attnviz.render.lessons import Lesson


def page(
    selections: Sequence[Selection],
    stream: BinaryIO,
    *,
    title: str | None = None,
    palette: str | None = None,
    scale: str | None = None,
    vmin: float | None = None,
    vmax: float | None = None,
) -> None:
    """Write a page with all results, which opens at what is chosen of the first."""
    from attnviz.render.page import Opening, write_page

    first = selections[0]
    chosen = first.options
    if len(selections) == 1 and isinstance(first.result, PooledResult) and first.result.closeups:
        from attnviz.render.page.pooled_page import write_pooled_page

        for name, given in (("scale", scale), ("vmin", vmin), ("vmax", vmax)):
            if given is not None:
                raise InputError(f"the page of a text in blocks takes no {name}; write a figure")
        alone = len(first.heads) == 1
        named = name_of(first.matrices[0]) if alone else heads_named(first.map.all_heads())
        said = title or title_of_all(selections, named)
        write_pooled_page(first.result, stream, title=said, palette=palette)
        return
    opening = Opening(
        view="ask" if first.answers else "heads" if chosen.every_head else "matrix",
        map=first.answers[0].kind if first.answers else first.kind,
        heads=_opening_heads(first),
        mix="apart" if len(first.heads) > 1 else None,
        at=_opening_at(first),
        by="tokens" if chosen.tokens else "words",
        special="hide" if chosen.no_special else "show",
        palette=palette,
        scale=scale,
        vmin=vmin,
        vmax=vmax,
    )
    results = [each.result for each in selections]
    write_page(results, stream, title=title, opening=opening, findings=findings.of)


def _opening_at(selection: Selection) -> str | None:
    """The first token of the word that is asked about first: ``q7`` as a query, ``k7`` as a key."""
    if not selection.answers:
        return None
    answer, kind = selection.answers[0], selection.answers[0].kind
    shown, tokens = selection.view.map(kind), selection.result.maps[kind].axes[answer.who]
    unit = (shown.keys if answer.who else shown.queries)[answer.position]
    first = unit if selection.options.tokens else tokens_of_words(tokens)[unit][0]
    return f"{'k' if answer.who else 'q'}{first}"


def _opening_heads(selection: Selection) -> str:
    """The heads a page opens at: those that are shown or that answer, or those of a mean."""
    if selection.options.every_head:
        return "*"
    if len(selection.heads) > 1:
        return ",".join(map(str, selection.heads))
    if selection.answers:
        return str(next(iter(selection.answers[0].heads), "*"))
    if selection.matrices[0].head is not None:
        return str(selection.matrices[0].head)
    return "*" if selection.options.layer is None else f"{selection.options.layer}.*"


def html(shown: AttentionResult | AttentionMap | Lesson | Found) -> str:
    """The page of a result, map, lesson, or of what was found, in a frame safe in any notebook."""
    from attnviz.render.drawn import Found, drawn
    from attnviz.render.page import fragment, frame

    if isinstance(shown, Found):
        whole = BytesIO()
        drawn(shown).page(whole, Style())
        return frame(whole.getvalue().decode(), "What was found", 620)

    if isinstance(shown, AttentionResult):
        return fragment(shown, findings=findings.of)
    if isinstance(shown, AttentionMap):
        return fragment(shown, axes=shown.axes)
    from attnviz.render.lessons import lesson_fragment

    return lesson_fragment(shown)
