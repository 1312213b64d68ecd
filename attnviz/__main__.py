"""``attnviz`` and ``python -m attnviz``: quiet under Ctrl-C while the program is still loading."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from typing import NoReturn


def main() -> NoReturn:
    """Load the program and run it."""
    try:
        from attnviz.cli import main as run
    except KeyboardInterrupt:
        sys.exit(130)  # as the program itself ends once it is loaded
    try:
        run()
    except SystemExit as ended:
        _leave(ended.code)
        raise


def _leave(code: object) -> None:
    """End at once where a thread goes on with work that a signal has cut short."""
    threads = threading.enumerate()
    if isinstance(code, int) and code > 128 and any(t.name.startswith("attnviz") for t in threads):
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
