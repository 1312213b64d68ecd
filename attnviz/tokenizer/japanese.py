"""BERT's tokenizers for Japanese: MeCab finds the words, which are then cut up, or spelled."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from typing import Any

from tokenizers import Tokenizer, decoders, models, normalizers

from attnviz.errors import BadCheckpoint, UnsupportedModel, quote
from attnviz.tokenizer.found_pieces import Find, Found, find_with, looked_up
from attnviz.tokenizer.settings import Settings, content_of, switch
from attnviz.tokenizer.special_tokens import add_every_token, cls_and_sep, given_extra

NAMES = {f"{name}_token": f"[{name.upper()}]" for name in ("unk", "sep", "pad", "cls", "mask")}
DICTIONARIES = ("ipadic", "unidic_lite", "unidic")
EXTRA = "pip install 'attnviz[japanese]'"


def japanese(words: bytes, settings: Settings) -> Tokenizer:
    """The tokenizer of a vocab.txt; UnsupportedModel for other word finders than MeCab."""
    named = {**NAMES, **settings}
    kind = settings.get("subword_tokenizer_type") or "wordpiece"
    finder = settings.get("word_tokenizer_type") or "basic"
    if finder != "mecab" or kind not in ("wordpiece", "character"):
        raise UnsupportedModel(
            f"attnviz finds Japanese words with mecab and cuts them by wordpiece or character; "
            f"this tokenizer has {quote(finder)} and {quote(kind)}"
        )
    ids = {word: id for id, word in enumerate(words.decode().split("\n")) if word}
    unknown = content_of(named["unk_token"])
    if unknown not in ids:
        raise BadCheckpoint(f"vocab.txt lacks {quote(unknown)}, the unk_token of the tokenizer")
    find = _mecab(
        settings.get("mecab_kwargs") or {}, bool(switch(settings, "do_lower_case", False))
    )
    if kind == "character":
        tokenizer = looked_up(ids, named, _spelled(find))
    else:
        tokenizer = Tokenizer(models.WordPiece(ids, unk_token=unknown))
        find_with(tokenizer, lambda text: (word for word in find(text) if word.piece.strip()))
        add_every_token(tokenizer, named, given_extra(named))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.decoder = decoders.WordPiece(prefix="##", cleanup=False)
    tokenizer.post_processor = cls_and_sep(tokenizer, named)
    return tokenizer


def _mecab(options: Mapping[str, Any], lower: bool) -> Find:
    """MeCab with the dictionary that the options name; nothing else of them is obeyed."""
    name = options.get("mecab_dic", "unidic_lite")
    if name not in DICTIONARIES or options.get("mecab_option"):
        raise UnsupportedModel(
            f"attnviz runs MeCab with {', '.join(DICTIONARIES)} and no further option; this "
            f"tokenizer has mecab_kwargs {quote(dict(options))}"
        )
    missing = [each for each in ("fugashi", name) if importlib.util.find_spec(each) is None]
    if missing:
        raise UnsupportedModel(f"finding Japanese words needs {' and '.join(missing)}: run {EXTRA}")
    import fugashi

    folder = _dictionary(name)
    tagger = fugashi.GenericTagger(f'-d "{folder}" -r "{folder}/mecabrc"')

    def find(text: str) -> Iterator[Found]:
        at = 0
        for word in tagger(text):
            start = text.index(word.surface, at)
            at = start + len(word.surface)
            yield Found(word.surface.lower() if lower else word.surface, start, at)

    return find


def _dictionary(name: str) -> str:
    """The folder of a dictionary for MeCab that was installed as a package."""
    if name == "ipadic":
        from ipadic import DICDIR
    elif name == "unidic":
        from unidic import DICDIR
    else:
        from unidic_lite import DICDIR
    return str(DICDIR)


def _spelled(find: Find) -> Find:
    def found(text: str) -> Iterator[Found]:
        for word in find(text):
            for i, char in enumerate(word.piece):
                start = min(word.start + i, word.end - 1)
                yield Found(char, start, start + 1)

    return found
