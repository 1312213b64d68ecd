"""``attnviz heads``: what each head does with its weight, as a table."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from attnviz.cli.clusters import CLUSTER
from attnviz.cli.drawing import OUTPUT, documents, drawing
from attnviz.cli.estimates import DRY_RUN, print_estimate
from attnviz.cli.failures import Misuse
from attnviz.cli.heads_each import print_each
from attnviz.cli.long_texts import ShareTold
from attnviz.cli.many import burst_by_burst
from attnviz.cli.options import WEIGHTINGS, kind_names, weighting_names
from attnviz.cli.pictures import FigureOptions, taking
from attnviz.cli.reading import FIELD, FILE, LINES, MODEL, OFFLINE, SKIP_BAD, BadLines
from attnviz.cli.resume import after
from attnviz.cli.tables import print_sentence, print_table
from attnviz.cli.texts import Text, read_bursts
from attnviz.cli.values import one_of
from attnviz.cli.watched import watched

if TYPE_CHECKING:
    from attnviz.cli.heads_resume import Kept
    from attnviz.model import Model
    from attnviz.render.heads_forms import Measured
    from attnviz.result import Weighting


def _measures() -> list[str]:
    from attnviz.render.heads_forms import titles

    return list(titles())


@taking(FigureOptions)
def heads(
    text: Annotated[list[str] | None, typer.Argument(metavar="TEXT", help="Texts.")] = None,
    *,
    file: Annotated[list[str] | None, FILE] = None,
    field: Annotated[str, FIELD] = "text",
    lines: Annotated[bool, LINES] = False,
    model: Annotated[str | None, MODEL] = None,
    offline: Annotated[bool, OFFLINE] = False,
    map: Annotated[
        str | None,
        typer.Option(metavar="MAP", help="encoder, decoder or cross.", autocompletion=kind_names),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="WHICH",
            help="raw, norm (what each weight moves), rollout or flow.",
            autocompletion=weighting_names,
        ),
    ] = None,
    tokens: Annotated[bool, typer.Option("--tokens", help="Measure tokens, not words.")] = False,
    sort: Annotated[
        str | None,
        typer.Option(
            metavar="MEASURE", help="Largest first, as entropy.", autocompletion=_measures
        ),
    ] = None,
    output: Annotated[list[str] | None, OUTPUT] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    each: Annotated[
        bool, typer.Option("--each", help="With --json: a line for each text, of it alone.")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    truncate: Annotated[
        bool, typer.Option("--truncate", help="Cut texts that are too long for the model.")
    ] = False,
    skip_bad: Annotated[bool, SKIP_BAD] = False,
    cluster: Annotated[str | None, CLUSTER] = None,
    dry_run: Annotated[bool, DRY_RUN] = False,
    resume: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Keep sums in a .npz, and go on behind those in it."),
    ] = None,
    options: FigureOptions,
) -> None:
    """Measure what each head does with its weight, over one text or many.

    \b
    attnviz heads "He took the hat and examined it carefully" --sort previous
    attnviz heads -f texts.txt --csv > heads.csv
    attnviz heads -f texts.txt --json --each > heads.jsonl
    attnviz heads -f texts.txt --sort idle -o idle.png
    attnviz heads -f texts.txt --cluster tcp://scheduler:8786
    """
    if as_json and as_csv:
        raise Misuse("--json and --csv are two forms of one table; give one of them")
    if each and (not as_json or output or resume is not None):
        raise Misuse(
            "--each prints a line of JSON for each text; give --json, and no -o or --resume"
        )
    if resume is not None and (len(file or ()) != 1 or text or dry_run):
        raise Misuse("--resume goes by the number of a line; give one file with -f, and it alone")
    weighting: Weighting = one_of(*WEIGHTINGS).of("--weights", weights) or "raw"
    from attnviz import probing
    from attnviz.display import document_of
    from attnviz.model import DEFAULT, load
    from attnviz.render.heads_forms import Measured, titles

    known = list(titles())
    if sort is not None and sort not in known:
        raise Misuse(f"--sort '{sort}' is no measure; take one of {', '.join(known)}")
    bad = BadLines(skip=skip_bad)
    how: dict[str, Any] = {"map": map, "tokens": tokens, "truncate": truncate, "weights": weighting}
    with drawing(None if dry_run else output, options, as_json=as_json) as draw:
        loaded = load(model or DEFAULT, offline=offline)
        if documents(output, as_json=as_json) and not dry_run:
            loaded.fingerprint()
        bursts = read_bursts(text or (), file or (), lines=lines, field=field, tell=bad.tell)
        if dry_run:
            _estimate(loaded, bursts, how, cluster, as_json=as_json)
            bad.finish()
            return
        if each:
            answers = sys.stdout.isatty()  # which appear one by one: that is progress enough
            with watched(cluster, loaded, file or (), silent=answers) as place:
                waited = burst_by_burst(bursts, file or (), text or ())
                told: dict[str, Any] = {"place": place, "tell": bad.refused, "sort": sort}
                print_each(probing.heads_of_each(loaded, waited, **how, **told))
            bad.finish()
            return
        kept = None if resume is None else _kept(resume, loaded, how)
        if kept and kept.last:
            bursts = after(bursts, kept.last)
        also = kept.add if kept else None
        try:
            with watched(cluster, loaded, file or (), also) as place:
                more: dict[str, Any] = {"place": place, "begun": kept.sums if kept else None}
                more["share"] = ShareTold(place.told, "measuring")
                texts = chain.from_iterable(bursts)
                found = probing.heads(loaded, texts, **how, **more, tell=bad.refused, sort=sort)
        finally:
            if kept:
                kept.write()
        if as_json:
            print(json.dumps(document_of(found)))  # noqa: T201
        elif as_csv:
            print(Measured(found).csv(), end="")  # noqa: T201
        elif not output:
            _print(Measured(found))
        draw(found)
    bad.finish()


def _kept(path: str, model: Model, how: dict[str, Any]) -> Kept:
    """The sums that are in a file, which is made if it is not there."""
    from attnviz.cli.heads_resume import Kept

    return Kept(Path(path), {**how, "sha256": model.fingerprint().sha256})


def _estimate(
    model: Model,
    bursts: Iterable[list[Text]],
    how: dict[str, Any],
    cluster: str | None,
    *,
    as_json: bool,
) -> None:
    from attnviz.corpus.head_measures import heads_job, text_of
    from attnviz.probing import measured_kind

    options = {name: one for name, one in how.items() if name != "map"}
    job = heads_job(measured_kind(model, how["map"]), **options)
    texts = chain.from_iterable(bursts)
    print_estimate(model, job, texts, text_of, cluster=cluster, as_json=as_json)


def _print(shown: Measured) -> None:
    """Head by head, and what the columns mean under them."""
    from attnviz.render.labels import labels_text

    found = shown.found
    texts = "1 text" if found.n_texts == 1 else f"{found.n_texts} texts"
    rows = [[shown.place, *found.names, "found to be"]]
    for head in found.order:
        values = found.of(head).values()
        numbers = ["" if math.isnan(x) else f"{x:.2f}" for x in values]
        rows.append([shown.named(head), *numbers, labels_text(found.labels.get(head, ()))])
    print_table(rows)
    words = f"Means over {found.n_queries} words of {texts}, special tokens not counted."
    print()  # noqa: T201
    print_sentence(words)
