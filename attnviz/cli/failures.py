"""How the program ends when something is wrong: one sentence on stderr and an exit code."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer

from attnviz.cli.program import HungUp, UsageError
from attnviz.cli.signals import Terminated, heard
from attnviz.errors import AttnvizError, AttnvizWarning, bounded, quote
from attnviz.output import remove_drafts
from attnviz.stderr import say

FAILED, MISUSED, INTERRUPTED, HUNG_UP = 1, 2, 130, 141  # the last two as a shell counts signals
SIGNALLED = 128
QUOTED = 200
NO_MEMORY = "there is not enough memory for this; try a shorter text or --layer"
UNMAPPED = ("failed to map segment", "cannot allocate memory")  # as the loader says of a library


class Misuse(AttnvizError):
    """Options that contradict each other or that cannot be read."""


def exit_code(program: Callable[[], object]) -> int:
    """Run the program and say what went wrong, if anything did."""
    try:
        with heard(), _warnings_as_sentences():
            code = program()
    except Terminated as error:
        return SIGNALLED + error.number
    except UsageError as error:
        return _say(_misused(error), MISUSED)
    except AttnvizError as error:
        return _say(str(error), MISUSED if isinstance(error, Misuse) else FAILED)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except HungUp:
        _drop_stdout()
        return HUNG_UP
    except OSError as error:
        _drop_stdout()
        what = "the output" if error.filename is None else quote(error.filename, QUOTED)
        return _say(f"{what} cannot be read or written: {error.strerror or error}", FAILED)
    except (SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # the panic of a library is no Exception
        if not _starved(error) and os.environ.get("ATTNVIZ_DEBUG") == "1":
            raise
        _drop_stdout()
        return _say(NO_MEMORY if _starved(error) else _unforeseen(error), FAILED)
    finally:
        remove_drafts()
    return code if isinstance(code, int) else 0


def _starved(error: BaseException) -> bool:
    """Whether there was no memory, also for a library to be loaded into."""
    unmapped = isinstance(error, ImportError) and any(said in str(error) for said in UNMAPPED)
    return unmapped or isinstance(error, MemoryError)


def _unforeseen(error: BaseException) -> str:
    """The sentence for what nobody foresaw, and where to report it."""
    try:
        from importlib.metadata import metadata

        links = metadata("attnviz").get_all("Project-URL") or []
    except Exception:  # whatever it was may hold here too
        links = []
    at = next((f" at {link.partition(', ')[2]}" for link in links), "")
    lines = str(error).strip().splitlines() or ["no reason given"]
    return (
        f"this should not have happened ({type(error).__name__}: {quote(lines[0], QUOTED)}); "
        f"please report it{at} with the command you ran and what ATTNVIZ_DEBUG=1 adds to it"
    )


def _say(sentence: str, code: int, kind: str = "") -> int:
    from attnviz.render.safe import visible

    say(f"attnviz: {kind}{visible(bounded(sentence))}\n")
    return code


def _misused(error: Any) -> str:
    command = error.ctx.command_path if error.ctx else "attnviz"
    sentence = error.format_message().rstrip(".")
    return f"{sentence[:1].lower()}{sentence[1:]}; see '{command} --help'"


@contextmanager
def _warnings_as_sentences() -> Iterator[None]:
    """Our own warnings read as sentences; those of libraries speak to programmers, not here.

    Each is said once: libraries that change filters for a while let Python forget what it said.
    """
    said: set[str] = set()
    with warnings.catch_warnings():
        if not sys.warnoptions:
            warnings.simplefilter("ignore")
            warnings.simplefilter("default", AttnvizWarning)
        show = warnings.showwarning

        def tell(message: Any, category: type[Warning], *rest: Any, **more: Any) -> None:
            if not issubclass(category, AttnvizWarning):
                show(message, category, *rest, **more)
            elif sys.warnoptions or str(message) not in said:
                said.add(str(message))
                _say(str(message), 0, "warning: ")

        warnings.showwarning = tell
        yield


def _drop_stdout() -> None:
    """What is still buffered goes nowhere, so that the interpreter does not fail on it at exit."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
    except (OSError, ValueError):
        pass
