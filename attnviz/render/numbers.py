"""Numbers as people read them, the same in every medium."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

MOST_DECIMALS = 6
FINEST = 10  # decimals


def written(weight: float, places: int) -> str:
    """A weight with so many decimals, and 0 for what rounds to it."""
    text = f"{weight:.{places}f}"
    return text.replace("-", "−") if float(text) else "0"


def decimals(largest: float) -> int:
    """How many decimals to write where this is the largest weight: two, or for two digits."""
    return min(max(2, 1 - math.floor(math.log10(abs(largest)))), MOST_DECIMALS) if largest else 2


def short(value: float) -> str:
    """A number in two digits without needless zeros, as it stands beside a scale: 0.25, 1, −0.5."""
    if not value:
        return "0"
    unit = Decimal(1).scaleb(Decimal(value).adjusted() - 1)
    rounded = Decimal(value).quantize(unit, rounding=ROUND_HALF_UP)
    text = f"{rounded:.{FINEST}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text.replace("-", "−")


def change(value: float) -> str:
    """What is added or taken away, in two decimals: +0.50, −0.34."""
    text = f"{value:+.2f}"
    return "0.00" if not float(text) else text.replace("-", "−")


def share(value: float) -> str:
    """A share or probability in two decimals, as tables write it: .93."""
    return f"{value:.2f}".removeprefix("0")


def counted(n: int, noun: str) -> str:
    """``1 layer``, ``6 layers``."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
