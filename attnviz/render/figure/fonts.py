"""Which fonts of this machine draw a text, looked up only when matplotlib's own cannot."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Iterable
from functools import cache, lru_cache

from matplotlib.font_manager import (
    FontEntry,
    FontProperties,
    findSystemFonts,
    fontManager,
    get_font,
)

from attnviz.errors import AttnvizWarning, InputError, quote

OWN = "DejaVu Sans"  # comes with matplotlib, so that pictures are the same on every machine
STAND_IN = "Last Resort High-Efficiency"  # matplotlib's boxes for characters without a glyph
FONTLESS = ("Cc", "Cf", "Cs", "Zs")  # categories that need no glyph
SCRIPT = re.compile(
    "(.+?)(?:-| (?:LETTER|CHARACTER|SIGN|SYLLAB|VOWEL|CONSONANT|DIGIT|NUMBER|MARK|IDEOGRAPH"
    "|HIEROGLYPH).*|$)"
)
HAN = "Cjk Unified"
CHINESE = ("Chinese", "Noto Sans CJK SC", ("cjk sc", "pingfang sc", "yahei", "simhei", "cjk"))
JAPANESE = ("Japanese", "Noto Sans CJK JP", ("cjk jp", "hiragino", "yu gothic", "meiryo"))
KOREAN = ("Korean", "Noto Sans CJK KR", ("cjk kr", "sd gothic", "malgun"))
KNOWN = {HAN: CHINESE, "Hiragana": JAPANESE, "Katakana": JAPANESE, "Hangul": KOREAN}
EMOJI = ("emoji or symbols", "Noto Color Emoji", ("symbols", "emoji", "symbola"))
PRIVATE = ("characters without a script", "a font made for them", ())

Script = tuple[str, str, tuple[str, ...]]  # its name, a font for it, words in the names of others


def families_for(texts: Iterable[str], font: str | None = None) -> tuple[str, ...]:
    """The font families that together draw these texts, ``font`` first if there is one.

    One AttnvizWarning names the scripts that no font of this machine draws.
    """
    if font is not None and font not in fontManager.get_font_names():
        raise InputError(_unknown_font(font))
    own = (OWN,) if font is None else (font, OWN)
    letters = frozenset().union(*texts)
    if all(map(str.isascii, letters)):
        return own
    families, missing = cover(own, letters)
    if missing:
        warnings.warn(_advice(missing), AttnvizWarning, stacklevel=2)
    return families


@lru_cache(maxsize=64)
def cover(own: tuple[str, ...], letters: frozenset[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """``own`` and the families to add for what it lacks, and the letters that none draws."""
    families = list(own)
    missing: list[str] = []
    left = {letter for letter in letters if unicodedata.category(letter) not in FONTLESS}
    for family in own:
        left = _lacking(family, left)
    while left:
        # Kana and hangul decide in which style Chinese characters are drawn, so these come last.
        letter = min(left, key=lambda letter: (_block(letter) == HAN, letter))
        found = family_with(letter)
        if found is None:
            missing.append(letter)
            left.remove(letter)
        else:
            families.append(found)
            left = _lacking(found, left)
    return tuple(families), tuple(missing)


def family_with(letter: str) -> str | None:
    """The family of this machine that suits a letter best, None where none draws it."""
    if not _block(letter):
        return None  # what a font draws for a private or unassigned character means nothing
    hints = _script(letter)[2]
    for names in (families_known, families_installed_since):
        ranked = sorted(names(), key=lambda name: _rank(name, hints))
        found = next((name for name in ranked if not _lacking(name, {letter})), None)
        if found:
            return found
    return None


def _rank(name: str, hints: tuple[str, ...]) -> tuple[int, bool, bool, str]:
    """Order of preference: made for the script, sans serif, not monospaced, by name."""
    lower = name.lower()
    made = next((i for i, hint in enumerate(hints) if hint in lower), len(hints))
    return made, "sans" not in lower, "mono" in lower, name


def _lacking(family: str, letters: set[str]) -> set[str]:
    """The letters that a family has no glyph for."""
    path = fontManager.findfont(FontProperties(family=[family]), fallback_to_default=False)
    font = get_font(path)
    return {letter for letter in letters if not font.get_char_index(ord(letter))}


@cache
def families_known() -> frozenset[str]:
    """The families with an upright face of ordinary weight that matplotlib knows of."""
    return frozenset(entry.name for entry in fontManager.ttflist if _is_upright(entry))


@cache
def families_installed_since() -> frozenset[str]:
    """The families installed after matplotlib listed this machine's fonts for good."""
    known = {entry.fname for entry in fontManager.ttflist}
    start = len(fontManager.ttflist)
    for path in sorted(set(findSystemFonts()) - known):
        try:
            fontManager.addfont(path)
        except (OSError, RuntimeError):  # a damaged font, or one made of bitmaps
            continue
    return frozenset(entry.name for entry in fontManager.ttflist[start:] if _is_upright(entry))


def _is_upright(entry: FontEntry) -> bool:
    return entry.style == "normal" and entry.weight in (400, "normal") and entry.name != STAND_IN


def _unknown_font(font: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(font, fontManager.get_font_names(), n=1)
    instead = f"did you mean '{close[0]}'?" if close else f"without --font it is '{OWN}'"
    return f"there is no font {quote(font)} on this machine; {instead}"


def _advice(letters: tuple[str, ...]) -> str:
    """One sentence: which scripts are missing, and what to install for them."""
    first: dict[tuple[str, str], str] = {}
    for letter in letters:
        name, font, _ = _script(letter)
        first.setdefault((name, font), letter)
    scripts = " or ".join(
        f"{name} ('{letter}' U+{ord(letter):04X})" for (name, _), letter in first.items()
    )
    fonts = " and ".join(dict.fromkeys(font for _, font in first))
    return f"no font on this machine draws {scripts}; install {fonts} and draw again"


def _script(letter: str) -> Script:
    block = _block(letter)
    if not block:
        return PRIVATE
    if unicodedata.category(letter) in ("So", "Sk"):
        return EMOJI
    return KNOWN.get(block) or (
        block,
        f"Noto Sans {block}",
        (f"sans {block}".lower(), block.lower()),
    )


def _block(letter: str) -> str:
    """What Unicode's name of a character begins with: "Devanagari", "Old Persian"."""
    found = SCRIPT.match(unicodedata.name(letter, ""))
    return found[1].title() if found else ""
