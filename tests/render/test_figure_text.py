"""Text in pictures: any script, nothing that acts, one warning for what cannot be drawn."""

from __future__ import annotations

import shutil
import subprocess
import warnings

import numpy as np
import pytest

from attnviz.analysis.answers import MatrixView
from attnviz.errors import AttnvizWarning, InputError
from attnviz.render.figure import Style, fonts, heat_map, label
from attnviz.result import Token
from tests.render.drawn import (
    cut,
    labels,
    notes,
    overlapping,
    pixels,
    softmax,
    svg_texts,
    texts,
    written,
)

HOSTILE = ["$x_1$", r"\frac{1}{2}", "a\nb", "\x1b[31m", "\u202eabc", "</text><script>", "&amp;"]
needs_colour = pytest.mark.skipif(
    not label.drawable("😂"), reason="no colour emoji font on this machine"
)


def drawn(*words, **style):
    shown = tuple(map(Token, words))
    return heat_map(MatrixView(softmax(len(words)), shown, shown, "head 3.1"), Style(**style))


def needs(letter):
    """Skip the test unless a font of this machine draws this letter."""
    if fonts.cover(("DejaVu Sans",), frozenset(letter))[1]:
        pytest.skip(f"no font on this machine draws {letter}")


@pytest.fixture
def no_other_fonts(monkeypatch):
    """A machine with matplotlib's own font alone."""
    fonts.cover.cache_clear()
    label.drawable.cache_clear()
    monkeypatch.setattr(fonts, "families_known", lambda: frozenset({"DejaVu Sans"}))
    monkeypatch.setattr(fonts, "families_installed_since", frozenset)
    monkeypatch.setattr(label, "_font", lambda: None)
    yield
    fonts.cover.cache_clear()
    label.drawable.cache_clear()


def test_hostile_text_appears_as_text():
    figure = drawn(*HOSTILE, title="$\\alpha$ \x1b[0m")
    shown = set(svg_texts(figure))
    assert {"$x_1$", r"\frac{1}{2}", r"a\nb", r"\x1b[31m", r"\u202eabc", "</text><script>"} <= shown
    assert {"&amp;", r"$\alpha$ \x1b[0m"} <= shown
    assert written(figure, "pdf").startswith(b"%PDF")


def test_texts_of_any_kind_are_drawn_in_every_format():
    figure = drawn("", " ", "\ud800", "\u200b", "\u0301", "a" * 5000, title="\ud800 " * 500)
    for format in ("png", "svg", "pdf"):
        assert len(written(figure, format)) > 1000
    assert overlapping(figure) == [] and cut(figure) == []


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext is not installed")
def test_text_in_a_pdf_can_be_searched(tmp_path):
    (tmp_path / "a.pdf").write_bytes(written(drawn("hat", "Ωmega", "$x$"), "pdf"))
    found = subprocess.run(
        ["pdftotext", "-layout", str(tmp_path / "a.pdf"), "-"], capture_output=True, check=True
    ).stdout.decode()
    assert {"hat", "Ωmega", "$x$", "head", "3.1"} <= set(found.split())


def test_text_in_a_pdf_is_set_in_truetype_not_drawn_as_shapes():
    pdf = written(drawn("hat", "it"), "pdf")
    assert b"/CIDFontType2" in pdf and b"/Type3" not in pdf


@pytest.mark.parametrize(
    ("word", "script", "font"),
    [
        ("他", "Chinese", "Noto Sans CJK SC"),
        ("ひ", "Japanese", "Noto Sans CJK JP"),
        ("한", "Korean", "Noto Sans CJK KR"),
        ("क", "Devanagari", "Noto Sans Devanagari"),
        ("ไ", "Thai", "Noto Sans Thai"),
        ("𐎠", "Old Persian", "Noto Sans Old Persian"),
        ("🫠", "emoji", "Noto Color Emoji"),
        ("\ue000", "without a script", "a font made for them"),
    ],
)
@pytest.mark.usefixtures("no_other_fonts")
def test_one_warning_names_the_script_and_the_font_to_install(word, script, font):
    with pytest.warns(AttnvizWarning) as text_cell:
        figure = drawn("a", word, word * 2)
        written(figure, "png")
        written(figure, "svg")
    assert len(text_cell) == 1
    message = str(text_cell[0].message)
    assert script in message and f"install {font}" in message and "\n" not in message


@pytest.mark.usefixtures("no_other_fonts")
def test_several_missing_scripts_are_one_warning():
    with pytest.warns(
        AttnvizWarning, match="Devanagari .* or Chinese .* install .* and "
    ) as text_cell:
        written(drawn("他", "क", "拿"), "pdf")
    assert len(text_cell) == 1


