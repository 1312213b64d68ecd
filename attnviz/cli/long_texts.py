"""``attnviz run`` on texts too long for maps: blocks of tokens, and how far a run has come."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from attnviz.cli.deliver import Delivery
from attnviz.cli.failures import Misuse
from attnviz.cli.options import Options
from attnviz.cli.progress import Progress
from attnviz.cli.reading import BadLines
from attnviz.cli.texts import Text

if TYPE_CHECKING:
    from attnviz.model import Model
    from attnviz.model.inputs import Input


def require_pooled(options: Options) -> None:
    """Refuse what a picture of blocks of tokens cannot show."""
    given = {
        "--ask": options.ask,
        "--who": options.who,
        "--weights": options.weights,
        "--no-special": options.no_special,
        "--map": options.map,
        "--by": options.by,
    }
    if wrong := next((name for name, one in given.items() if one), None):
        raise Misuse(
            f"--pooled shows blocks of tokens, of which {wrong} says nothing; leave it out"
        )


def deliver_pooled(
    model: Model,
    texts: Iterable[tuple[Text, Input]],
    n: int,
    options: Options,
    delivery: Delivery,
    bad: BadLines,
    *,
    several: bool,
) -> None:
    """Deliver each text as n × n pixels of each head that is asked for.

    A page of one text and of named heads has close-ups too.
    """
    closeups = not several and bool(options.named_heads()) and options.shows_page()
    for text, given in texts:
        with bad.passed_over(text.line):
            tell = share_told(delivery.told)
            heads = options.named_heads() or None
            layers = options.layers()
            found = model.pooled(given, n, layers=layers, heads=heads, closeups=closeups, tell=tell)
            delivery.add(replace(found, line=text.line))


def share_told(told: Progress, doing: str = "attending") -> Callable[[float], None]:
    """What says on the line of progress how much of a text is done, and how long the rest takes."""
    began = time.monotonic()
    told.say(doing)

    def tell(share: float) -> None:
        left = (time.monotonic() - began) * (1 / share - 1) if share else 0.0
        told.update(f"{doing}, {share:.0%}, about {left:.0f} s left")

    return tell
