"""Where results go: into files by their suffix, to stdout, or onto the terminal."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.cli.failures import Misuse
from attnviz.cli.formats import FORMATS, Sink
from attnviz.cli.options import Options
from attnviz.cli.pictures import PictureOptions
from attnviz.cli.progress import Progress, Tally, progress
from attnviz.cli.shown import open_files, tell_of
from attnviz.cli.signals import unbroken
from attnviz.cli.texts import Text
from attnviz.errors import quote
from attnviz.output import all_or_nothing, leads_to_stdout, naming, require_no_other, streamed

if TYPE_CHECKING:
    from attnviz.findings import Findings
    from attnviz.result import AttentionResult, ModelInfo


class Delivery:
    """Hands each result to every place it goes to, and says what is being done meanwhile."""

    def __init__(
        self,
        options: Options,
        sinks: list[tuple[Path | None, Sink]],
        told: Progress,
        last: Text | None = None,
        tally: Tally | None = None,
    ) -> None:
        self._options = options
        self._sinks = sinks
        self.told = told
        self._tally = tally
        self._found: tuple[ModelInfo, Findings] | None = None
        self.last = last  # the text whose result is the last that is there already

    def add(self, result: AttentionResult) -> None:
        """Take one more result, at token level and with nothing hidden."""
        from attnviz.analysis.selection import Selection

        selection = Selection(result, self._options, self._found_of(result.model))
        for path, sink in self._sinks:
            if self._tally is None:
                self.told.say(f"writing {path}" if path else "")
            with (
                naming(path) if path else nullcontext(),
                unbroken() if self._tally else nullcontext(),
            ):
                sink.add(selection)
        if self._tally is None:
            self.told.say("attending")
        else:
            self.told.update(self._tally.add(len(result.tokens), result.line))

    def _found_of(self, model: ModelInfo) -> Findings:
        """What was found about a model, read once for the texts of one model."""
        from attnviz import findings

        if self._found is None or self._found[0] != model:
            self._found = model, findings.of(model)
        return self._found[1]

    def count(self, n_texts: int, n_tokens: int, line: int | None) -> None:
        """Say of so many more texts that they are written, up to that of a line."""
        if self._tally is not None:
            self.told.update(self._tally.add(n_tokens, line, n_texts))

    def finish(self) -> None:
        """Write what could not be written before."""
        for path, sink in self._sinks:
            self.told.say(f"writing {path}" if path else "")
            with naming(path) if path else nullcontext():
                sink.finish()


CARRIED = frozenset((".json", ".npz", ".csv"))
"""Suffixes of what programs read."""

ROUNDED = frozenset((".json", ".csv"))
"""Suffixes of what has as many decimals as ``--precision`` says."""


@contextmanager
def open_delivery(
    options: Options, *, several: bool, continued: bool = False, files: Sequence[str] = ()
) -> Iterator[Delivery]:
    """Check all places before anything is computed; files appear when everything is written.

    ``files`` are those that several texts come from.
    """
    paths = paths_of(options)
    if options.by and not (options.json or any(suffix_of(path) in CARRIED for path in paths)):
        raise Misuse(
            "--by says what --json and .json, .npz and .csv carry; pictures are of words, or of "
            "tokens with --tokens"
        )
    rounded = options.json or any(suffix_of(path) in ROUNDED for path in paths)
    if options.precision is not None and not rounded:
        raise Misuse(
            "--precision is of the numbers in --json, .json and .csv, and none of them is written "
            "here; leave it out"
        )
    for path in paths:
        _check(path, options, several)
    options.named_heads()
    with progress() as told, all_or_nothing(paths) as streams:
        sinks: list[tuple[Path | None, Sink]] = [
            (path, FORMATS[suffix_of(path)].sink(stream, options))
            for path, stream in zip(paths, streams, strict=True)
        ]
        if options.json or not paths:
            sinks.append((None, _stdout_sink(options, continued)))
        tally = None if not several or prints_as_it_goes(options) else Tally(files)
        delivery = Delivery(options, sinks, told, tally=tally)
        yield delivery
        delivery.finish()
    tell_of(paths)
    if options.open:
        open_files(paths)


def prints_as_it_goes(options: PictureOptions) -> bool:
    """Whether results appear on the terminal one by one, which is progress enough."""
    printed = options.json or not (options.output or options.open)
    return printed and sys.stdout.isatty()


def folder_of(options: Options) -> Path | None:
    """The folder that results are to be written into, where one is named: by its / or as it is."""
    names = options.output or []
    found = next((name for name in names if name.endswith("/") or Path(name).is_dir()), None)
    if found is not None and (len(names) > 1 or options.json or options.open):
        raise Misuse(f"{quote(found)} takes all results; leave out --json, --open and other -o")
    return None if found is None else Path(found)


@contextmanager
def open_folder(options: Options, files: Sequence[str]) -> Iterator[Delivery]:
    """Say how far results have come that are written elsewhere, in parts."""
    with progress() as told:
        yield Delivery(options, [], told, tally=Tally(files))


def paths_of(options: PictureOptions) -> list[Path]:
    """The files to write, each once; a page of its own where one is only to be opened."""
    if options.open and not options.output:
        return [Path(tempfile.mkdtemp(prefix="attnviz-")) / "attention.html"]
    return [Path(name) for name in dict.fromkeys(options.output or ())]


def _check(path: Path, options: Options, several: bool) -> None:
    """Refuse a file that cannot hold what it would be given."""
    require_suffix(path, FORMATS)
    format = FORMATS[suffix_of(path)]
    if options.json and leads_to_stdout(path):
        raise Misuse(f"--json and -o {quote(path, 200)} both write to standard output; give one")
    if format.drawn:
        options.style()
    if suffix_of(path) == ".csv" and options.mean:
        raise Misuse(
            f"{quote(path, 200)} holds each head by itself and no mean of them; leave out --mean"
        )
    single = format.holds == "one" or (format.holds == "several matrices" and options.every_head)
    if several and single:
        raise Misuse(
            f"{quote(path, 200)} holds one result and here are several texts; "
            "give one, or write .json or .html"
        )


def require_suffix(
    path: Path, known: Iterable[str], lacking: str = "has no suffix that can be written"
) -> None:
    """Misuse where a file's name does not say which of these it holds; OutputError for no file."""
    if suffix_of(path) not in known:
        with naming(path):
            require_no_other(path)
        raise Misuse(f"{quote(path, 200)} {lacking}; take one of {', '.join(known)}")


def suffix_of(path: Path) -> str:
    """What a file's name says that it holds; a pipe's, or standard output's, need not say it."""
    return path.suffix.lower() or (".json" if streamed(path) else "")


def _stdout_sink(options: Options, continued: bool) -> Sink:
    if options.json:
        return FORMATS[".json"].sink(sys.stdout.buffer, options)
    from attnviz.cli.sinks import Terminal

    return Terminal(options, continued)
