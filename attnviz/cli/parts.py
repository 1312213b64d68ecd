"""``-o folder/``: documents in parts, each written where it is computed, and a manifest of them."""

from __future__ import annotations

import hashlib
import io
import json
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from attnviz import findings
from attnviz.analysis.selection import Selection
from attnviz.cli.formats import FORMATS
from attnviz.cli.options import Options
from attnviz.cli.reading import BadLines
from attnviz.corpus.attended import attend
from attnviz.corpus.lines import Text
from attnviz.corpus.packs import BAD, Bad, Job, Place, packs_of, taken
from attnviz.errors import OutputError, quote
from attnviz.output import all_or_nothing, naming

if TYPE_CHECKING:
    from attnviz.findings import Findings
    from attnviz.model import Model
    from attnviz.model.inputs import Input
    from attnviz.result import ModelInfo


FORMAT = "attnviz-parts/1"
MANIFEST = "manifest.json"


class Numbered(NamedTuple):
    """A text, and the number of the part that its result goes to."""

    part: int
    text: Text

    @property
    def line(self) -> int | None:
        """The line that it stood on."""
        return self.text.line


class Part(NamedTuple):
    """A file of whole lines, a document each; ``first`` and ``last`` are lines of the input."""

    file: str
    texts: int
    first: int | None
    last: int | None
    bytes: int
    sha256: str


class Written(NamedTuple):
    """What a pack gave: its part, its tokens, and what could not be written and why."""

    part: Part
    n_tokens: int
    refused: list[tuple[Numbered, Bad]]


def write_parts(
    place: Place,
    model: Model,
    texts: Iterable[Text],
    bad: BadLines,
    how: Mapping[str, Any],
    options: Options,
    folder: Path,
    said: Callable[[int, int, int | None], None],
) -> None:
    """Write the documents of all texts into a folder, a part for each pack, then the manifest.

    The folder is one that the workers of a cluster share. A part appears whole or not at all, and
    where a run was killed the same run goes on. ``said`` hears of each part: its texts, tokens,
    and last line. OutputError for a folder that holds anything else.
    """
    info = model.fingerprint()
    head = {"format": FORMAT, "model": info.described(), "made": _made(how, options)}
    _begin(folder, head)
    parts: dict[int, Part] = {}

    def missing() -> Iterator[list[Numbered]]:
        for number, pack in enumerate(packs_of(texts, lambda one: one.text)):
            found = _whole(folder / _name(number), pack)
            if found is None:
                yield [Numbered(number, text) for text in pack]
            else:
                parts[number] = found

    known = findings.of(info)
    known.read_all()
    write = partial(_write, folder=folder.absolute(), options=options, info=info, known=known)
    job = Job(partial(_read, how=dict(how)), write)
    for number, one in taken(place.each(job, [missing()]), bad.refused):
        for text, error in one.refused:
            bad.refused(text, error)
        parts[number] = one.part
        said(one.part.texts, one.n_tokens, one.part.last)
    every = [parts[number] for number in sorted(parts)]
    texts_written = sum(part.texts for part in every)
    _put(folder, {**head, "texts": texts_written, "parts": [part._asdict() for part in every]})


def _made(how: Mapping[str, Any], options: Options) -> dict[str, Any]:
    """What decides what documents hold, so that a run goes on with its like alone."""
    chosen = {"weights": options.weighting(), "heads": [str(one) for one in options.named_heads()]}
    names = ("layer", "map", "tokens", "no_special", "ask", "who", "by", "precision")
    return {**how, **chosen, **{name: getattr(options, name) for name in names}}


def _begin(folder: Path, head: Mapping[str, Any]) -> None:
    """Make the folder, or go on in one that the same run has begun."""
    with naming(folder):
        folder.mkdir(parents=True, exist_ok=True)
        there = [*folder.iterdir()]
        files = all(stat.S_ISREG(one.lstat().st_mode) for one in there)  # none that waits or leads
        begun = _manifest(folder) if there and files else None
    if not there:
        _put(folder, head)
    elif begun != json.loads(json.dumps(head)):
        raise OutputError(
            f"{quote(folder, 200)} holds other files than those of this run begun; name a new "
            "folder"
        )


def _manifest(folder: Path) -> object:
    try:
        return json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None


def _put(folder: Path, manifest: Mapping[str, Any]) -> None:
    with all_or_nothing([folder / MANIFEST]) as [stream]:
        stream.write(json.dumps(manifest, ensure_ascii=False).encode() + b"\n")


def _name(number: int) -> str:
    return f"part-{number:06}.jsonl"


def _whole(path: Path, pack: Sequence[Text]) -> Part | None:
    """The part that is there of a pack, if it holds the results of all its texts."""
    try:
        lines = path.read_bytes().splitlines(keepends=True) if path.is_file() else []
        ends = [json.loads(lines[at]) for at in (0, -1)]
        said = [(one["line"], one["texts"][0]) for one in ends]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    if len(lines) != len(pack) or said != [(pack[at].line, pack[at].text) for at in (0, -1)]:
        return None
    return _part(path, b"".join(lines), pack)


def _part(path: Path, data: bytes, texts: Sequence[Text]) -> Part:
    first, last = (texts[at].line if texts else None for at in (0, -1))
    return Part(path.name, len(texts), first, last, len(data), hashlib.sha256(data).hexdigest())


def _read(model: Model, one: Numbered, *, how: Mapping[str, Any]) -> Input:
    return model.read(one.text.text, **how)


def _write(
    model: Model,
    given: Sequence[tuple[Numbered, Input]],
    cores: int | None,  # noqa: ARG001
    *,
    folder: Path,
    options: Options,
    info: ModelInfo,
    known: Findings,
) -> tuple[int, Written]:
    """Write the part of a pack; another try of the same writes the same bytes.

    It runs on one core, as it does among others: on more, sums have other last digits.
    """
    pairs = [(one.text, read) for one, read in given]
    how: dict[str, Any] = {"layers": options.layers(), "weights": options.weighting()}
    results = attend(model, pairs, 1, info=info, **how)
    refused: list[tuple[Numbered, Bad]] = []
    data, texts, number = io.BytesIO(), [], given[0][0].part
    sink = FORMATS[".json"].sink(data, options)
    for (one, _), result in zip(given, results, strict=True):
        try:
            sink.add(Selection(result, options, known))
            texts.append(one.text)
        except BAD as error:
            refused.append((one, error))
    path = folder / _name(number)
    with all_or_nothing([path]) as [stream]:
        stream.write(data.getbuffer())
    n_tokens = sum(len(read.tokens) for _, read in given)
    return number, Written(_part(path, data.getvalue(), texts), n_tokens, refused)
