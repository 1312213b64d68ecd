"""SigLIP's tokenizer (Zhai et al. 2023): small letters without signs, cut by SentencePiece."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

from tokenizers import Tokenizer, decoders, processors

from attnviz.tokenizer.found_pieces import Find, Found, find_with, looked_up
from attnviz.tokenizer.sentencepiece_encoder import SentencePieceEncoder
from attnviz.tokenizer.sentencepiece_file import SentencePiece
from attnviz.tokenizer.settings import Settings, content_of, switch, token_id

NAMES = {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "</s>"}
STRIPPED = {"lstrip": True, "rstrip": True, "normalized": False}
SPACE = "▁"
BLANK = re.compile(r"\s")

Placed = list[tuple[str, int]]


def siglip(model: SentencePiece, settings: Settings) -> Tokenizer:
    """A text ends with </s>, unless it does already."""
    named = {**NAMES, **settings}
    for name in NAMES:
        if isinstance(named[name], str):
            named[name] = {"content": named[name], **STRIPPED}
    encode = SentencePieceEncoder(model).encode
    find, first = (
        _finding(encode, content_of(named["unk_token"]), before, lowers)
        for lowers in (bool(switch(settings, "do_lower_case", True)),)
        for before in ("", SPACE)
    )
    ids = {piece.text: id for id, piece in reversed(list(enumerate(model.pieces)))}
    tokenizer = looked_up(ids, named, find)
    find_with(tokenizer, find, first)
    tokenizer.decoder = decoders.Metaspace()
    end = token_id(tokenizer, named, "eos_token")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=["$A", end[0]], pair=["$A", end[0], "$B", end[0]], special_tokens=[end]
    )
    return tokenizer


def _finding(encode: Find, unknown: str, before: str, lowers: bool) -> Find:
    """The pieces behind the unknown token, before which SentencePiece would put a space."""
    n_before = len(list(encode(unknown)))

    def find(text: str) -> Iterator[Found]:
        chars = [(SPACE, 0)] * bool(before) + _plain(text.replace(SPACE, " "), lowers, bool(before))
        places = [*(place for _, place in chars), len(text)]
        pieces = list(encode(unknown + "".join(char for char, _ in chars)))
        for piece in pieces[n_before:] if len(pieces) >= n_before else pieces:
            start, end = (max(at - len(unknown), 0) for at in (piece.start, piece.end))
            yield Found(piece.piece, places[start], places[end])

    return find


def _plain(text: str, lowers: bool, behind: bool) -> Placed:
    """A text without signs, runs of blanks as one space, each character with its place."""
    lowered = text.lower() if lowers else text
    places = [i for i, char in enumerate(text) for _ in (char.lower() if lowers else char)]
    plain: Placed = []
    for char, place in zip(lowered, places, strict=True):
        if BLANK.match(char):
            if (plain or behind) and (not plain or plain[-1][0] != " "):
                plain.append((" ", place))
        elif char not in string.punctuation:
            plain.append((char, place))
    return plain[:-1] if plain and plain[-1][0] == " " else plain
