"""GGUF files whose bytes or sizes are not what they were."""

from __future__ import annotations

from pathlib import Path
from random import Random

import attnviz
from attnviz.tokenizer.tokenizer import load_tokenizer
from tests.fuzz.judge import Case, by_library
from tests.fuzz.values import broken_bytes, text

__all__ = ["Ggufs"]

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "gguf"


class Ggufs:
    """One file, written anew for every input; only its header is damaged."""

    def __init__(self, place: Path) -> None:
        self.files = [path.read_bytes() for path in sorted(FIXTURES.glob("*.gguf"))]
        self.path = place / "model.gguf"

    def case(self, random: Random) -> Case:
        """A file with a damaged beginning, and a text for it."""
        raw = random.choice(self.files)
        cut = random.choice((200, 2000, 12_000))
        head = broken_bytes(random, raw[:cut])
        self.path.write_bytes(head + (raw[cut:] if random.random() < 0.8 else b""))
        given = text(random)
        if random.random() < 0.5:
            return by_library(lambda: load_tokenizer(self.path).encode(given))
        return by_library(lambda: attnviz.load(self.path).attend(token_ids=[1, 2, 3]))
