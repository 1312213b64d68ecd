"""``attnviz explain --toy``: the walk on matrices that a learner can hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from attnviz.cli.failures import Misuse
from attnviz.cli.forms import Forms, give
from attnviz.cli.pictures import PictureOptions
from attnviz.cli.texts import one_text, read_file
from attnviz.errors import InputError, quote

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import RenderableType

    from attnviz.analysis.explain.toy import Toy
    from attnviz.render.style import Style
    from attnviz.render.terminal import Screen


TEXT = "This is book"


def explain_toy(
    text: Sequence[str],
    drawn: Mapping[str, Any],
    *,
    scale: str | None,
    causal: bool,
    options: PictureOptions,
) -> None:
    """Draw or take the matrices, attend, and show each step."""
    vectors = [drawn[name] for name in ("q", "k", "v")]
    if any(vectors) and not all(vectors):
        raise Misuse("--q, --k and --v belong together; give all three")
    if any(vectors) and any(
        drawn[name] is not None for name in drawn if name not in ("q", "k", "v")
    ):
        raise Misuse("with --q, --k and --v nothing is drawn; leave the other options of --toy out")

    def find() -> list[Toy]:
        from attnviz.analysis.explain import toy as toys

        how: dict[str, Any] = {"scale": scale, "causal": causal}
        if all(vectors):
            q, k, v = (rows(given, f"--{name}") for given, name in zip(vectors, "qkv", strict=True))
            return [toys.attend_toy(q, k, v, **how)]
        x = None if drawn["x"] is None else rows(_text_of(drawn["x"]), "--x")
        given = " ".join(map(one_text, text)).split()
        words = given or ([] if x is not None else TEXT.split())
        return [toys.draw_toy(words, _drawing(drawn, x), x=x, **how)]

    give(options, find, _forms(options.title))


def _drawing(drawn: Mapping[str, Any], x: Any) -> Any:
    """What is drawn; a width that nobody gave follows from those that were."""
    from attnviz.analysis.explain.toy import Drawing

    n_heads = drawn["heads"] or 1
    d_model = drawn["d_model"] or (5 if x is None else x.shape[1])
    if x is not None and d_model != x.shape[1]:
        raise InputError(f"--x has rows of {x.shape[1]} numbers, so --d-model cannot be {d_model}")
    if drawn["d_head"] is None and n_heads > 1 and d_model % n_heads:
        raise InputError(f"{d_model} numbers do not make {n_heads} heads; give --d-head too")
    d_head = drawn["d_head"] or (3 if n_heads == 1 else d_model // n_heads)
    return Drawing(
        d_model=d_model,
        d_head=d_head,
        n_heads=n_heads,
        seed=drawn["seed"] or 0,
        init=drawn["init"] or "xavier",
        tied=bool(drawn["tied"]),
    )


def _forms(title: str | None) -> Forms[Toy]:
    def document(toy: Toy) -> dict[str, Any]:
        from attnviz.document.explained import explained_toy

        return explained_toy(toy)

    def terminal(toy: Toy, screen: Screen) -> Iterator[RenderableType]:
        from attnviz.render.terminal.explained_toy import explained_toy

        yield explained_toy(toy, screen)

    def page(toys: Sequence[Toy], stream: BinaryIO) -> None:
        from attnviz.render.page.toy_page import write_toy_page

        write_toy_page(toys[0], stream, title=title)

    def figure(toys: Sequence[Toy], style: Style) -> Figure:
        from attnviz.render.figure.toy import toy_figure

        return toy_figure(toys[0], style)

    return Forms(document=document, terminal=terminal, figure=figure, page=page, page_obeys=())


def _text_of(file: str) -> str:
    try:
        return read_file(file).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{quote(file)} is not text; give rows of numbers") from None


def rows(text: str, option: str) -> Any:
    """Numbers in rows, which end at a semicolon, a closing bracket or a line's end."""
    import numpy as np

    found = []
    for line in re.split(r"[;\n\]]", text):
        parts = line.replace(",", " ").replace("[", " ").split()
        try:
            found.append([float(part) for part in parts])
        except ValueError:
            raise InputError(f"{option} has {quote(line.strip())} where numbers belong") from None
    found = [row for row in found if row]
    if not found or len({len(row) for row in found}) != 1:
        raise InputError(f"{option} must have rows of as many numbers each, as '.1 .2; .3 .4'")
    return np.array(found)
