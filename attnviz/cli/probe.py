"""``attnviz probe``: which heads find which relations, and lenses fitted to annotated text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attnviz.cli.clusters import CLUSTER
from attnviz.cli.drawing import drawing
from attnviz.cli.estimates import DRY_RUN, print_estimate
from attnviz.cli.failures import Misuse
from attnviz.cli.many import prepared
from attnviz.cli.pictures import FigureOptions, taking
from attnviz.cli.probe_fit import Fit, opened_lens, require_fit
from attnviz.cli.reading import FIELD, FILE, MODEL, OFFLINE, SKIP_BAD, TRUNCATE, BadLines
from attnviz.cli.tables import print_sentence, print_table
from attnviz.cli.texts import read_bursts
from attnviz.cli.watched import watched
from attnviz.render.probe_forms import ABOVE, COLUMNS, Relations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attnviz.analysis.probes import Probe, Probes
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
    each: Annotated[
        bool, typer.Option("--each", help="With --json: a line for each file, as it is done.")
    ] = False,
    truncate: Annotated[bool, TRUNCATE] = False,
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
    attnviz probe -f german.conllu -f french.conllu --json --each
    attnviz probe --fit nsubj --conllu en_ewt-ud-train.conllu -o nsubj.json
    """
    bad = BadLines(skip=skip_bad)
    given = _given(file or [], conllu or [], field, bad, truncate=truncate)
    if fit is not None:
        require_fit(given.trees, given.plain, output, each=each)
    if each and (not as_json or output or dry_run):
        raise Misuse("--each prints a line of JSON for each file; give --json, and no -o")
    from attnviz.model import DEFAULT, load

    if fit is not None:
        with opened_lens(None if dry_run else output) as lens:
            loaded = load(model or DEFAULT, offline=offline)
            fitting = Fit(fit, given.trees, bad, cluster, as_json=as_json)
            fitting.estimate(loaded) if dry_run else fitting.run(loaded, lens)
        bad.finish()
        return
    with drawing(None if dry_run else output, options, as_json=as_json) as draw:
        loaded = load(model or DEFAULT, offline=offline)
        if dry_run:
            _estimate(loaded, given, cluster, as_json=as_json)
            bad.finish()
            return
        if each:
            _keep(loaded, given, _print_each(loaded, given, cluster))
        else:
            found = _found(loaded, given, cluster)
            _keep(loaded, given, found)
            if as_json:
                print(json.dumps(Relations(found).document()))  # noqa: T201
            elif not output:
                _print(Relations(found))
            draw(found)
    bad.finish()


@dataclass(frozen=True, slots=True)
class _Given:
    """Treebanks and other files of texts, and how texts are read; made sentences without any."""

    trees: Sequence[str]
    plain: Sequence[str]
    field: str
    bad: BadLines
    truncate: bool

    def texts(self, model: Model) -> Iterator[str] | None:
        """The texts of files that are no treebanks, None where there is no such file."""
        if not self.plain:
            return None
        bursts = read_bursts((), self.plain, lines=False, field=self.field, tell=self.bad.tell)
        read = partial(model.read, truncate=self.truncate)
        return (text.text for text, _ in prepared(read, chain.from_iterable(bursts), self.bad))

    def each(self) -> Iterator[tuple[str, _Given]]:
        """Each file by its name, on its own."""
        for name in self.trees:
            yield name, replace(self, trees=[name], plain=[])
        for name in self.plain:
            yield name, replace(self, trees=[], plain=[name])

    def named(self) -> str:
        """What was asked."""
        from attnviz.probing import MADE_SENTENCES

        names = (Path(name).name for name in (*self.trees, *self.plain))
        return ", ".join(names) or MADE_SENTENCES


def _given(
    files: Sequence[str], trees: Sequence[str], field: str, bad: BadLines, *, truncate: bool
) -> _Given:
    annotated = [one for one in files if one.lower().endswith(".conllu")]
    plain = [one for one in files if one not in annotated]
    return _Given([*trees, *annotated], plain, field, bad, truncate)


def _found(model: Model, given: _Given, cluster: str | None) -> Probes:
    """What heads find in all files together."""
    from attnviz import probing

    tell, texts = given.bad.tell, given.texts(model)
    with watched(cluster, model, [*given.trees, *given.plain]) as place:
        found = probing.probe(model, given.trees, texts=texts, tell=tell, place=place)
    return replace(found, texts=given.named())


def _print_each(model: Model, given: _Given, cluster: str | None) -> dict[str, Probe]:
    """Print what heads find in each file once it is done; return it of all treebanks together."""
    from attnviz.analysis.probes import add_probes

    total: dict[str, Probe] = {}
    for name, one in given.each():
        found = _found(model, one, cluster)
        document = Relations(found).document()
        print(json.dumps({"file": name} | document), flush=True)  # noqa: T201
        if one.trees:
            add_probes(total, found)
    return total


def _keep(model: Model, given: _Given, found: Mapping[str, Probe]) -> None:
    """Label heads from now on by what they found in annotated text."""
    if given.trees:
        from attnviz import findings
        from attnviz.analysis.labels import label_heads

        findings.keep_labels(model, label_heads(found.values()))


def _estimate(model: Model, given: _Given, cluster: str | None, *, as_json: bool) -> None:
    from attnviz import probing
    from attnviz.corpus.relations import RELATIONS, asked_text

    questions = probing.asked(model, given.trees, given.texts(model), given.bad.tell)
    print_estimate(model, RELATIONS, questions, asked_text, cluster=cluster, as_json=as_json)


def _print(relations: Relations) -> None:
    """The table, and what its signs mean under it."""
    print_table([[*COLUMNS], *relations.rows()])
    print()  # noqa: T201
    print_sentence(ABOVE)
