"""``attnviz run`` on texts too long for maps: blocks of tokens, and how far a run has come."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from attnviz.cli.deliver import Delivery
from attnviz.cli.failures import Misuse
from attnviz.cli.options import Options
from attnviz.cli.progress import Progress

if TYPE_CHECKING:
    from attnviz.cli.many import Many
    from attnviz.cli.texts import Text
    from attnviz.corpus.packs import Job
    from attnviz.model import Model
    from attnviz.model.inputs import Input
    from attnviz.result import AttentionResult


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
    model: Model, given: Input, n: int, options: Options, delivery: Delivery
) -> None:
    """Deliver one text as n × n pixels of each head that is asked for.

    A page of named heads has close-ups too.
    """
    heads, layers = options.named_heads() or None, options.layers()
    closeups = bool(heads) and options.shows_page()
    tell = ShareTold(delivery.told)
    found = model.pooled(given, n, layers=layers, heads=heads, closeups=closeups, tell=tell)
    delivery.add(found)


def pooled_of(many: Many, n: int, told: Progress) -> Job[Text, list[AttentionResult]]:
    """What shows each of many texts as n × n pixels of each head that is asked for."""
    from attnviz.corpus.in_blocks import Blocks, pooled_job

    options = many.options
    blocks = Blocks(n, options.layers(), options.named_heads() or None)
    return pooled_job(blocks, many.how, many.model.info, ShareTold(told))


class ShareTold:
    """Says on the line of progress how much of a text is done, and how long the rest takes."""

    def __init__(self, told: Progress, doing: str = "attending") -> None:
        self._told, self._doing, self._began = told, doing, time.monotonic()
        told.say(doing)

    def __call__(self, share: float) -> None:
        """Say that so much is done, from 0 to 1."""
        left = (time.monotonic() - self._began) * (1 / share - 1) if share else 0.0
        self._told.update(f"{self._doing}, {share:.0%}, about {left:.0f} s left")

    def __reduce__(self) -> tuple[type[None], tuple[()]]:
        """In another process it is None, as there is no line of progress there."""
        return type(None), ()
