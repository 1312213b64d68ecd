"""One chat template rendered in a process of its own, so that what is hostile in it ends with it.

It is run by its path, and imports nothing of attnviz: a request as JSON on standard input, an
answer as JSON on standard output.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any


def main() -> None:
    """Render what is asked for, within its limits, or say why it cannot be."""
    request = json.load(sys.stdin)
    try:
        answer = {"text": _joined(_rendered(request), request["most_characters"])}
    except ImportError:
        answer = {"missing": "jinja2"}
    except _RefusedError as error:
        answer = {"refused": str(error)}
    except MemoryError:
        answer = {"beyond": "memory"}
    except _TooLongError:
        answer = {"beyond": "length"}
    except Exception as error:  # a template can raise whatever Python can
        answer = {"failed": f"{type(error).__name__}: {error}"}
    json.dump(answer, sys.stdout)


class _RefusedError(Exception):
    """What a template says with ``raise_exception``."""


class _TooLongError(Exception):
    """More text than anybody wants."""


def _rendered(request: dict[str, Any]) -> Iterator[str]:
    """The pieces of the text, as the template makes them."""
    from jinja2.exceptions import SecurityError
    from jinja2.ext import Extension, loopcontrols
    from jinja2.nodes import Node, Scope
    from jinja2.parser import Parser
    from jinja2.sandbox import ImmutableSandboxedEnvironment
    from jinja2.utils import Namespace

    class Generation(Extension):
        """``{% generation %}`` marks what an assistant said, and changes nothing of it."""

        tags = {"generation"}  # noqa: RUF012

        def parse(self, parser: Parser) -> Node:
            line = next(parser.stream).lineno
            body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
            return Scope(body, lineno=line)

    class Names(Namespace):
        """A namespace whose names are no keys to Python's own."""

        def __setitem__(self, name: str, value: Any) -> None:
            if name.startswith("_"):
                raise SecurityError(f"a namespace may not hold {name}")
            super().__setitem__(name, value)

    def names(*pairs: Any, **named: Any) -> Names:
        made = Names()
        for name, value in dict(*pairs, **named).items():
            made[name] = value
        return made

    _limit(request["most_bytes"], request["most_seconds"])
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols]
    )
    environment.filters["tojson"] = _to_json
    environment.globals |= {
        "dict": lambda *pairs, **named: dict(*pairs, **named),
        "namespace": names,
        "raise_exception": _refuse,
        "strftime_now": _now,
    }
    template = environment.from_string(request["template"])
    yield from template.generate(tools=None, documents=None, **request["variables"])


def _limit(most_bytes: int, most_seconds: int) -> None:
    """Let the system end this process beyond so much memory or time of computing."""
    try:
        import resource
    except ImportError:  # Windows has no such limits; whoever waits for this process has one
        return
    for limit, most in ((resource.RLIMIT_AS, most_bytes), (resource.RLIMIT_CPU, most_seconds)):
        _, hard = resource.getrlimit(limit)
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (least, hard))


def _joined(pieces: Iterator[str], most: int) -> str:
    text: list[str] = []
    for piece in pieces:
        text.append(piece)
        most -= len(piece)
        if most < 0:
            raise _TooLongError
    return "".join(text)


def _refuse(message: object) -> None:
    raise _RefusedError(message)


def _now(format: str) -> str:
    return datetime.now().strftime(format)


def _to_json(value: Any, **how: Any) -> str:
    """JSON as it is, where Jinja's own filter makes it safe for HTML."""
    return json.dumps(value, **{"ensure_ascii": False, **how})


if __name__ == "__main__":
    main()
