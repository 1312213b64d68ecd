"""Files of results, of what explains and of what was found, in the format of their suffix."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from attnviz import findings
from attnviz.display.choices import require_known, selection
from attnviz.display.figures import figure
from attnviz.display.pages import page
from attnviz.errors import InputError, quote
from attnviz.output import all_or_nothing, require_no_other
from attnviz.render.style import Style
from attnviz.result import AttentionResult

if TYPE_CHECKING:
    from attnviz.render.drawn import Found
    from attnviz.render.figure.save import Format
    from attnviz.render.lessons import Lesson


FIGURES: dict[str, Format] = {".png": "png", ".svg": "svg", ".pdf": "pdf"}
LOOKS = ("title", "palette", "scale", "vmin", "vmax")  # that a page can be given
DOCUMENTS = (".json", ".npz", ".csv")
OF_LESSONS = (".json",)


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
            page([selection(result, **choices)], stream, **looks)
        else:
            _write_document(result, stream, suffix)


def _write_other(
    result: Lesson | Found, stream: BinaryIO, suffix: str, choices: dict[str, Any]
) -> None:
    """Write what is no result: what was found of heads, or what explains."""
    from attnviz.render.drawn import Found

    if isinstance(result, Found):
        require_known(choices, [field.name for field in fields(Style)])
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
    write(result, stream, found=document.found(selection(result)) if any_head else None)
