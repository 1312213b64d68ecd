"""ESM's tokenizer (Lin et al. 2023): the tokens of vocab.txt wherever they stand in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tokenizers import Tokenizer, processors

from attnviz.errors import BadCheckpoint
from attnviz.tokenizer.found_pieces import Found, looked_up
from attnviz.tokenizer.sentencepiece_normalizer import Prefixes
from attnviz.tokenizer.settings import Settings, content_of, switch, token_id

NAMES = {f"{name}_token": f"<{name}>" for name in ("unk", "cls", "pad", "mask", "eos")}
WORD = re.compile(r"\S+")


def amino_acids(words: bytes, settings: Settings) -> Tokenizer:
    """The tokenizer of a vocab.txt; what lies between its tokens is unknown, word by word."""
    named = {**NAMES, **settings}
    tokens = [line.strip() for line in words.decode().splitlines()]
    ids = {token: id for id, token in enumerate(tokens)}
    unknown = content_of(named["unk_token"])
    if unknown not in ids:
        raise BadCheckpoint(f"vocab.txt lacks {unknown}, the unk_token of the tokenizer")
    whole = switch(settings, "split_special_tokens", False)  # then words alone are looked up
    known = Prefixes(iter(() if whole else tokens))

    def find(text: str) -> Iterator[Found]:
        at = free = 0
        while at < len(text):
            length = known.length(text, at)
            if length:
                yield from _words(text, free, at)
                yield Found(text[at : at + length], at, at + length)
                free = at + length
            at += length or 1
        yield from _words(text, free, len(text))

    tokenizer = looked_up(ids, named, find)
    cls, eos = (token_id(tokenizer, named, name) for name in ("cls_token", "eos_token"))
    tokenizer.post_processor = processors.TemplateProcessing(
        single=[cls[0], "$A", eos[0]],
        pair=[cls[0], "$A", eos[0], "$B", eos[0]],
        special_tokens=[cls, eos],
    )
    return tokenizer


def _words(text: str, start: int, end: int) -> Iterator[Found]:
    for word in WORD.finditer(text, start, end):
        yield Found(word.group(), word.start(), word.end())
