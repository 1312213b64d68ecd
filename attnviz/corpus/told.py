"""What workers warned of, warned of where the run was asked for."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable

from attnviz.errors import AttnvizWarning

NUMBER = re.compile(r"\d+")


class Told:
    """Warns of each sentence once, as one process does, whatever numbers are in it."""

    def __init__(self) -> None:
        self._kinds: set[str] = set()

    def tell(self, sentences: Iterable[str]) -> None:
        """Warn of those that are new."""
        for sentence in sentences:
            if (kind := NUMBER.sub("", sentence)) not in self._kinds:
                self._kinds.add(kind)
                warnings.warn(sentence, AttnvizWarning, stacklevel=6)
