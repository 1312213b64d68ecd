"""What results say and show of themselves: answers, links, figures, pages and files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from attnviz import findings
from attnviz.analysis.answers import MatrixView, WordAttention
from attnviz.analysis.claims import Claim, pronoun_claims
from attnviz.analysis.closeups import PooledResult
from attnviz.analysis.selection import Selection
from attnviz.analysis.words import merge_words, tokens_of_words
from attnviz.errors import InputError, quote
from attnviz.output import all_or_nothing, require_no_other
from attnviz.render.labels import heads_named, matrices, name_of
from attnviz.render.sentences import title_of
from attnviz.render.style import Style
from attnviz.result import AttentionMap, AttentionResult, Head, Heads, Kind, Link, whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from attnviz.render.drawn import Found
    from attnviz.render.figure.save import Format
    from attnviz.render.lessons import Lesson


FIGURES: dict[str, Format] = {".png": "png", ".svg": "svg", ".pdf": "pdf"}
LOOKS = ("title", "palette", "scale", "vmin", "vmax")  # that a page can be given
DOCUMENTS = (".json", ".npz", ".csv")
CHOICES = ("head", "layer", "mean", "heads", "map", "tokens", "special")
OF_LESSONS = (".json",)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The choices of one picture, as ``figure`` takes them."""

    head: Heads | None = None
    layer: int | None = None
    mean: bool = False
    heads: Heads | None = None
    map: str | None = None
    tokens: bool = False
    no_special: bool = False
    ask: str | Sequence[str] = ()
    who: str | Sequence[str] = ()
    by: str | None = None

    def __post_init__(self) -> None:
        for name in ("ask", "who"):
            given = getattr(self, name)
            words = (given,) if isinstance(given, str) else tuple(given)
            object.__setattr__(self, name, words)
        if self.layer is not None:
            _require_layer(self.layer)
        if self.every_head and (self.ask or self.who):
            asked = "ask" if self.ask else "who"
            raise InputError(f"heads='all' and {asked} show different things; give one of them")
        chosen = {"head": self.head is not None, "layer": self.layer is not None}
        chosen |= {"mean": self.mean, "heads": self.heads is not None}
        given = [name for name, is_given in chosen.items() if is_given]
        if len(given) > 1 and not (self.every_head and given == ["layer", "heads"]):
            raise InputError(f"{given[0]} and {given[1]} choose different things; give one of them")

    @property
    def every_head(self) -> bool:
        """Whether all heads are to be shown, as small maps."""
        return self.heads == "all"

    def named_heads(self) -> tuple[Head, ...]:
        """The heads asked for by name, in their order; none where none was."""
        named = self.heads if self.head is None and not self.every_head else self.head
        return () if named is None else Head.several(named)


def ask(result: AttentionResult, word: str, **choices: Any) -> WordAttention:
    """Where a word looks; ``choices`` are layer, head, map, tokens and special, as in ``figure``.

    Raises UnknownWord for a word that is not there.
    """
    return _asked(result, choices, ask=[word]).answers[0]


def claims(result: AttentionResult) -> list[Claim]:
    """What each third-person pronoun of a short text refers to, by the model's own lens."""
    return pronoun_claims(result, findings.of(result.model))


def who(result: AttentionResult, word: str, **choices: Any) -> WordAttention:
    """Who looks at a word: ``ask`` turned around. Raises UnknownWord for one that is not there."""
    return _asked(result, choices, who=[word]).answers[0]


def links(result: AttentionResult, **choices: Any) -> list[Link]:
    """The strongest links between words, over all heads that were chosen; choices as in ``ask``."""
    return _asked(result, choices).links


def words(result: AttentionResult) -> AttentionResult:
    """The same attention between words (Clark et al. 2019, sec. 2); hidden states are left out."""
    return merge_words(result)


def dataframe(result: AttentionResult) -> DataFrame:
    """One weight a row, with the columns of CSV files; needs pandas."""
    try:
        import pandas
    except ImportError:
        raise InputError("a data frame needs pandas; pip install pandas brings it") from None
    from attnviz.document import write_csv

    rows = BytesIO()
    write_csv(result, rows)
    return pandas.read_csv(BytesIO(rows.getvalue()), keep_default_na=False)


