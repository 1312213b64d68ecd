"""Text of users, tokenizers and files made safe to show: what would act becomes visible."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING
from unicodedata import category

if TYPE_CHECKING:
    from attnviz.result import Token


MASKED = "(masked)"  # behind what an attention mask hides from all other tokens
UNKNOWN = "(?)"  # behind what the model's vocabulary has nothing for

# Everything that moves a cursor, reorders or hides text, or is not a character at all. Joiners,
# variation selectors and flag tags are judged by their neighbours instead.
ACTING = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
    "|[\u200c\u200d]"
)
FLAG_OF_A_REGION = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f")
SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
COMPLEX_SCRIPTS = 0x0600  # from here on joiners shape letters; below, they only hide
ESCAPING = "attnviz.escaping"  # the name of an error handler for streams
# Our own signs and what stands for each where the encoding lacks it; every pair is one cell wide.
SIGNS = {
    "−": "-",
    "…": "~",
    "→": ">",
    "←": "<",
    "↓": "v",
    "·": ".",
    "×": "x",
    "│": "|",
    "━": "=",
    "⋮": ":",
    "●": "*",
    "␣": "_",
    "∅": "-",
    "◌": ".",
    "“": '"',
    "”": '"',
}


def visible(text: str) -> str:
    """Text on one line in which nothing acts: escapes, controls and overrides can be read.

    A newline reads ``\\n``, the escape character ``\\x1b``, a bidirectional override ``\\u202e``.
    """
    if text.isascii() and text.isprintable():
        return text
    shown = []
    end = 0
    for flag in FLAG_OF_A_REGION.finditer(text):
        shown += [_disarm(text[end : flag.start()]), flag[0]]
        end = flag.end()
    return "".join(shown) + _disarm(text[end:])


def label(text: str) -> str:
    """A token's text as a label: visible, without outer spaces, and never empty.

    Spaces alone read ``␣``, nothing at all ``∅``; a mark with no letter under it stands on ``◌``.
    """
    shown = visible(text).strip() or "␣" * min(len(text), 3) or "∅"
    return "◌" + shown if category(shown[0]) in ("Mn", "Me", "Mc") else shown


def token_label(token: Token, longest: int | None = None) -> str:
    """A token as a label: the vocabulary's spelling where it has one; marked where unknown."""
    return label((token.spelling or token.text)[:longest]) + marks(token)


def word_label(token: Token) -> str:
    """What stands in the text for a token, as a label; marked where unknown."""
    return label(token.text) + marks(token)


def marks(token: Token) -> str:
    """What stands behind the name of a token that is unknown or hidden by a mask."""
    return UNKNOWN * token.unknown + MASKED * token.masked


def encodable(text: str, encoding: str) -> str:
    """Text that a stream of this encoding can write; what it cannot write is escaped."""
    return text.encode(encoding, ESCAPING).decode(encoding)


def _escaped(error: UnicodeError) -> tuple[str, int]:
    """Our own signs in ASCII, anything else spelt out, for what an encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacked = error.object[error.start : error.end]
    return "".join(SIGNS.get(char) or _spelt(char) for char in lacked), error.end


def _spelt(char: str) -> str:
    return char.encode("ascii", "backslashreplace").decode("ascii")


codecs.register_error(ESCAPING, _escaped)


def _disarm(text: str) -> str:
    return ACTING.sub(_spelt_out, text)


def _spelt_out(found: re.Match[str]) -> str:
    char = found[0]
    if char in "\u200c\u200d" and _joins(found.string, found.start()):
        return char
    return SHORT.get(char) or char.encode("unicode_escape").decode("ascii")


def _joins(text: str, at: int) -> bool:
    """Whether the joiner at this place stands between two things that it can join."""
    around = text[at - 1 : at] + text[at + 1 : at + 2]
    return len(around) == 2 and all(
        ord(char) >= COMPLEX_SCRIPTS and category(char)[0] in "LMS" for char in around
    )
