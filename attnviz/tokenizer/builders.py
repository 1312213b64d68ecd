"""What is made of the files that a folder may have its tokenizer in, but of tokenizer.json."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from attnviz.checkpoint.files import read_json
from attnviz.errors import UnsupportedModel
from attnviz.tokenizer.amino_acids import amino_acids
from attnviz.tokenizer.byte_tokens import byte_tokenizer
from attnviz.tokenizer.from_sentencepiece import from_sentencepiece
from attnviz.tokenizer.japanese import japanese
from attnviz.tokenizer.layouts import MARIAN, PLAIN, TIKTOKEN, read_file
from attnviz.tokenizer.marked_words import marked_words
from attnviz.tokenizer.moses import biogpt, xlm
from attnviz.tokenizer.sentencepiece_classes import DEFAULTS
from attnviz.tokenizer.sentencepiece_file import SentencePiece, read_sentencepiece
from attnviz.tokenizer.settings import Settings
from attnviz.tokenizer.siglip import siglip
from attnviz.tokenizer.tiktoken_file import is_tiktoken, tiktoken_tokenizer
from attnviz.tokenizer.translation_files import m2m_100, marian, plbart
from attnviz.tokenizer.vocabulary_files import from_vocabulary

_OF_WORDS: Mapping[str, Callable[[bytes, Settings], Tokenizer]] = {
    "BertJapaneseTokenizer": japanese,
    "EsmTokenizer": amino_acids,
}
_OF_MERGES: Mapping[str, Callable[[Mapping[str, Any], bytes, Settings], Tokenizer]] = {
    "BioGptTokenizer": biogpt,
    "XLMTokenizer": xlm,
}
_OF_PIECES: Mapping[str, Callable[[SentencePiece, Settings], Tokenizer]] = {
    "PLBartTokenizer": plbart,
    "SiglipTokenizer": siglip,
}


def build(files: tuple[Path, ...], class_name: str, settings: Settings) -> Tokenizer:
    """The tokenizer of files that are not tokenizer.json; an empty class is that of no class."""
    if not files:
        return byte_tokenizer(settings)
    names = tuple(path.name for path in files)
    match names:
        case ("vocab.json", ("source.spm" | "sentencepiece.bpe.model") as name, *_):
            _require(class_name, "MarianTokenizer" if name == "source.spm" else "M2M100Tokenizer")
            make = marian if name == "source.spm" else m2m_100
            return make(read_sentencepiece(read_file(files[1])), read_json(files[0]), settings)
        case ("vocab.txt", "bpe.codes"):
            return marked_words(read_file(files[0]), read_file(files[1]), settings)
        case ("vocab.txt",) if class_name in _OF_WORDS:
            return _OF_WORDS[class_name](read_file(files[0]), settings)
        case ("vocab.json", "merges.txt") if class_name in _OF_MERGES:
            return _OF_MERGES[class_name](read_json(files[0]), read_file(files[1]), settings)
        case ("vocab.txt",) | ("vocab.json", "merges.txt"):
            return from_vocabulary(files, class_name, settings)
    raw = read_file(files[0])
    if names[0] in TIKTOKEN or (names[0] == PLAIN and is_tiktoken(raw)):
        return tiktoken_tokenizer(raw, {**DEFAULTS.get(class_name, {}), **settings})
    if class_name in _OF_PIECES:
        return _OF_PIECES[class_name](read_sentencepiece(raw), settings)
    renumbered = class_name != "XGLMTokenizer" or names[0] != PLAIN
    return from_sentencepiece(read_sentencepiece(raw), class_name, settings, renumbered=renumbered)


def for_targets(files: tuple[Path, ...], settings: Settings) -> Tokenizer | None:
    """Marian's tokenizer of the language it writes; None where one tokenizer is for both sides."""
    if tuple(path.name for path in files) != MARIAN:
        return None
    return marian(read_sentencepiece(read_file(files[2])), read_json(files[0]), settings)


def _require(class_name: str, needed: str) -> None:
    if class_name != needed:
        raise UnsupportedModel(
            f"attnviz does not know how the tokenizer {class_name} uses such files"
        )
