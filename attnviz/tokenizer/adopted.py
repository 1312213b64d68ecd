"""Tokens of ids and strings that came with somebody else's tokenizer, or with none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tokenizers import Tokenizer as Backend

from attnviz.errors import InputError
from attnviz.labelling.label import Piece, label
from attnviz.labelling.spellings import read_spellings
from attnviz.result import Token
from attnviz.tokenizer.tokenizer import Tokenizer, tokens_without_text


def spelled(ids: Sequence[int], tokenizer: Any) -> tuple[tuple[Token, ...], tuple[str, ...]]:
    """Tokens for ids, and the texts that they spell.

    ``tokenizer`` is a fast one of transformers, one of the tokenizers library, or any object with
    ``convert_ids_to_tokens``, whose strings are then read; None numbers the ids.
    """
    if tokenizer is None:
        return tokens_without_text(ids), ()
    backend = getattr(tokenizer, "backend_tokenizer", tokenizer)
    if isinstance(backend, Backend):
        encoded = Tokenizer.of(backend).rebuild(ids)
        return tuple(encoded.tokens), encoded.texts
    if not hasattr(tokenizer, "convert_ids_to_tokens"):
        raise InputError(
            f"a {type(tokenizer).__name__} is no tokenizer; give one of transformers or tokenizers"
        )
    special = set(getattr(tokenizer, "all_special_ids", ()))
    strings = [str(string) for string in tokenizer.convert_ids_to_tokens(list(ids))]
    read = read_spellings(strings, {s for s, id in zip(strings, ids, strict=True) if id in special})
    tokens = (replace(token, id=id) for token, id in zip(read.tokens, ids, strict=True))
    return tuple(tokens), read.texts


def placed(
    strings: Sequence[str], spans: Sequence[tuple[int, int]], text: str
) -> tuple[Token, ...]:
    """Tokens that stand at these places of a text; an empty span is a special token."""
    outside = next((span for span in spans if not 0 <= span[0] <= span[1] <= len(text)), None)
    if outside is not None:
        raise InputError(f"the offsets {outside} are outside the text of {len(text)} characters")
    pieces = (
        Piece(None, string, 0, None if start == end else (start, end), start == end)
        for string, (start, end) in zip(strings, spans, strict=True)
    )
    return label(pieces, (text,))