def save(
    result: AttentionResult | Lesson | Found, path: str | PathLike[str], **choices: Any
) -> None:
    """Write a figure (.png, .svg, .pdf), a page (.html) or a document (.json, .npz, .csv).

    ``choices`` are those of ``figure``; documents hold the result as it is, .json and .npz what
    was found in it too, as the command line's do. All else, as a walk, a comparison, or measures of
    heads, is a figure, a page or a .json. Raises InputError for any other suffix, OutputError where
    the file cannot be written; then there is no file.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    whole = isinstance(result, AttentionResult)
    documents = DOCUMENTS if whole else OF_LESSONS
    if suffix not in (*FIGURES, *documents, ".html"):
        known = ", ".join((*FIGURES, ".html", *documents))
        require_no_other(target)
        raise InputError(f"{quote(path)} has no suffix that can be written; take one of {known}")
    if choices and suffix in DOCUMENTS:
        raise InputError(f"{suffix} holds the result as it is and takes no {next(iter(choices))}")
    with all_or_nothing([target]) as (stream,):
        if not isinstance(result, AttentionResult):
            _write_other(result, stream, suffix, choices)
        elif suffix in FIGURES:
            from attnviz.render.figure import save as save_figure

            save_figure(figure(result, **choices), stream, FIGURES[suffix])
        elif suffix == ".html":
            looks = {name: choices.pop(name) for name in LOOKS if name in choices}
            page([_selection(result, **choices)], stream, **looks)
        else:
            _write_document(result, stream, suffix)


def _write_other(
    result: Lesson | Found, stream: BinaryIO, suffix: str, choices: dict[str, Any]
) -> None:
    """Write what is no result: what was found of heads, or what explains."""
    from attnviz.render.drawn import Found

    if isinstance(result, Found):
        _require_known(choices, [field.name for field in fields(Style)])
        write_found(result, stream, suffix, Style(**choices))
    elif suffix in FIGURES:
        from attnviz.render.figure import save as save_figure

        save_figure(figure(result, **choices), stream, FIGURES[suffix])
    elif suffix == ".html":
        from attnviz.render.lessons import write_lesson_page

        if unknown := set(choices) - {"title"}:
            raise InputError(f"the page takes a title and no {min(unknown)}")
        write_lesson_page(result, stream, **choices)
    else:
        from attnviz.document.explained import write_explained

        write_explained(result, stream)


def write_found(found: Found, stream: BinaryIO, suffix: str, style: Style) -> None:
    """Write what was found of heads as a figure, a page, or a document."""
    from attnviz.render.drawn import drawn

    if suffix == ".json":
        stream.write(json.dumps(document_of(found)).encode() + b"\n")
        return
    from attnviz.render.fast_import import import_figures

    import_figures()
    if suffix == ".html":
        drawn(found).page(stream, style)
        return
    from attnviz.render.figure import save as save_figure

    save_figure(drawn(found).figure(style), stream, FIGURES[suffix], dpi=style.dpi)


def document_of(found: Found) -> Mapping[str, Any]:
    """What was found of heads as data; of measures the model is named by its weights' SHA-256."""
    from attnviz.analysis.measured import HeadMeasures
    from attnviz.render.drawn import drawn

    if isinstance(found, HeadMeasures):
        found = replace(found, model=findings.of(found.model).fingerprint())
    return drawn(found).document()


def _write_document(result: AttentionResult, stream: BinaryIO, suffix: str) -> None:
    from attnviz import document

    if suffix == ".csv":
        document.write_csv(result, stream)
        return
    write = document.write_json if suffix == ".json" else document.write_npz
    any_head = any(attention.weights.size for attention in result.maps.values())
    write(result, stream, found=document.found(_selection(result)) if any_head else None)


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
        said = title or _title(selections, named)
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


def _asked(result: AttentionResult, choices: dict[str, Any], **question: list[str]) -> Selection:
    """A result as these choices show it, asked one question or none."""
    _require_known(choices, CHOICES)
    return _selection(result, **choices, **question)


def _selection(result: AttentionResult, **choices: Any) -> Selection:
    """A result as these choices show it."""
    _require_known(choices, (*CHOICES, "ask", "who"))
    special = choices.pop("special", True)
    return Selection(result, _Chosen(no_special=not special, **choices), findings.of(result.model))


