"""Text that would act on a terminal, in markup or in a page is shown instead."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from attnviz.render.safe import encodable, label, visible

ANY = st.text(st.characters(exclude_categories=()), max_size=30)
EMOJI = ["🎩", "🇫🇷", "❤️", "👍🏽"]
FAMILY = "👨‍👩‍👧"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("\x00\x07\x7f\x9b", "\\x00\\x07\\x7f\\x9b"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("a\u2028b", "a\\u2028b"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("soft\xadhyphen", "soft\\xadhyphen"),
        ("\ufeffmark", "\\ufeffmark"),
        ("half\ud83d", "half\\ud83d"),
        ("hidden\U000e0041", "hidden\\U000e0041"),
    ],
)
def test_what_would_act_is_spelt_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    "text",
    ["[bold]x[/bold]", "$x_1$", "<b>&amp;", "a b", "漢字", "cafe\u0301", "مرحبا", "हिन्दी", *EMOJI],
)
def test_what_only_looks_special_stays(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize("text", [FAMILY, "🏳️‍🌈", "می‌خواهم", "क्‍ष", SCOTLAND])
def test_joiners_and_tags_stay_where_they_join(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("pass\u200dword", "pass\\u200dword"),
        ("\u200d🎩", "\\u200d🎩"),
        ("🎩\u200d", "🎩\\u200d"),
        ("🏴\U000e0067", "🏴\\U000e0067"),
        (f"{SCOTLAND}\U000e0067", f"{SCOTLAND}\\U000e0067"),
    ],
)
def test_joiners_and_tags_are_spelt_out_where_they_only_hide(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(ANY)
@example(SCOTLAND)
def test_visible_text_holds_nothing_that_acts(text: str) -> None:
    shown = visible(text).replace(SCOTLAND, "")
    acting = {char for char in shown if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")}
    formats = {char for char in shown if unicodedata.bidirectional(char) in
               ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")}  # fmt: skip
    assert not acting | formats | ({"\u200e", "\u200f", "\u061c", "\u200b", "\ufeff"} & {*shown})


@given(ANY)
def test_making_visible_twice_changes_nothing_more(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_printable_ascii_is_never_touched(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("token", "shown"),
    [(" the", "the"), ("", "∅"), (" ", "␣"), ("\xa0\xa0", "␣␣"), ("\u0301", "◌\u0301")],
)
def test_a_label_has_no_outer_spaces_and_is_never_empty(token: str, shown: str) -> None:
    assert label(token) == shown


@given(ANY)
def test_a_label_can_always_be_seen(token: str) -> None:
    shown = label(token)
    assert shown == shown.strip()
    assert unicodedata.category(shown[0]) not in ("Mn", "Me", "Mc")


@given(ANY, st.sampled_from(["ascii", "latin-1", "cp1252", "utf-8"]))
def test_any_stream_can_write_what_is_made_for_it(text: str, encoding: str) -> None:
    encodable(visible(text), encoding).encode(encoding)


def test_what_a_stream_cannot_write_is_escaped() -> None:
    assert encodable("café 漢", "latin-1") == "café \\u6f22"
