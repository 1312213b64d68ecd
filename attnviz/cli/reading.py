"""Files of many texts for a command: bad lines told as they are met, and counted at the end."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from attnviz.cli.texts import read_texts
from attnviz.errors import EmptyText, InputError

__all__ = ["BadLines", "texts_of"]


class BadLines:
    """Tells each bad line on stderr and goes on; ends with a failure unless they may be skipped."""

    def __init__(self, *, skip: bool) -> None:
        self._skip, self._count = skip, 0

    def tell(self, error: InputError) -> None:
        """Say what is wrong with a line and count it."""
        from attnviz.render.safe import visible

        self._count += 1
        print(f"attnviz: {visible(str(error))}; skipped", file=sys.stderr)  # noqa: T201

    def finish(self) -> None:
        """Raise InputError if there were bad lines that may not be skipped."""
        if self._count and not self._skip:
            lines = "1 line was" if self._count == 1 else f"{self._count} lines were"
            raise InputError(f"{lines} skipped; correct the file, or give --skip-bad")


def texts_of(
    given: Sequence[str], files: Sequence[str], field: str, bad: BadLines
) -> Iterator[str]:
    """The texts of the command line, then those of the files, as they are asked for."""
    from attnviz.corpus import texts

    yield from (text.text for text in read_texts(given, lines=False)) if given else ()
    for name in files:
        yield from texts.read_texts(name, field=field, tell=bad.tell)


def first_of(texts: Iterator[str]) -> Iterator[str]:
    """The same texts; EmptyText where there is none."""
    for first in texts:
        yield first
        yield from texts
        return
    raise EmptyText("there is no text in these files; give at least one")
