"""PhoBERT's and BERTweet's tokenizers: words cut by vocab.txt and bpe.codes, ``@@`` where cut."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping

from tokenizers import Regex, Tokenizer, decoders, processors

from attnviz.errors import BadCheckpoint, InputError, UnsupportedModel, quote
from attnviz.tokenizer.found_pieces import Found, looked_up
from attnviz.tokenizer.settings import Settings, content_of, switch, token_id

NAMES = {
    "bos_token": "<s>",
    "pad_token": "<pad>",
    "eos_token": "</s>",
    "unk_token": "<unk>",
    "cls_token": "<s>",
    "sep_token": "</s>",
    "mask_token": "<mask>",
}
FIRST = ("bos_token", "pad_token", "eos_token", "unk_token")
WORD = re.compile(r"\S+\n?")
END, CUT = "</w>", "@@"
LONGEST = 5000  # characters of a word; merging takes time with their square


def marked_words(words: bytes, codes: bytes, settings: Settings) -> Tokenizer:
    """The tokenizer of a vocabulary and its merges; each line of both ends with a count."""
    if switch(settings, "normalization", False):
        raise UnsupportedModel(
            "attnviz does not rewrite tweets (normalization); give texts that are, or set it false"
        )
    named = {**NAMES, **settings}
    ids: dict[str, int] = {}
    for word in (*(content_of(named[name]) for name in FIRST), *_words(words)):
        ids[word] = len(ids)
    cutter = _Cutter(_ranks(codes))
    tokenizer = looked_up(ids, named, cutter.find)
    joined = (decoders.Replace(Regex(r"(?<!@@)\z"), " "), decoders.Replace(Regex(r"@@\z"), ""))
    last = decoders.Replace(Regex(r" \z"), "")
    tokenizer.decoder = decoders.Sequence([*joined, decoders.Fuse(), last])
    cls, sep = (token_id(tokenizer, named, name) for name in ("cls_token", "sep_token"))
    tokenizer.post_processor = processors.RobertaProcessing(sep, cls, False, False)
    return tokenizer


def _words(raw: bytes) -> list[str]:
    lines = [line.strip() for line in raw.decode().splitlines()]
    if any(" " not in line for line in lines):
        raise BadCheckpoint("vocab.txt has a line without a count")
    return [line.rpartition(" ")[0] for line in lines]


def _ranks(raw: bytes) -> dict[tuple[str, str], int]:
    pairs = [line.split()[:-1] for line in raw.decode().split("\n")[:-1]]
    wrong = next((pair for pair in pairs if len(pair) != 2), None)
    if wrong is not None:
        raise BadCheckpoint(f"bpe.codes has {quote(wrong)} where two parts and a count should be")
    return {(pair[0], pair[1]): rank for rank, pair in enumerate(pairs)}


class _Cutter:
    """Byte-pair encoding of words (Sennrich et al. 2016), whose last part is marked as the end."""

    def __init__(self, ranks: Mapping[tuple[str, str], int]) -> None:
        self._ranks = ranks

    def find(self, text: str) -> list[Found]:
        """The parts of each word, all but a word's last one marked as cut."""
        found = []
        for word in WORD.finditer(text):
            at = word.start()
            parts = self._cut(word.group())
            for i, part in enumerate(parts):
                more = CUT if i + 1 < len(parts) else ""
                found.append(Found(part + more, at, at + len(part)))
                at += len(part)
        return found

    def _cut(self, word: str) -> list[str]:
        if len(word) == 1:
            return [word]
        if len(word) > LONGEST:
            raise InputError(f"a word of {len(word):,} characters is too long to be cut up")
        parts = [*word[:-1], word[-1] + END]
        while len(parts) > 1:
            pairs = itertools.pairwise(parts)
            best = min(pairs, key=lambda pair: self._ranks.get(pair, len(self._ranks)))
            if best not in self._ranks:
                break
            parts = _merged(parts, best)
        parts[-1] = parts[-1].removesuffix(END)
        return parts


def _merged(parts: list[str], pair: tuple[str, str]) -> list[str]:
    merged: list[str] = []
    i = 0
    while i < len(parts):
        both = tuple(parts[i : i + 2]) == pair
        merged.append("".join(pair) if both else parts[i])
        i += 2 if both else 1
    return merged
