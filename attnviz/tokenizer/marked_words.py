"""PhoBERT's and BERTweet's tokenizers: words cut by vocab.txt and bpe.codes, ``@@`` where cut."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tokenizers import Regex, Tokenizer, decoders, processors

from attnviz.errors import BadCheckpoint, UnsupportedModel, quote
from attnviz.tokenizer.found_pieces import Find, Found, looked_up
from attnviz.tokenizer.settings import Settings, content_of, switch, token_id
from attnviz.tokenizer.word_merges import END, WordMerges

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
CUT = "@@"


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
    tokenizer = looked_up(ids, named, _finding(WordMerges(_pairs(codes))))
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


def _pairs(raw: bytes) -> list[tuple[str, str]]:
    pairs = [line.split()[:-1] for line in raw.decode().split("\n")[:-1]]
    wrong = next((pair for pair in pairs if len(pair) != 2), None)
    if wrong is not None:
        raise BadCheckpoint(f"bpe.codes has {quote(wrong)} where two parts and a count should be")
    return [(left, right) for left, right in pairs]


def _finding(merges: WordMerges) -> Find:
    """The parts of each word, all but a word's last one marked as cut."""

    def find(text: str) -> Iterator[Found]:
        for word in WORD.finditer(text):
            at = word.start()
            parts = merges.cut(word.group())
            parts[-1] = parts[-1].removesuffix(END)
            for i, part in enumerate(parts):
                more = CUT if i + 1 < len(parts) else ""
                yield Found(part + more, at, at + len(part))
                at += len(part)

    return find
