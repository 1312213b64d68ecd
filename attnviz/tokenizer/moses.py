"""BioGPT's and XLM's tokenizers: Moses finds the words, which merges then cut up."""

from __future__ import annotations

import html
import importlib.util
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tokenizers import Tokenizer, decoders, processors

from attnviz.errors import BadCheckpoint, UnsupportedModel, quote
from attnviz.tokenizer.found_pieces import Find, Found, looked_up
from attnviz.tokenizer.settings import Settings, content_of, switch, token_id
from attnviz.tokenizer.word_merges import END, WordMerges

Words = Callable[[str], list[str]]

EXTRA = "pip install 'attnviz[moses]'"
BIOGPT = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "unk_token": "<unk>",
    "sep_token": "</s>",
    "pad_token": "<pad>",
}
XLM = {
    "bos_token": "<s>",
    "unk_token": "<unk>",
    "sep_token": "</s>",
    "pad_token": "<pad>",
    "cls_token": "</s>",
    "mask_token": "<special1>",
    "additional_special_tokens": [f"<special{i}>" for i in range(10)],
}
SIGNS = str.maketrans({
    **dict(zip("，、∶：？！（）；～━〈〉【】％", ",,::?!();~-<>[]%", strict=True)),
    **dict.fromkeys("”“《》」「", '"'),
    **{chr(ord("０") + digit): str(digit) for digit in range(10)},
    "’": "'",
    "…": "...",
})  # fmt: skip
"""What Moses writes for signs of Chinese and Japanese."""
FULL_STOP = re.compile(r"[。．]\s*")
DASH = "@-@"  # a dash within a word


def biogpt(vocabulary: Mapping[str, Any], merges: bytes, settings: Settings) -> Tokenizer:
    """BioGPT (Luo et al. 2022): </s> stands before each text."""
    moses = _sacremoses().MosesTokenizer(lang="en")

    def words(text: str) -> list[str]:
        found = moses.tokenize(text, aggressive_dash_splits=True, return_str=False, escape=True)
        return [word for word in found if word]

    named = {**BIOGPT, **settings}
    tokenizer = _looked_up(vocabulary, merges, named, words)
    sep = token_id(tokenizer, named, "sep_token")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=[sep[0], "$A"], pair=[sep[0], "$A", sep[0], "$B"], special_tokens=[sep]
    )
    return tokenizer


def xlm(vocabulary: Mapping[str, Any], merges: bytes, settings: Settings) -> Tokenizer:
    """XLM (Lample & Conneau 2019), which takes every text for English, as transformers does."""
    sacremoses = _sacremoses()
    signs, moses = sacremoses.MosesPunctNormalizer(lang="en"), sacremoses.MosesTokenizer(lang="en")
    lowers = bool(switch(settings, "do_lowercase_and_remove_accent", True))

    def words(text: str) -> list[str]:
        plain = signs.normalize(FULL_STOP.sub(". ", text.translate(SIGNS)))
        printed = "".join(char for char in plain if unicodedata.category(char)[0] != "C")
        found = moses.tokenize(printed, return_str=False, escape=False)
        return [word for word in (_lowered(found) if lowers else found) if word]

    named = {**XLM, **settings}
    tokenizer = _looked_up(vocabulary, merges, named, words)
    bos, sep = (token_id(tokenizer, named, name) for name in ("bos_token", "sep_token"))
    tokenizer.post_processor = processors.TemplateProcessing(
        single=[bos[0], "$A", sep[0]],
        pair=[f"{bos[0]}:0", "$A:0", f"{sep[0]}:0", "$B:1", f"{sep[0]}:1"],
        special_tokens=[bos, sep],
    )
    return tokenizer


def _sacremoses() -> Any:
    if importlib.util.find_spec("sacremoses") is None:
        raise UnsupportedModel(f"finding words as Moses does needs sacremoses: run {EXTRA}")
    import sacremoses

    return sacremoses


def _lowered(words: list[str]) -> list[str]:
    """Words in small letters without accents; a sigma is final by the words around it."""
    text = unicodedata.normalize("NFD", " ".join(words).lower())
    return "".join(char for char in text if unicodedata.category(char) != "Mn").lower().split(" ")


def _looked_up(
    vocabulary: Mapping[str, Any], merges: bytes, named: Settings, words: Words
) -> Tokenizer:
    if not all(type(id) is int and 0 <= id < 2**31 for id in vocabulary.values()):
        raise BadCheckpoint("vocab.json does not give each token an id")
    if (unknown := content_of(named["unk_token"])) not in vocabulary:
        raise BadCheckpoint(f"vocab.json lacks {quote(unknown)}, the unk_token of the tokenizer")
    lines = [line.split()[:2] for line in merges.decode().split("\n")[:-1]]
    pairs = [(line[0], line[1]) for line in lines if len(line) == 2]
    tokenizer = looked_up(vocabulary, named, _finding(words, WordMerges(pairs)))
    tokenizer.decoder = decoders.BPEDecoder(suffix=END)
    return tokenizer


def _finding(words: Words, merges: WordMerges) -> Find:
    """The parts of each word, as near as can be told where they stand in the text."""

    def find(text: str) -> Iterator[Found]:
        folded, places = _folded(text)
        at = 0
        for word in words(text):
            written = "-" if word == DASH else _lowered([html.unescape(word)])[0]
            found = folded.find(written, at)
            start = at if found < 0 else found
            at = start if found < 0 else start + len(written)
            yield from _placed(merges.cut(word), places[start], places[max(at - 1, start)] + 1)

    return find


def _folded(text: str) -> tuple[str, list[int]]:
    """A text in small letters without accents, and from where in it each of them is."""
    letters = [(char, place) for place, given in enumerate(text) for char in _lowered([given])[0]]
    return "".join(char for char, _ in letters), [*(place for _, place in letters), len(text)]


def _placed(parts: list[str], start: int, end: int) -> Iterator[Found]:
    last = max(end, start + 1)
    at = start
    for part in parts:
        until = min(at + len(part.removesuffix(END)), last)
        yield Found(part, min(at, last - 1), max(until, min(at, last - 1) + 1))
        at = until
