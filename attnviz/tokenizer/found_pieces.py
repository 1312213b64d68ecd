"""A tokenizer of the tokenizers library whose pieces Python finds, at their places in a text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from tokenizers import (
    NormalizedString,
    PreTokenizedString,
    Tokenizer,
    models,
    pre_tokenizers,
)

from attnviz.tokenizer.settings import Settings, content_of
from attnviz.tokenizer.special_tokens import add_every_token, given_extra


class Found(NamedTuple):
    """A piece as it is written in the vocabulary, and the part of the text that it stands for."""

    piece: str
    start: int
    end: int


Find = Callable[[str], Iterable[Found]]


def looked_up(vocabulary: Mapping[str, int], named: Settings, find: Find) -> Tokenizer:
    """A tokenizer that looks the pieces up as they are found, and else takes the unknown token.

    Added tokens have the ids that the settings say, those without one the next.
    """
    listed = named["added_tokens_decoder"]
    ids = {content_of(token): int(id) for id, token in listed.items() if id.isdecimal()}
    unknown = content_of(named["unk_token"])
    tokenizer = Tokenizer(models.WordLevel({**ids, **vocabulary}, unk_token=unknown))
    find_with(tokenizer, find)
    add_every_token(tokenizer, named, given_extra(named))
    return tokenizer


def find_with(tokenizer: Tokenizer, find: Find, first: Find | None = None) -> None:
    """Let a function find the pieces between added tokens, or the words that a model cuts up.

    Another one may find those in front of the first added token.
    """
    tokenizer.pre_tokenizer = pre_tokenizers.PreTokenizer.custom(_Finder(find, first or find))


class _Finder:
    """What the library calls; it keeps for each piece from where in the text it comes."""

    def __init__(self, find: Find, first: Find) -> None:
        self._find, self._first = find, first

    def pre_tokenize(self, text: PreTokenizedString) -> None:
        text.split(self._pieces)

    def _pieces(self, index: int, part: NormalizedString) -> list[NormalizedString]:
        text = part.normalized
        find = self._find if index else self._first
        return [_written(part, len(text), found) for found in find(text)]


def _written(whole: NormalizedString, n: int, found: Found) -> NormalizedString:
    """The piece, cut out of the text and written as in the vocabulary.

    One that stands for nothing, as a space that is put in front, stands where the next one does.
    """
    end = max(found.end, found.start + 1)
    part = whole[min(found.start, n - 1) : min(end, n)]
    if part is None:
        raise ValueError("a piece stands outside its text")
    if part.normalized != found.piece:
        _rewrite(part, found.piece)
    return part


def _rewrite(part: NormalizedString, piece: str) -> None:
    """Give the part another text, so that its first and last characters stand where they did."""
    n = len(part.normalized)
    same = min(n, len(piece))
    left_out = range(max(same - 1, 1), n - 1 if same > 1 else n)
    places = iter(range(n))
    part.filter(lambda _: n == same or next(places) not in left_out)
    chars = iter(piece)
    part.map(lambda _: next(chars))
    part.append("".join(chars))
