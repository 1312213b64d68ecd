"""``attnviz probe``: which heads find which relations, and lenses fitted to annotated text."""

from __future__ import annotations

import json
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from attnviz.cli.clusters import CLUSTER
from attnviz.cli.drawing import drawing
from attnviz.cli.estimates import DRY_RUN, print_estimate
from attnviz.cli.failures import Misuse
from attnviz.cli.many import prepared
from attnviz.cli.pictures import FigureOptions, taking
from attnviz.cli.probe_forms import ABOVE, COLUMNS, Relations, interval
from attnviz.cli.reading import FIELD, FILE, MODEL, OFFLINE, SKIP_BAD, BadLines
from attnviz.cli.tables import print_sentence, print_table
from attnviz.cli.texts import read_bursts
from attnviz.cli.watched import watched
from attnviz.output import all_or_nothing, naming

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attnviz.model import Model


@taking(FigureOptions)
def probe(
    *,
    model: Annotated[str | None, MODEL] = None,
    offline: Annotated[bool, OFFLINE] = False,
    file: Annotated[list[str] | None, FILE] = None,
    field: Annotated[str, FIELD] = "text",
    conllu: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE", help="A treebank in CoNLL-U; else made sentences. Repeatable."
        ),
    ] = None,
    fit: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Fit a lens: coreference, nsubj, obj, … or head."),
    ] = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="A .png .svg .pdf .html or .json to write. Repeatable. With --fit the lens, which "
            "is kept without.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    skip_bad: Annotated[bool, SKIP_BAD] = False,
    cluster: Annotated[str | None, CLUSTER] = None,
    dry_run: Annotated[bool, DRY_RUN] = False,
    options: FigureOptions,
) -> None:
    """Ask which heads find which relations, how often, and how often simple rules do.

    Heads that are clearly better than every rule are marked * and, where a treebank was asked,
    labelled from then on. Texts without annotation are asked for neighbours and words said again.

    \b
    attnviz probe
    attnviz probe -f en_ewt-ud-dev.conllu -o probe.png
    attnviz probe --fit nsubj --conllu en_ewt-ud-train.conllu -o nsubj.json
    """
    given = file or []
    annotated = [one for one in given if one.lower().endswith(".conllu")]
    plain = [one for one in given if one not in annotated]
    trees = [*(conllu or ()), *annotated]
    if fit is not None and (plain or not trees):
        raise Misuse("--fit learns from annotated text; give it with --conllu FILE")
    if fit is not None and (cluster is not None or dry_run):
        raise Misuse("--fit learns on this machine; leave out --cluster and --dry-run")
    if fit is not None and len(output or ()) > 1:
        raise Misuse("--fit writes one lens; give one -o")
    from attnviz import findings, probing
    from attnviz.analysis.labels import label_heads
    from attnviz.model import DEFAULT, load

    bad = BadLines(skip=skip_bad)
    if fit is not None:
        with _opened(output) as lens:
            loaded = load(model or DEFAULT, offline=offline)
            _fit(loaded, fit, trees, lens, bad, as_json=as_json)
        bad.finish()
        return
    with drawing(None if dry_run else output, options, as_json=as_json) as draw:
        loaded = load(model or DEFAULT, offline=offline)
        texts = _texts(loaded, plain, field, bad) if plain else None
        if dry_run:
            from attnviz.corpus.relations import RELATIONS, asked_text

            questions = probing.asked(loaded, trees, texts, bad.tell)
            estimated = loaded, RELATIONS, questions, asked_text
            print_estimate(*estimated, cluster=cluster, as_json=as_json)
            return
        with watched(cluster, loaded, [*trees, *plain]) as place:
            found = probing.probe(loaded, trees, texts=texts, tell=bad.tell, place=place)
        if trees:
            findings.keep_labels(loaded, label_heads(found.values()))
        asked = ", ".join(Path(name).name for name in (*trees, *plain)) or "made sentences"
        relations = Relations(found, loaded.info.name, asked)
        if as_json:
            print(json.dumps(relations.document()))  # noqa: T201
        elif not output:
            _print(relations)
        draw(relations)
    bad.finish()


@contextmanager
def _opened(output: list[str] | None) -> Iterator[tuple[str, BinaryIO] | None]:
    """The file for a lens and its name, if it is not just kept; it appears once it is written."""
    with all_or_nothing([Path(name) for name in output or ()]) as streams:
        yield (output[0], streams[0]) if output else None


def _texts(model: Model, files: list[str], field: str, bad: BadLines) -> Iterator[str]:
    """The texts of files that are no treebanks."""
    bursts = read_bursts((), files, lines=False, field=field, tell=bad.tell)
    read = partial(model.read, truncate=True)
    return (text.text for text, _ in prepared(read, chain.from_iterable(bursts), bad))


def _print(relations: Relations) -> None:
    """The table, and what its signs mean under it."""
    print_table([[*COLUMNS], *relations.rows()])
    print()  # noqa: T201
    print_sentence(ABOVE)


def _fit(
    model: Model,
    name: str,
    conllu: list[str],
    output: tuple[str, BinaryIO] | None,
    bad: BadLines,
    *,
    as_json: bool,
) -> None:
    from attnviz import findings, probing
    from attnviz.analysis.lens_file import dump_lens

    lens, score = probing.fit_lens(model, name, conllu, tell=bad.tell)
    if output is None:
        place = str(findings.keep_lens(model, lens))
    else:
        place, stream = output
        with naming(Path(place)):
            stream.write(dump_lens(lens).encode())
    shares = {"accuracy": score.accuracy, "joint with nothing": score.joint}
    if score.nouns.high - score.nouns.low < 1:
        shares |= {"nouns": score.nouns, "followed": score.followed}
    if as_json:
        given: dict[str, Any] = {key: one._asdict() for key, one in shares.items()}
        print(json.dumps({"lens": place, **given, "calibration error": score.calibration}))  # noqa: T201
        return
    print_table(
        [
            *([key, interval(one)] for key, one in shares.items()),
            ["calibration error", f"{score.calibration:.3f}"],
            ["lens", place],
        ]
    )
