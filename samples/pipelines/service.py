"""Attention as a service: a process that stays warm, and answers each line with a line of JSON.

::

    python samples/pipelines/service.py "He took the hat" "It was cold"

Nothing is buffered, so that any program in any language can ask this way.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from typing import Any

COMMAND = [sys.executable, "-m", "attnviz", "run", "--lines", "-", "--json", "--head", "3.1"]


def answers(texts: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The document of each text, before the next text is asked for."""
    with subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as service:
        if service.stdin is None or service.stdout is None:
            raise RuntimeError("the service has no pipes")
        for text in texts:
            print(text, file=service.stdin, flush=True)
            yield json.loads(service.stdout.readline())


def main() -> None:
    for answer in answers(sys.argv[1:]):
        weights = answer["maps"]["encoder"]["weights"][0][0]  # of the one head that was asked for
        print(answer["line"], answer["texts"][0], f"{len(weights)} × {len(weights[0])} weights")


if __name__ == "__main__":
    main()
