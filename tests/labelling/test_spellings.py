"""What the strings of other programs' vocabularies are read as."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.labelling.spellings import LETTERS, read_spellings

LETTER_OF = {byte: letter for letter, byte in LETTERS.items()}


def words(*strings: str) -> list[tuple[str, int | None]]:
    return [(token.text, token.word) for token in read_spellings(strings).tokens]


@pytest.mark.parametrize(
    ("strings", "text"),
    [
        (["play", "##ing", "hats"], "playing hats"),
        (["The", "Ġanimal", "Ġdid", "n", "'t"], "The animal didn't"),
        (["ðŁĳ", "į", "Ġcaf", "Ã©", "Ċ"], "👍 café\n"),
        (["▁I", "▁take", "▁", "<0xF0>", "<0x9F>", "<0x91>", "<0x8D>"], "I take 👍"),
        (["un", "believ", "able</w>", "hat</w>"], "unbelievable hat "),
    ],
)
def test_marks_and_bytes_spell_a_text(strings: list[str], text: str) -> None:
    assert read_spellings(strings).texts == (text,)


def test_pieces_of_a_word_are_in_that_word() -> None:
    assert words("play", "##ing", "it") == [("play", 0), ("ing", 0), ("it", 1)]
    assert words("▁un", "able", "▁it") == [("un", 0), ("able", 0), ("it", 1)]
    assert words("un", "able</w>", "it</w>") == [("un", 0), ("able", 0), ("it", 1)]


def test_the_bytes_of_one_character_each_show_it() -> None:
    assert words("<0xF0>", "<0x9F>", "<0x91>", "<0x8D>", "▁it")[:4] == [("👍", 0)] * 4


def test_spellings_are_kept_where_they_differ() -> None:
    tokens = read_spellings(["Ġhat", "s"]).tokens
    assert [token.spelling for token in tokens] == ["Ġhat", None]


@pytest.mark.parametrize(
    "name", ["[CLS]", "[SEP]", "[PAD]", "<s>", "</s>", "<pad>", "<bos>", "<eos>", "<|endoftext|>"]
)
def test_usual_special_tokens_are_recognised(name: str) -> None:
    read = read_spellings([name, "hat"])
    assert [token.special for token in read.tokens] == [True, False]
    assert read.special == (name,)


@pytest.mark.parametrize("strings", [["[UNK]", "hat"], ["<unk>", "▁hat"], ["[UNK]", "##hat"]])
def test_the_unknown_is_marked_and_no_special_token(strings: list[str]) -> None:
    tokens = read_spellings(strings).tokens
    assert [(token.unknown, token.special) for token in tokens] == [(True, False), (False, False)]


@pytest.mark.parametrize("mask", ["[MASK]", "<mask>"])
def test_a_mask_is_a_word(mask: str) -> None:
    for strings in ([mask, "hat"], [mask, "play", "##ing"]):
        token = read_spellings(strings).tokens[0]
        assert (token.text, token.special) == (mask, False)


def test_strings_without_marks_are_words_as_they_are() -> None:
    assert words("the", "#", "hat", "") == [("the", 0), ("#", 1), ("hat", 2), ("", 3)]
    assert read_spellings(["the", "hat"]).texts == ()


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])), st.data())
def test_any_text_cut_between_bytes_is_read_again(text: str, data: st.DataObject) -> None:
    spelt = "".join(LETTER_OF[byte] for byte in f" {text}".encode())
    cuts = sorted(data.draw(st.sets(st.integers(0, len(spelt)), max_size=5)) | {0, len(spelt)})
    strings = [spelt[a:b] for a, b in pairwise(cuts)]
    read = read_spellings(strings)
    assert read.texts == (text,)
    assert len(read.tokens) == len(strings)


@given(st.lists(st.text(max_size=6), max_size=8))
def test_every_string_stays_one_token(strings: list[str]) -> None:
    assert len(read_spellings(strings).tokens) == len(strings)
