"""How data shows itself without knowing who analyses and draws it: a display is registered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Display(Protocol):
    """What draws: the module ``attnviz.display``, or anything else with these functions."""

    def figure(self, result: Any, **choices: Any) -> Figure:
        """A result as a matplotlib Figure."""

    def html(self, shown: Any) -> str:
        """A result or map as HTML."""

    def ask(self, result: Any, word: str, **choices: Any) -> Any:
        """Where a word of a result looks."""

    def claims(self, result: Any) -> list[Any]:
        """What the pronouns of a result refer to."""

    def who(self, result: Any, word: str, **choices: Any) -> Any:
        """Who looks at a word of a result."""

    def links(self, result: Any, **choices: Any) -> list[Any]:
        """The strongest links of a result."""

    def words(self, result: Any) -> Any:
        """A result between words."""

    def dataframe(self, result: Any) -> Any:
        """A result as a table of pandas."""

    def save(self, result: Any, path: Any, **choices: Any) -> None:
        """Write a result into a file."""

    def png(self, found: Any) -> tuple[bytes, dict[str, int]]:
        """What analysis found as a PNG, and the size at which it is to be shown."""


_loaders: list[Callable[[], Display]] = []


def register(load: Callable[[], Display]) -> None:
    """Let what ``load`` returns draw from now on; it is called whenever something is drawn."""
    _loaders[:] = [load]


def display() -> Display:
    """What was registered last."""
    return _loaders[0]()


class ShownAsPage:
    """Data that notebooks show as the page does."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return display().html(self)


class ShownAsFigure:
    """Data that notebooks show as its figure."""

    __slots__ = ()

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        return display().png(self)
