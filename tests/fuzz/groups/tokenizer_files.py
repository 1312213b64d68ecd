"""Tokenizers in other files than JSON, damaged and lied about: SentencePiece, words, tiktoken."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

from attnviz.tokenizer.tokenizer import load_tokenizer
from tests.fuzz.groups.sentencepieces import other_pieces
from tests.fuzz.judge import Case, by_library
from tests.fuzz.values import broken_bytes, broken_json, changed, text

__all__ = ["TokenizerFiles"]

TOKENIZERS = Path(__file__).resolve().parents[2] / "fixtures" / "tokenizers"
FOLDERS = json.loads((TOKENIZERS / "files.json").read_text())
CLASSES = sorted(
    {one["written"].get("tokenizer_config.json", {}).get("tokenizer_class", "") for one in FOLDERS}
)


class TokenizerFiles:
    """One folder, written anew for every input."""

    def __init__(self, place: Path) -> None:
        self.folder = place / "tokenizer"
        self.folder.mkdir()

    def case(self, random: Random) -> Case:
        """A folder whose files are damaged, or whose settings are another's, or both."""
        for path in self.folder.iterdir():
            path.unlink()
        one = random.choice(FOLDERS)
        damaged = random.choice(sorted(one["files"])) if one["files"] else ""
        for name, source in one["files"].items():
            raw = (TOKENIZERS / source).read_bytes()
            pieces = source.endswith(".model") and not source.startswith("tiktoken")
            if name == damaged and pieces and random.random() < 0.6:
                raw = other_pieces(random, raw)
            elif name == damaged and random.random() < 0.7:
                raw = broken_bytes(random, raw)
            (self.folder / name).write_bytes(raw)
        for name, content in one["written"].items():
            if name == "tokenizer_config.json" and random.random() < 0.5:
                content = changed(random, content)
            raw = json.dumps(content).encode()
            rarely = random.random() < 0.05
            (self.folder / name).write_bytes(broken_json(random, content) if rarely else raw)
        if random.random() < 0.2:
            other = {"tokenizer_class": random.choice(CLASSES)}
            (self.folder / "tokenizer_config.json").write_text(json.dumps(other))
        given = text(random)
        return by_library(lambda: encodes(self.folder, given))


def encodes(folder: Path, given: str) -> None:
    """Read a tokenizer, encode texts for both sides, and spell one again."""
    tokenizer = load_tokenizer(folder)
    encoded = tokenizer.encode(given)
    tokenizer.encode(given[:50], "a hat")
    tokenizer.encode_target(given[:50])
    tokenizer.rebuild(encoded.ids[:40])
