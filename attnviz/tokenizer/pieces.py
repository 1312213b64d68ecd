"""A tokenizer's output before it is labelled: pieces of a text, or of the text that ids spell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from tokenizers import Encoding, Tokenizer

from attnviz.brief import brief
from attnviz.errors import InputError
from attnviz.labelling.label import Piece

UNFINISHED = "\N{REPLACEMENT CHARACTER}"  # what decoding makes of a part of a character
MOST_PARTS = 16  # tokens taken together while their bytes end inside a character


@dataclass(frozen=True, slots=True)
class Special:
    """The special tokens of a tokenizer by id, and those that texts get for what is unknown.

    A mask is no special token here: it stands for a word, which one may ask about.
    """

    contents: Mapping[int, str]
    unknown: frozenset[int] = frozenset()

    __repr__ = brief

    def stands_for(self, id: int, written: str) -> bool:
        """Whether a text that is written so is a special token, and not merely unknown."""
        return id in self.contents and not self.lacks(id, written)

    def lacks(self, id: int, written: str) -> bool:
        """Whether the vocabulary has nothing for a text that is written so."""
        return id in self.unknown and written != self.contents.get(id)


def pieces_of_encoding(
    encoding: Encoding, texts: Sequence[str], special: Special
) -> Iterator[Piece]:
    """The pieces of a text, or of a pair, that the tokenizer has encoded."""
    segment, contents, unknown = 0, special.contents, special.unknown
    for id, content, span, put, sequence in zip(
        encoding.ids,
        encoding.tokens,
        encoding.offsets,
        encoding.special_tokens_mask,
        encoding.sequence_ids,
        strict=True,
    ):
        segment = segment if sequence is None else sequence
        if put:
            yield Piece(id, content, segment, None, True)
        elif id in contents or id in unknown:
            written = texts[segment][slice(*span)].strip()
            is_special, lacks = special.stands_for(id, written), special.lacks(id, written)
            yield Piece(id, content, segment, span, is_special, lacks)
        else:
            yield Piece(id, content, segment, span)


def within(pieces: Sequence[Piece], limit: int) -> list[int]:
    """Which pieces are left when texts lose their ends, the longest first, until ``limit`` remain.

    What the tokenizer has put around the texts stays.
    """
    of_text = Counter(piece.segment for piece in pieces if piece.span is not None)
    lengths = [of_text[0], of_text[1]]
    total = sum(lengths)
    room = limit - (len(pieces) - total)
    if room < 1 <= total:
        raise InputError(f"{limit} tokens leave no room for a text beside the special tokens")
    if total > room:
        short = min(*lengths, room // 2)
        lengths = [short, room - short] if lengths[0] <= lengths[1] else [room - short, short]
    kept: list[int] = []
    for i, piece in enumerate(pieces):
        if piece.span is not None:
            lengths[piece.segment] -= 1
        if piece.span is None or lengths[piece.segment] >= 0:
            kept.append(i)
    return kept


def pieces_of_ids(
    tokenizer: Tokenizer, ids: Sequence[int], segments: Sequence[int], special: Special
) -> tuple[list[Piece], tuple[str, ...]]:
    """The pieces of token ids, and the texts that they spell, one for each segment.

    Special tokens stand for no text; an id that the tokenizer does not have is spelled ``#id``.
    """
    writers = [_Writer() for _ in range(max(segments, default=0) + 1)]
    contents = [tokenizer.id_to_token(id) for id in ids]
    silent = special.contents.keys() - special.unknown
    pieces: list[Piece] = []

    def run_of(i: int) -> tuple[int, bool, int | None]:
        return segments[i], ids[i] in silent, i if contents[i] is None else None

    for (segment, is_silent, foreign), run in groupby(range(len(ids)), key=run_of):
        members = list(run)
        if is_silent:
            pieces += [Piece(ids[i], contents[i] or "", segment, None, True) for i in members]
            continue
        if foreign is None:
            text, spans = _spelled(tokenizer, [ids[i] for i in members])
        else:
            text = f"#{ids[foreign]}"
            spans = [(0, len(text))]
        base = writers[segment].add(text)
        for i, (start, end) in zip(members, spans, strict=True):
            span = (base + start, base + end)
            lacks = ids[i] in special.unknown
            pieces.append(Piece(ids[i], contents[i] or text, segment, span, False, lacks))
    return pieces, tuple(writer.text for writer in writers)


class _Writer:
    """A text in the making, with a space between parts that would otherwise grow together."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0

    def add(self, part: str) -> int:
        """Append a part; returns where it begins."""
        if self._parts and not self._parts[-1][-1:].isspace() and not part[:1].isspace():
            self._parts.append(" ")
            self._length += 1
        start = self._length
        self._parts.append(part)
        self._length += len(part)
        return start

    @property
    def text(self) -> str:
        return "".join(self._parts)


def _spelled(tokenizer: Tokenizer, ids: list[int]) -> tuple[str, list[tuple[int, int]]]:
    """The text that ids spell and the span of each, from encoding it again if that gives them."""
    text = tokenizer.decode(ids, skip_special_tokens=False)
    again = tokenizer.encode(text, add_special_tokens=False)
    if again.ids == ids:
        return text, again.offsets
    parts: list[str] = []
    spans: list[tuple[int, int]] = []
    position = 0
    for count, part in _parts(tokenizer, ids):
        spans += [(position, position + len(part))] * count
        parts.append(part)
        position += len(part)
    return "".join(parts), spans


def _parts(tokenizer: Tokenizer, ids: list[int]) -> Iterator[tuple[int, str]]:
    """Tokens decoded after the ones before them, a few at once where they share a character."""
    before: list[int] = []
    together: list[int] = []
    for i, id in enumerate(ids):
        together.append(id)
        left = tokenizer.decode(before, skip_special_tokens=False)
        text = tokenizer.decode(before + together, skip_special_tokens=False)
        part = text.removeprefix(left)
        more = i + 1 < len(ids) and len(together) < MOST_PARTS
        if not (part.endswith(UNFINISHED) and more):
            yield len(together), part
            before, together = together, []