def _require_known(choices: dict[str, Any], known: Sequence[str]) -> None:
    """Refuse a choice that is none of those there are."""
    if unknown := [name for name in choices if name not in known]:
        raise InputError(f"there is no choice {unknown[0]}; there are {', '.join(known)}")


def _require_layer(layer: object) -> None:
    try:
        whole(layer)
    except TypeError:
        raise InputError(
            f"{quote(layer)} is not a layer; write a whole number, counted from zero"
        ) from None


def figure(
    result: AttentionResult | Lesson | Found,
    *,
    head: Heads | None = None,
    layer: int | None = None,
    mean: bool = False,
    heads: Heads | None = None,
    map: Kind | None = None,
    tokens: bool = False,
    special: bool = True,
    ask: str | Sequence[str] = (),
    who: str | Sequence[str] = (),
    **style: Any,
) -> Figure:
    """A matplotlib Figure of one head or several, a layer's mean, the mean of all, or every head.

    Without a choice it is the head that says most about words. ``head`` is "3.1" or (3, 1);
    several, as ["3.1", (2, 4)] or "3.1,2.4", stand side by side, under either name, and
    ``heads="all"`` is the grid of every head. ``ask`` shows where words look, ``who`` who
    looks at them. ``tokens`` shows the model's tokens instead of words, ``special=False`` hides
    special tokens. ``style`` takes size
    in inches, dpi, palette, scale, vmin, vmax, title, numbers, notes, font, and ``ax``, matplotlib
    Axes to draw into. All but a result, as a walk or measures of heads, take the style alone.

    Raises UnknownHead, UnknownWord, or InputError for a style that cannot be drawn.
    """
    _require_known(style, [field.name for field in fields(Style)])
    chosen = _Chosen(head, layer, mean, heads, map, tokens, not special, ask, who)
    if not isinstance(result, AttentionResult):
        if chosen != _Chosen():
            raise InputError("what this shows is chosen already; its figure takes the style alone")
        from attnviz.render.drawn import Found, drawn

        if isinstance(result, Found):
            return drawn(result).figure(Style(**style))
        from attnviz.render.lessons import draw_lesson

        return draw_lesson(result, Style(**style))
    return draw([Selection(result, chosen, findings.of(result.model))], Style(**style))


def draw(selections: Sequence[Selection], style: Style) -> Figure:
    """Matrices side by side, the grid of all heads, or the answers to all questions."""
    from attnviz.render import figure

    first = selections[0]
    if first.answers:
        answers = [answer for selection in selections for answer in selection.answers]
        return figure.answers(answers, style, title=_title(selections))
    if first.options.every_head:
        return figure.head_grid(
            first.map,
            *first.axes,
            style,
            title=_title(selections, f"all {matrices(first.result.weighting)}s"),
            hidden=first.hidden,
            merged=first.kind in first.view.merged,
            sinks=first.view.sinks,
            kind=first.kind,
            labels=first.labels,
            longer=first.view.longer,
            weighting=first.result.weighting,
        )
    if len(selections) == 1:
        named = (
            heads_named(first.heads, first.result.weighting)
            if len(first.heads) > 1
            else name_of(first.matrices[0])
        )
        return figure.side_by_side(first.matrices, style, title=_title(selections, named))
    shown = [
        replace(matrix, title=f"{selection.name}: {name_of(matrix)}")
        for selection in selections
        for matrix in selection.matrices
    ]
    across = len(first.heads) if len(first.heads) > 1 else None
    return figure.side_by_side(shown, style, title=_title(selections), per_row=across)


def _title(selections: Sequence[Selection], what: str = "") -> str:
    """The model, what is shown of it and, where there is one, the text."""
    first = selections[0].result
    text = " / ".join(first.texts) if len(selections) == 1 else ""
    return title_of(first.model.name, what, text)


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


def png(found: MatrixView | WordAttention) -> tuple[bytes, dict[str, int]]:
    """What analysis found as a PNG, and its width and height in a notebook's pixels."""
    from attnviz.render import figure
    from attnviz.render.figure.save import to_png

    drawn = figure.heat_map(found) if isinstance(found, MatrixView) else figure.answers([found])
    return to_png(drawn)
