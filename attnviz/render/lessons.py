"""What explains rather than shows a result: walks, positions and toys, each drawn by its kind."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

from attnviz.analysis.explain import Explanation
from attnviz.analysis.explain.positions import Positions
from attnviz.analysis.explain.toy import Toy
from attnviz.render.style import Style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


Lesson = Explanation | Positions | Toy


def draw_lesson(lesson: Lesson, style: Style) -> Figure:
    """The figure of a lesson."""
    if isinstance(lesson, Positions):
        from attnviz.render.figure.positions import position_figure

        return position_figure(lesson, style)
    if isinstance(lesson, Toy):
        from attnviz.render.figure.toy import toy_figure

        return toy_figure(lesson, style)
    from attnviz.render.figure.walk import walk_figure

    return walk_figure(lesson, style)


def write_lesson_page(lesson: Lesson, stream: BinaryIO, *, title: str | None = None) -> None:
    """Write the page of a lesson as one file."""
    if isinstance(lesson, Positions):
        from attnviz.render.page.position_page import write_position_page

        write_position_page(lesson, stream, title=title)
    elif isinstance(lesson, Toy):
        from attnviz.render.page.toy_page import write_toy_page

        write_toy_page(lesson, stream, title=title)
    else:
        from attnviz.render.page.walk_page import write_walk_page

        write_walk_page(lesson, stream, title=title)


def lesson_fragment(lesson: Lesson, *, height: int = 620) -> str:
    """The page of a lesson in a frame, for a notebook."""
    from attnviz.render.page import frame

    page = BytesIO()
    write_lesson_page(lesson, page)
    return frame(page.getvalue().decode(), "How attention comes about", height)
