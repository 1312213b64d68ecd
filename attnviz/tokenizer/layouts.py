"""Which files a folder may have its tokenizer in, and how they are read."""

from __future__ import annotations

from pathlib import Path

from attnviz.checkpoint.files import unreadable
from attnviz.errors import BadCheckpoint, quote

JSON = "tokenizer.json"
PLAIN = "tokenizer.model"
TIKTOKEN = ("tiktoken.model", "qwen.tiktoken")
SENTENCEPIECE = ("spiece.model", PLAIN, "sentencepiece.bpe.model", "spm.model",
                 "sentencepiece.model")  # fmt: skip
MARIAN = ("vocab.json", "source.spm", "target.spm")
M2M_100 = ("vocab.json", "sentencepiece.bpe.model")
MERGES = ("vocab.json", "merges.txt")
MARKED = ("vocab.txt", "bpe.codes")
FORMATS: tuple[tuple[str, ...], ...] = (
    (JSON,), MARIAN, MARKED, ("vocab.txt",), MERGES, M2M_100,
    *((name,) for name in SENTENCEPIECE), *((name,) for name in TIKTOKEN[:1]),
)  # fmt: skip
"""The first of these that a folder has whole is used."""
IN_PYTHON: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("BioGptTokenizer", "XLMTokenizer"), MERGES),
    **dict.fromkeys(("BertweetTokenizer", "PhobertTokenizer"), MARKED),
    **dict.fromkeys(("BertJapaneseTokenizer", "EsmTokenizer"), ("vocab.txt",)),
    "M2M100Tokenizer": M2M_100,
    "MarianTokenizer": MARIAN,
    "PLBartTokenizer": ("sentencepiece.bpe.model",),
    "SiglipTokenizer": ("spiece.model",),
}
"""By class that transformers has in Python, the files it reads even beside a tokenizer.json."""

WITHOUT_FILE = "ByT5Tokenizer"
LARGEST = 200_000_000  # bytes; the largest in use is about a fifth of this


def read_file(path: Path) -> bytes:
    """The bytes of a file of bounded size."""
    if not path.is_file():  # a pipe or a device could block or never end
        raise BadCheckpoint(f"{quote(path)} is not a regular file")
    try:
        if path.stat().st_size > LARGEST:
            raise BadCheckpoint(f"{quote(path)} is larger than {LARGEST // 1_000_000} MB")
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None
