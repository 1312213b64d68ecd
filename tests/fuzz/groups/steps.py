"""Steps of a tokenizer: every type there is, with odd values in the place of sensible ones."""

from __future__ import annotations

import base64
from random import Random
from typing import Any

from tests.fuzz.values import changed, nasty

__all__ = ["step"]

NESTED = {
    "normalizer": "normalizers",
    "pre_tokenizer": "pretokenizers",
    "post_processor": "processors",
    "decoder": "decoders",
}
PATTERNS: tuple[Any, ...] = (
    {"String": "a"}, {"String": ""}, {"String": "the"}, {"String": "\0"}, {"Regex": "(a+)+$"},
    {"Regex": ""}, {"Regex": "(?=a)"}, {"Regex": "[a-z"}, {"Regex": "\\p{L}+"},
    {"Regex": "(.*)*x"}, {"Regex": "(?<!a)b{1,99999}"},
)  # fmt: skip
CONTENTS = ("", "a", "aa", "a" * 90, "▁", "\x1b", "x" * 5000)
BEHAVIOURS = ("Removed", "Isolated", "MergedWithPrevious", "Contiguous", "Odd")
PLAIN: tuple[dict[str, Any], ...] = (
    {"type": "NFKC"},
    {"type": "Lowercase"},
    {"type": "Strip", "strip_left": True, "strip_right": True},
    {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "lowercase": True},
    {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
    {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
    {"type": "Digits", "individual_digits": True},
    {"type": "CharDelimiterSplit", "delimiter": "a"},
    {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2**31]},
    {"type": "Fuse"},
    {"type": "ByteFallback"},
    {"type": "WordPiece", "prefix": "##", "cleanup": True},
    {"type": "Strip", "content": "a", "start": 2**40, "stop": 1},
)


def step(random: Random, part: str, depth: int = 0) -> Any:
    """A step of a known type, or a sequence of them, some changed beyond recognition."""
    if depth < 3 and random.random() < 0.3:
        again = [step(random, part, depth + 1)] * random.choice((1, 2, 9))
        return {"type": "Sequence", NESTED[part]: [*again, step(random, part, depth + 1)]}
    kind = random.randrange(9)
    pattern = random.choice(PATTERNS) if random.random() < 0.9 else nasty(random)
    found: Any = nasty(random)
    if kind < 2:
        found = {"type": "Replace", "pattern": pattern, "content": random.choice(CONTENTS)}
    elif kind == 2:
        behaviour, invert = random.choice(BEHAVIOURS), random.random() < 0.5
        found = {"type": "Split", "pattern": pattern, "invert": invert, "behavior": behaviour}
    elif kind == 3:
        found = _template(random)
    elif kind == 4:
        table = base64.b64encode(random.randbytes(random.choice((0, 4, 40, 900)))).decode()
        found = {"type": "Precompiled", "precompiled_charsmap": table}
    elif kind == 5:
        found = {"type": "Prepend", "prepend": random.choice(CONTENTS)}
    elif kind < 8:
        found = random.choice(PLAIN)
    return changed(random, found) if isinstance(found, dict) and random.random() < 0.3 else found


def _template(random: Random) -> dict[str, Any]:
    piece = {"Sequence": {"id": random.choice("AB"), "type_id": 0}}
    return {
        "type": "TemplateProcessing",
        "single": [piece] * random.choice((0, 1, 9, 999)),
        "pair": [],
        "special_tokens": nasty(random),
    }
