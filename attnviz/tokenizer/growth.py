"""How much longer a tokenizer.json can make a text: bounded before anything is encoded."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from attnviz.errors import BadCheckpoint, TooLong, quote
from attnviz.memory import require

PARTS = ("added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder")
NESTED = ("normalizers", "pretokenizers", "processors", "decoders")
MOST_STEPS = 200
MOST_FACTOR = 100.0  # no tokenizer in use comes near
MOST_ADDED = 1_000_000  # characters or tokens
MOST_CHARACTERS = 500_000_000  # of a text once it is normalized
BYTES_PER_CHARACTER = 250  # of a text while it is encoded and its tokens are labelled
LONGEST_WORD = 10_000  # characters; WordPiece takes time with their square
USUAL_CHARSMAP = 64  # characters that one may become; Unicode's own longest has 18

SPACE = re.compile(r"[ \t\r\n]*")
ESCAPED_LETTER = re.compile(r"\\u00[2-7]")
WORD_LIMIT = re.compile(r'"max_input_chars_per_word"\s*:\s*(\d+)')
# A regular expression that matches one character at least, in every dialect.
NEVER_EMPTY = re.compile(r"(?:(?:\\[sSdDwW]|\[[^\[\]\\]+\]|[\w \n\t.])(?:\+|\{[1-9],?\d*\})?)+")


class Growth(NamedTuple):
    """A text of n characters becomes at most ``factor`` · n + ``added``.

    ``wary`` says that regular expressions are searched for in it, which can take for ever.
    """

    factor: float = 1.0
    added: float = 0.0
    wary: bool = False

    def then(self, factor: float, added: float = 0.0) -> Growth:
        """What it is after one more step."""
        return self._replace(factor=self.factor * factor, added=self.added * factor + added)

    def require(self, n_characters: int) -> None:
        """Raise TooLong or TooBig for a text that is more than can be encoded."""
        most = self.factor * n_characters + self.added
        if most > MOST_CHARACTERS:
            raise TooLong(
                f"a text of {n_characters:,} characters is more than can be encoded at once; "
                "give it in parts"
            )
        require(
            int(BYTES_PER_CHARACTER * most),
            f"encoding a text of {n_characters:,} characters",
            "give it in parts",
        )


def growth_of(raw: bytes) -> Growth:
    """The growth that a tokenizer.json allows; BadCheckpoint for more than any honest one needs."""
    try:
        parts = list(_parts(raw.decode("utf-8-sig")))
    except RecursionError:
        raise BadCheckpoint("it is nested too deeply to be read") from None
    except ValueError:
        raise BadCheckpoint("it is not JSON") from None
    steps = [step for name, part in parts if name != "added_tokens" for step in _steps(part)]
    if len(steps) > MOST_STEPS:
        raise BadCheckpoint(f"it has {len(steps)} steps, more than {MOST_STEPS}")
    growth = Growth(wary=any("Regex" in str(step.get("pattern")) for step in steps))
    seen: set[str] = set()
    for step in steps:
        growth = growth.then(*_growth_of_step(step, seen))
    contents = sum(_length(token) for name, part in parts if name == "added_tokens"
                   for token in _listed(part))  # fmt: skip
    if growth.factor > MOST_FACTOR or growth.added > MOST_ADDED:
        raise BadCheckpoint(
            "it makes a text far longer than any honest one does, up to "
            f"{growth.factor:,.0f} times as long"
        )
    growth.require(contents)
    return growth


def _parts(text: str) -> Iterator[tuple[str, Any]]:
    """The parts of the object that can make a text longer, each as often as it is there.

    The model, which is nearly all of the file, is skipped where nothing behind it can matter.
    """
    decoder = json.JSONDecoder()
    at = _past(text, 0, "{")
    while text[at : at + 1] != "}":
        key, at = decoder.raw_decode(text, at)
        at = _past(text, at, ":")
        if key == "model" and not _matters(text, at):
            _require_short_words(WORD_LIMIT.findall(text, at))
            return
        value, at = decoder.raw_decode(text, at)
        if key == "model" and isinstance(value, Mapping):
            _require_short_words([value.get("max_input_chars_per_word", 0)])
        elif key in PARTS:
            yield key, value
        at = _past(text, at, "")
        at = _past(text, at, "," if text[at : at + 1] == "," else "")


def _past(text: str, at: int, sign: str) -> int:
    """The place behind a sign and the space around it."""
    found = SPACE.match(text, at)
    at = found.end() if found else at
    if not text.startswith(sign, at) or at >= len(text):
        raise ValueError("not an object")
    found = SPACE.match(text, at + len(sign))
    return found.end() if found else at


def _matters(text: str, at: int) -> bool:
    """Whether from here on a part may follow that overrules an earlier one."""
    return any(text.find(f'"{name}"', at) >= 0 for name in PARTS) or bool(
        ESCAPED_LETTER.search(text, at)
    )


def _require_short_words(limits: list[Any]) -> None:
    for limit in limits:
        if len(str(limit)) > 18 or int(limit or 0) > LONGEST_WORD:
            raise BadCheckpoint(
                f"it takes words of {quote(limit)} characters apart, more than {LONGEST_WORD:,}"
            )


def _steps(part: object) -> Iterator[Mapping[str, Any]]:
    """The steps of a part in their order, those that are nested in others included."""
    if isinstance(part, list):
        for each in part:
            yield from _steps(each)
    elif isinstance(part, dict):
        yield part
        for name in NESTED:
            yield from _steps(part.get(name))


def _growth_of_step(step: Mapping[str, Any], seen: set[str]) -> tuple[float, float]:
    """How often longer a step makes a text at most, and how much it adds.

    Known by what it holds, for the library needs no type. What is only done once, by nature or
    because doing it again changes nothing, counts from the second time on.
    """
    if "content" in step and "pattern" in step:
        return _replacement(step["pattern"], str(step["content"]))
    if "prepend" in step:
        return 1.0, len(str(step["prepend"]))
    if "single" in step or "pair" in step:
        return _template(step)
    kind = str(step.get("type"))
    if "precompiled_charsmap" in step:
        longest = longest_of_charsmap(_decoded(step["precompiled_charsmap"]))
        kind, again = "Precompiled", float(max(longest, 1))
        if longest > USUAL_CHARSMAP:
            return again, 0.0
    else:
        again = {"ByteLevel": 4.0, "Metaspace": 2.0}.get(kind, 1.0)
    first = kind not in seen
    seen.add(kind)
    return (1.0 if first else again), 1.0


def _replacement(pattern: object, content: str) -> tuple[float, float]:
    """Every match becomes the content; where nothing can match, it comes between all characters."""
    match pattern:
        case {"String": str(found)} if found:
            return max(1.0, len(content) / len(found)), 0.0
        case {"Regex": str(regex)} if NEVER_EMPTY.fullmatch(regex):
            return max(1.0, float(len(content))), 0.0
    return 1.0 + len(content), float(len(content))


def _template(step: Mapping[str, Any]) -> tuple[float, float]:
    """The tokens that a template puts around a text, and how often it repeats the text itself."""
    pieces = [piece for name in ("single", "pair") for piece in _listed(step.get(name))]
    texts = [piece for piece in pieces if isinstance(piece, dict) and "Sequence" in piece]
    tokens = step.get("special_tokens")
    ids = [_listed(token.get("ids")) for token in tokens.values() if isinstance(token, dict)] \
        if isinstance(tokens, dict) else []  # fmt: skip
    longest = max((len(each) for each in ids), default=1)
    # A template of one text and one of two: three texts are none too many.
    return max(1.0, len(texts) / 3), float(longest * len(pieces))


def longest_of_charsmap(table: bytes) -> int:
    """The longest text that a SentencePiece table turns a character into, in bytes.

    BadCheckpoint for a table that says it is longer than it is: the tokenizers library takes
    memory for what it says, which may be 4 GB, before it looks.
    """
    trie = int.from_bytes(table[:4], "little")
    if trie > max(len(table) - 4, 0):
        raise BadCheckpoint("it has a precompiled_charsmap that is shorter than it says")
    return max(map(len, table[4 + trie :].split(b"\0")), default=0)


def _decoded(charsmap: object) -> bytes:
    try:
        return base64.b64decode(charsmap, validate=False) if isinstance(charsmap, str) else b""
    except (binascii.Error, ValueError):
        return b""


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _length(token: object) -> int:
    return len(str(token.get("content"))) if isinstance(token, dict) else 0