@pytest.mark.parametrize("word", ["caf\u00e9", "Ω", "Жук", "مرحبا", "שלום", "…“”−×·∅␣◌"])
def test_what_matplotlib_brings_is_drawn_without_looking_for_fonts(word, monkeypatch):
    fonts.cover.cache_clear()
    monkeypatch.setattr(fonts, "family_with", lambda letter: pytest.fail(f"looked for {letter}"))
    written(drawn(word, "a"), "png")


@pytest.mark.parametrize("word", ["他拿起帽子", "ひらがな", "한국어", "हिन्दी", "ไทย"])
def test_other_scripts_are_drawn_with_the_machines_fonts(word):
    needs(word)
    figure = drawn(word, "a")
    written(figure, "png")
    assert word in svg_texts(figure)


@pytest.mark.parametrize(("word", "font"), [("漢字かな", "JP"), ("漢字한글", "KR"), ("漢字", "SC")])
def test_chinese_characters_are_drawn_in_the_style_of_the_language_around_them(word, font):
    needs(word)
    families = fonts.families_for([word])
    if not any("Noto Sans CJK" in family for family in families):
        pytest.skip("the fonts of this machine are others")
    assert families == ("DejaVu Sans", f"Noto Sans CJK {font}")


def ink(word, **style):
    """Which pixels of the first row label are dark, without empty rows and columns."""
    figure = drawn(word, "a" * 12, numbers=False, title=False, **style)
    box = next(text for text in labels(figure) if text.get_text() == word).get_window_extent()
    image = pixels(figure)
    high = len(image)
    part = image[high - int(box.y1) - 2 : high - int(box.y0) + 2, int(box.x0) - 1 : int(box.x1) + 2]
    dark = part.sum(axis=-1) < 380
    return dark[dark.any(axis=1)][:, dark.any(axis=0)]


def test_arabic_letters_join_and_run_from_right_to_left():
    joined, apart = ink("ببب", dpi=400), ink("ب\u200cب\u200cب", dpi=400)
    assert joined.any(axis=0).all() and joined.shape[1] < 0.9 * apart.shape[1]
    alif_first = ink("ابب", dpi=400)  # alif, the upright stroke, is read first: at the right
    rows = alif_first[: alif_first.shape[0] // 2]
    assert rows[:, -rows.shape[1] // 3 :].sum() > 3 * rows[:, : rows.shape[1] // 3].sum()


@needs_colour
def test_emoji_are_in_colour_in_png_and_themselves_in_svg():
    figure = drawn("😂", "a", numbers=False)
    yellow = (pixels(figure) @ np.array([1, 1, -2])) > 200
    assert yellow.any()
    assert any("😂" in text for text in svg_texts(figure))


@needs_colour
def test_an_emoji_of_several_characters_is_one_picture():
    spaced, found = label.lift("👍🏽 x 👨‍👩‍👧🇩🇪")
    assert [one.text for one in found] == ["👍🏽", "👨‍👩‍👧", "🇩🇪"]
    assert spaced == f"{label.PLACE} x {label.PLACE}{label.PLACE}"
    assert [spaced[one.at :].startswith(label.PLACE) for one in found] == [True] * 3


@needs_colour
@pytest.mark.parametrize("word", ["great😂", "😂great", "مرحبا😂", "😂مرحبا"])
def test_an_emoji_stands_where_it_is_read(word):
    figure = drawn(word, "a" * 14, numbers=False, title=False, dpi=300)
    image = pixels(figure)
    box = next(text for text in labels(figure) if text.get_text() == word).get_window_extent()
    top, bottom = len(image) - int(box.y1), len(image) - int(box.y0)
    part = image[top:bottom, int(box.x0) : int(box.x1)]
    across = np.flatnonzero(((part @ np.array([1, 1, -2])) > 200).any(axis=0)).mean()
    reads_leftwards = "م" in word
    first = word.startswith("😂")
    assert (across < part.shape[1] / 2) == (first != reads_leftwards)


def test_digits_and_signs_are_no_emoji():
    assert label.lift("12 # * © ™ ❤ →") == ("12 # * © ™ ❤ →", ())


def test_an_unknown_font_is_refused_and_a_near_one_suggested():
    with pytest.raises(InputError, match=r"no font 'DejaVu Sanz' .* did you mean 'DejaVu Sans'"):
        drawn("a", font="DejaVu Sanz")


def test_a_chosen_font_is_used_and_ours_where_it_lacks_letters():
    figure = drawn("a", "ж", font="STIXGeneral")
    assert all(text.get_fontfamily()[0] == "STIXGeneral" for text in labels(figure))
    assert "font-family: 'STIXGeneral', 'DejaVu Sans'" in written(figure, "svg").decode()


def test_matplotlib_warns_of_nothing_by_itself():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for format in ("png", "svg", "pdf"):
            written(drawn("ä", "😀", title="bold ☂"), format)


def test_notes_keep_their_words():
    assert "queries down, keys across" in notes(drawn("a", "b"))
    assert "head 3.1" in texts(drawn("a", "b"))
