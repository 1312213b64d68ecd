"""``attnviz classify fit``: anybody's labelled texts in, a classifier's folder out."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attnviz.cli.failures import Misuse
from attnviz.cli.models import complete_name
from attnviz.cli.reading import OFFLINE
from attnviz.cli.texts import read_file
from attnviz.cli.values import whole
from attnviz.errors import AttnvizWarning, OutputError, quote
from attnviz.output import all_or_nothing
from attnviz.stderr import say

if TYPE_CHECKING:
    from attnviz.tasks.labelled_texts import LabelledTexts


LOPSIDED = 0.8  # the share of one label from which accuracy alone says little


def fit(
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="A text and its label on each line, or - for stdin."),
    ],
    output: Annotated[
        str,
        typer.Option("--output", "-o", metavar="FOLDER", help="Where to put the classifier."),
    ],
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            metavar="NAME",
            help="The model that reads the texts.",
            autocompletion=complete_name,
        ),
    ] = None,
    offline: Annotated[bool, OFFLINE] = False,
    seed: Annotated[str, typer.Option(metavar="N", help="Begin from other random numbers.")] = "0",
) -> None:
    """Fit a classifier to labelled texts and say how well it does on texts it has not seen.

    FILE has two columns with a tab or a comma between them, a text and its label, in either
    order; there may be any number of labels.

    \b
    attnviz classify fit mails.tsv -o mails
    attnviz classify "You have won a prize" -m mails --why
    """
    chosen = whole(0).of("--seed", seed)
    folder = _folder(output)
    data = read_file(file)

    from attnviz.model import DEFAULT, load
    from attnviz.tasks import labelled_texts
    from attnviz.tasks.card import card_of, report
    from attnviz.tasks.classify import classifier_files
    from attnviz.tasks.fit_classifier import Settings
    from attnviz.tasks.train import train

    given = labelled_texts.parse(data, file)
    _warn(given)
    trained = train(
        load(model or DEFAULT, offline=offline),
        given,
        settings=Settings(seed=chosen),
        tell=_Progress(),
    )
    _write(folder, classifier_files(trained.classifier, card_of(trained, given, file)))
    print("\n".join(report(trained, given)))  # noqa: T201


class _Progress:
    """Tells on stderr what is being done: in place on a terminal, else once for each phase."""

    def __init__(self) -> None:
        self._said = ""

    def __call__(self, phase: str, share: float) -> None:
        if sys.stderr is None:
            return
        if sys.stderr.isatty():
            said = f"{phase} {share:4.0%}"
            if said != self._said:
                end = "\n" if share >= 1 else ""
                say(f"\r{said}\x1b[K{end}")
        else:
            said = phase
            if said != self._said:
                say(f"{phase} …\n")
        self._said = said


def _folder(output: str) -> Path:
    """The folder to write, which may be there already."""
    folder = Path(output)
    try:
        if folder.exists() and not folder.is_dir():
            raise Misuse(f"{quote(output, 200)} is a file; name a folder for the classifier")
        if not folder.absolute().parent.is_dir():
            raise OutputError(
                f"there is no folder {quote(folder.parent, 200)} to make {quote(folder.name)} in"
            )
    except (OSError, ValueError) as error:
        raise Misuse(f"{quote(output, 200)} cannot be a folder: {error}") from None
    return folder


def _write(folder: Path, files: dict[str, bytes]) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{quote(folder, 200)} cannot be made: {error.strerror or error}"
        ) from None
    with all_or_nothing([folder / name for name in files]) as streams:
        for stream, data in zip(streams, files.values(), strict=True):
            stream.write(data)


def _warn(given: LabelledTexts) -> None:
    if given.repeated:
        warnings.warn(
            f"{given.repeated} lines repeat a text and its label, which counts once, so that no "
            "text is measured that the classifier was fitted on",
            AttnvizWarning,
            stacklevel=2,
        )
    name, most = max(given.counts.items(), key=lambda item: item[1])
    if most > LOPSIDED * len(given.texts):
        warnings.warn(
            f"{most} of the {len(given.texts)} texts are {quote(name)}, so that whoever always "
            f"says so is right in {most / len(given.texts):.0%}; look at the table of decisions",
            AttnvizWarning,
            stacklevel=2,
        )
