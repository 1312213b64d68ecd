"""``attnviz run``: text in, attention out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from attnviz.cli.chats import as_chats, read_chat
from attnviz.cli.clusters import CLUSTER
from attnviz.cli.deliver import folder_of, open_delivery, open_folder
from attnviz.cli.estimates import DRY_RUN
from attnviz.cli.failures import Misuse
from attnviz.cli.languages import language_codes
from attnviz.cli.long_texts import deliver_pooled, pooled_of, require_pooled
from attnviz.cli.many import Many, burst_by_burst, peeked
from attnviz.cli.options import Options, view_options
from attnviz.cli.reading import (
    FIELD,
    FILE,
    LINES,
    MODEL,
    OFFLINE,
    RESUME,
    SKIP_BAD,
    TRUNCATE,
    BadLines,
)
from attnviz.cli.resume import after, open_resumed, require_lines
from attnviz.cli.texts import is_one, one_text, read_bursts
from attnviz.cli.values import whole
from attnviz.errors import quote


@view_options
def run(
    text: Annotated[
        list[str] | None,
        typer.Argument(metavar="TEXT", help="A text, or - to read it from stdin."),
    ] = None,
    *,
    pair: Annotated[
        str | None, typer.Option(metavar="TEXT", help="A second text that goes with the first.")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="What a translator is to have written; else it writes."),
    ] = None,
    source_lang: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="CODE",
            help="Language of the text, for models of many: fra_Latn.",
            autocompletion=language_codes,
        ),
    ] = None,
    target_lang: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="CODE",
            help="Language of the target, for models of many: deu_Latn.",
            autocompletion=language_codes,
        ),
    ] = None,
    no_add_special: Annotated[
        bool,
        typer.Option("--no-add-special", help="Add no special tokens around the text."),
    ] = False,
    chat: Annotated[
        bool,
        typer.Option(
            "--chat",
            help="Put the model's chat template around a text or a JSON list of messages, which "
            "may be a .json of -f.",
        ),
    ] = False,
    generation_prompt: Annotated[
        bool,
        typer.Option("--generation-prompt", help="Begin an answer behind the chat."),
    ] = False,
    max_new_tokens: Annotated[
        int | None,
        typer.Option(metavar="N", help="How much a translator writes at most."),
        whole(1),
    ] = None,
    generate: Annotated[
        int | None,
        typer.Option(metavar="N", help="Let a model that writes continue by up to N tokens."),
        whole(1),
    ] = None,
    beams: Annotated[
        int | None,
        typer.Option(metavar="N", help="Write the best text of N at a time, not word by word."),
        whole(1),
    ] = None,
    allow_unknown: Annotated[
        bool,
        typer.Option("--allow-unknown", help="Let the model write the token for unknown words."),
    ] = False,
    model: Annotated[str | None, MODEL] = None,
    offline: Annotated[bool, OFFLINE] = False,
    lines: Annotated[bool, LINES] = False,
    file: Annotated[list[str] | None, FILE] = None,
    field: Annotated[str, FIELD] = "text",
    skip_bad: Annotated[bool, SKIP_BAD] = False,
    resume: Annotated[str | None, RESUME] = None,
    truncate: Annotated[bool, TRUNCATE] = False,
    cluster: Annotated[str | None, CLUSTER] = None,
    dry_run: Annotated[bool, DRY_RUN] = False,
    top: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Print only the N strongest links; for texts too long for maps."
        ),
        whole(1),
    ] = None,
    pooled: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Show a text too long for maps as N by N blocks of its tokens."
        ),
        whole(1),
    ] = None,
    options: Options,
) -> None:
    """Show what the words of a text attend to.

    Several texts give one result each. With --layer or --head, only that part is computed.

    \b
    attnviz run "He took the hat and examined it carefully" --ask it
    attnviz run "He took the hat and examined it carefully" --head 3.1 -o hat.png
    attnviz run -f texts.txt --json > attention.jsonl
    attnviz run -f texts.txt -o parts/
    """
    if target is not None and max_new_tokens is not None:
        raise Misuse("--target is the whole target, so --max-new-tokens adds nothing; give one")
    if chat and (pair or no_add_special):
        raise Misuse("--chat makes one text with its special tokens; give it alone")
    if generation_prompt and not chat:
        raise Misuse("--generation-prompt ends a chat; give --chat with it")
    bad = BadLines(skip=skip_bad)
    whole = {".json": read_chat} if chat else {}
    bursts = read_bursts(
        text or (), file or (), lines=lines, field=field, tell=bad.tell, whole=whole
    )
    several = lines or not is_one(text or (), file or (), whole)
    _require_one(several, pair=pair, target=target)
    alone: dict[str, Any] = {
        name: one_text(given)
        for name, given in (("pair", pair), ("target", target))
        if given is not None
    }
    how: dict[str, Any] = {
        "layers": options.layers(),
        "truncate": truncate,
        "generate": generate or 0,
    }
    reading: dict[str, Any] = {"source_lang": source_lang, "target_lang": target_lang}
    reading = {name: code for name, code in reading.items() if code is not None}
    if no_add_special:
        reading["add_special"] = False
    how |= reading
    if max_new_tokens is not None:
        how["max_new_tokens"] = max_new_tokens
    how |= {"beams": beams, "allow_unknown": allow_unknown}
    other = options.weighting() != "raw" or options.draws() or options.map or resume
    if top and (other or pair or target or generate):
        raise Misuse(
            "--top prints links of a text and nothing else; --json, --by, --tokens, --layer and "
            "--head go with it"
        )
    if pooled:
        if top or pair or target or generate or resume:
            raise Misuse(
                "--pooled shows a text in blocks, and nothing that goes with it; give it alone"
            )
        require_pooled(options)
    if cluster is not None and not several:
        raise Misuse("--cluster is for many texts; give -f or --lines")
    folder = folder_of(options)
    if folder is not None and (top or pooled or resume or not several):
        said = "is a folder, for maps of many texts; name a file in it, or give -f or --lines"
        raise Misuse(f"{quote(folder, 200)} {said}")
    if dry_run and (resume or not several):
        raise Misuse("--dry-run is for many texts; give -f or --lines, and no --resume")
    if folder or dry_run:
        results = open_folder(options, file or ())
    elif resume is not None:
        require_lines(options, n_sources=len(file or ()) + len(text or ()), several=several)
        results = open_resumed(Path(resume), options, file or ())
    else:
        results = open_delivery(
            options, several=several, continued=bool(generate), files=file or ()
        )
    with results as delivery:
        from attnviz.model import DEFAULT, load

        if delivery.last is not None:
            bursts = after(bursts, delivery.last)
        bursts = peeked(bursts)
        delivery.told.say(f"reading {model or DEFAULT}")
        loaded = load(model or DEFAULT, offline=offline)
        delivery.told.say("attending")
        if max_new_tokens is not None and not loaded.has_target:
            raise Misuse(
                f"--max-new-tokens is for models that translate and {loaded.info.name} does not; "
                "--generate N lets a decoder continue a text"
            )
        if (beams or allow_unknown) and (target or not (generate or loaded.has_target)):
            raise Misuse(
                "--beams and --allow-unknown are for what a model writes, and nothing is written "
                "here; leave them out, or let a decoder continue the text with --generate N"
            )
        if chat:
            begun = generation_prompt or bool(generate)
            bursts = as_chats(loaded, bursts, bad, generation_prompt=begun)
        if options.documents() or resume:
            loaded.fingerprint()
        waited = burst_by_burst(bursts, file or (), text or ())
        if top or pooled:
            how = {"truncate": truncate, **reading}
        every = Many(loaded, waited, bad, how, options, cluster)
        if top:
            from attnviz.cli.top import print_strongest, strongest_of

            every.estimate(strongest_of(every, top)) if dry_run else print_strongest(
                every, top, delivery.told
            )
        elif pooled and several:
            job = pooled_of(every, pooled, delivery.told)
            every.estimate(job) if dry_run else every.deliver(delivery, job)
        elif pooled:
            [[only]] = bursts
            deliver_pooled(loaded, loaded.encode(only.text, **how), pooled, options, delivery)
        elif several:
            if dry_run:
                every.estimate()
            elif folder is not None:
                every.write(folder, delivery)
            else:
                every.deliver(delivery)
        else:
            [[only]] = bursts
            delivery.add(loaded.attend(only.text, **alone, **how, weights=options.weighting()))
    bad.finish()


def _require_one(several: bool, **alone: str | None) -> None:
    """Refuse what goes with one text if there are several."""
    for name, given in alone.items():
        if given is not None and several:
            raise Misuse(f"--{name} goes with one text and here are several; run them singly")
