"""``attnviz run``: text in, attention out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from attnviz.cli.deliver import open_delivery
from attnviz.cli.failures import Misuse
from attnviz.cli.languages import language_codes
from attnviz.cli.models import complete_name
from attnviz.cli.options import Options, view_options
from attnviz.cli.texts import Text, one_text, read_texts
from attnviz.cli.values import whole

if TYPE_CHECKING:
    from attnviz.model import Model
    from attnviz.result import AttentionResult

__all__ = ["run"]


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
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            metavar="NAME",
            envvar="ATTNVIZ_MODEL",
            help="An embedded model, a folder, or org/name on the Hub.",
            autocompletion=complete_name,
        ),
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Use only models that are on this machine.")
    ] = False,
    lines: Annotated[bool, typer.Option("--lines", help="Take every line as a text.")] = False,
    truncate: Annotated[
        bool, typer.Option("--truncate", help="Cut a text that is too long for the model.")
    ] = False,
    top: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Print only the N strongest links; for texts too long for maps."
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
    attnviz run --lines --json - < texts.txt > attention.json
    """
    if target is not None and max_new_tokens is not None:
        raise Misuse("--target is the whole target, so --max-new-tokens adds nothing; give one")
    texts = read_texts(text or (), lines=lines)
    _require_one(texts, pair=pair, target=target)
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
    if top and (options.draws() or pair or target or generate):
        raise Misuse("--top prints links and nothing else; --json is all that goes with it")
    with open_delivery(options, len(texts), continued=bool(generate)) as delivery:
        from attnviz.model import DEFAULT, load

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
        if options.documents():
            loaded.fingerprint()
        if top:
            from attnviz.cli.top import print_strongest

            delivery.told.hide()
            print_strongest(loaded, texts, top, options, truncate=truncate, **reading)
        else:
            for result in _attend(loaded, texts, alone, how):
                delivery.add(result)


def _require_one(texts: list[Text], **alone: str | None) -> None:
    """Refuse what goes with one text if there are several."""
    for name, given in alone.items():
        if given is not None and len(texts) > 1:
            raise Misuse(f"--{name} goes with one text and there are {len(texts)}; run them singly")


def _attend(
    model: Model, texts: list[Text], alone: dict[str, Any], how: dict[str, Any]
) -> Iterator[AttentionResult]:
    """One result for each text, computed only as far as the options show."""
    if len(texts) == 1:
        results = iter([model.attend(texts[0].text, **alone, **how)])
    else:
        results = model.attend_many([text.text for text in texts], **how)
    for text, result in zip(texts, results, strict=True):
        yield replace(result, line=text.line)
