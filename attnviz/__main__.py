"""``attnviz`` and ``python -m attnviz``: quiet under Ctrl-C while the program is still loading."""

from __future__ import annotations

import sys
from typing import NoReturn

__all__ = ["main"]


def main() -> NoReturn:
    """Load the program and run it."""
    try:
        from attnviz.cli import main as run
    except KeyboardInterrupt:
        sys.exit(130)  # as the program itself ends once it is loaded
    run()


if __name__ == "__main__":
    main()
