"""Values, texts and bytes that nobody expects, all drawn from one random stream."""

from __future__ import annotations

import copy
import json
from random import Random
from typing import Any

__all__ = ["TEXTS", "broken_bytes", "broken_json", "changed", "nasty", "text"]

TEXTS = (
    "", " ", "a", "the hat", "\x1b[31mred\x1b]0;title\x07", "\u202eevil", "\ud800", "\udcff", "\0",
    "../../../etc/passwd", "/dev/null", "<script>window.hit=1</script>", "</script>", "[bold]x[/]",
    "$x_1^{2}$", "%s%n", "{0}", "'\"`\\", "a\nb\r\nc\u2028d", "\ufeff", "é" * 50, "e\u0301" * 20,
    "👩‍👩‍👧‍👦", "🇩🇪🇫🇷", "אבג שלום", "مرحبا", "한국어", "ไทย", "नमस्ते", "𝔘𝔫𝔦", "ﷺ" * 9, "\u200d" * 9,
    "x" * 300, "nan", "inf", "1e999", "-1", "0", "9" * 5000, "it:2", "3.1", "true", "null",
    "=cmd|' /C calc'!A0", "http://me:secret@host/x", "a" * 20_000, "_" * 64, "\t", "∞", "\x9b31m",
)  # fmt: skip
NUMBERS = (
    0, 1, -1, 2, 3, 7, 64, 255, 2**15, 2**31 - 1, 2**31, 2**32, 2**53, 2**63, 2**64, -(2**70),
    10**400, 0.0, -0.0, 0.5, 1e-300, 1e38, 1e39, 1e308, float("nan"), float("inf"), -float("inf"),
)  # fmt: skip


def nasty(random: Random, depth: int = 0) -> Any:
    """Any JSON value at all, small or enormous, right or wrong where it stands."""
    kind = random.randrange(10 if depth < 3 else 7)
    if kind < 3:
        return random.choice(NUMBERS)
    if kind < 6:
        return random.choice(TEXTS)
    if kind == 6:
        return random.choice((None, True, False))
    if kind == 7:
        return [nasty(random, depth + 1) for _ in range(random.choice((0, 1, 2, 5)))]
    if kind == 8:
        names = (random.choice(TEXTS) for _ in range(random.choice((0, 1, 3))))
        return {name: nasty(random, depth + 1) for name in names}
    value: Any = nasty(random, depth + 1)
    for _ in range(random.choice((1, 5, 90, 150))):
        value = [value]
    return value


def changed(random: Random, value: Any, times: int | None = None) -> Any:
    """A copy of a JSON value with a few places in it changed, taken out or made twice."""
    box = [copy.deepcopy(value)]
    for _ in range(times or random.choice((1, 1, 1, 2, 3, 8))):
        _change(random, box)
    return box[0]


def _change(random: Random, box: Any) -> None:
    """Change one place under this list or object, whichever chance leads to."""
    while True:
        keys = list(box) if isinstance(box, dict) else list(range(len(box)))
        if not keys:
            return
        key = random.choice(keys)
        inside = box[key]
        if isinstance(inside, dict | list) and inside and random.random() < 0.8:
            box = inside
            continue
        break
    kind = random.randrange(8)
    if kind == 0 and isinstance(box, dict):
        box[random.choice(TEXTS)] = box.pop(key)
    elif kind == 1 and len(keys) > 1:
        del box[key]
    elif kind == 2 and isinstance(box, list):
        box.extend(box[: random.choice((1, 3, 50))])
    elif kind == 3 and isinstance(inside, int | float) and abs(inside) < 1e9:
        box[key] = random.choice(
            (-inside, inside + 1, inside - 1, inside * 2, inside / 2, str(inside))
        )
    elif kind == 4 and isinstance(inside, str):
        box[key] = random.choice((inside + "x", inside[:-1], inside * 3, inside.upper()))
    elif kind == 5 and len(keys) > 1:
        other = random.choice(keys)
        box[key], box[other] = box[other], box[key]
    else:
        box[key] = nasty(random)


def broken_json(random: Random, value: Any) -> bytes:
    """A JSON value as bytes, changed before or damaged afterwards."""
    text = json.dumps(changed(random, value) if random.random() < 0.9 else value)
    data = text.encode("utf-8", "surrogatepass")
    if random.random() < 0.01:
        data = data.replace(b"null", random.choice((b"[" * 50_000, b"9" * 5000, b"-", b"1e999")), 1)
    return broken_bytes(random, data) if random.random() < 0.15 else data


def broken_bytes(random: Random, data: bytes) -> bytes:
    """Bytes that are cut, flipped, doubled, padded or overwritten in a few places."""
    made = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 5, 20))):
        at = random.randrange(len(made) + 1)
        kind = random.randrange(7)
        if kind == 0:
            del made[at:]
        elif kind == 1 and at < len(made):
            made[at] ^= 1 << random.randrange(8)
        elif kind == 2:
            made[at : at + random.choice((1, 4, 8))] = random.randbytes(random.choice((1, 4, 8)))
        elif kind == 3:
            made[at:at] = made[: random.choice((1, 16, 200))]
        elif kind == 4:
            made[at : at + 8] = random.choice((0, 1, 2**31, 2**32, 2**63, 2**64 - 1)).to_bytes(
                8, "little"
            )
        elif kind == 5:
            made[at:at] = bytes(random.choice((1, 8, 5000)))
        else:
            del made[at : at + random.choice((1, 2, 8, 64))]
    return bytes(made)


def text(random: Random) -> str:
    """A text of anything that is called a character, short or far too long."""
    parts: list[str] = []
    for _ in range(random.choice((0, 1, 2, 5, 20, 100))):
        kind = random.randrange(5)
        if kind == 0:
            parts.append(random.choice(TEXTS))
        elif kind == 1:
            parts.append(
                chr(random.choice((0x80, 0x800, 0xFFFF, 0x10FFFF)) - random.randrange(128))
            )
        elif kind == 2:
            parts.append(
                "".join(chr(random.randrange(1, 0x3000)) for _ in range(random.randrange(9)))
            )
        else:
            parts.append(
                random.choice(("hat", "the", "it", "examined", "[MASK]", "##ing", "Ġa", "▁"))
            )
    return random.choice((" ", "", "\n", "\t", "\u00a0")).join(parts)
