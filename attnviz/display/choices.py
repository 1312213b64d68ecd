"""What is chosen of a result to be shown, as Python says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from attnviz import findings
from attnviz.analysis.selection import Selection
from attnviz.errors import InputError, quote
from attnviz.result import AttentionResult, Head, Heads, whole

CHOICES = ("head", "layer", "mean", "heads", "map", "tokens", "special")


@dataclass(frozen=True, slots=True)
class Chosen:
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


def asked(result: AttentionResult, choices: dict[str, Any], **question: list[str]) -> Selection:
    """A result as these choices show it, asked one question or none."""
    require_known(choices, CHOICES)
    return selection(result, **choices, **question)


def selection(result: AttentionResult, **choices: Any) -> Selection:
    """A result as these choices show it."""
    require_known(choices, (*CHOICES, "ask", "who"))
    special = choices.pop("special", True)
    return Selection(result, Chosen(no_special=not special, **choices), findings.of(result.model))


def require_known(choices: dict[str, Any], known: Sequence[str]) -> None:
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
