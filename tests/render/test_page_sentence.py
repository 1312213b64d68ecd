"""Tokens as running text: the input's own words, spaces and lines, and nothing that acts."""

from hypothesis import given
from hypothesis import strategies as st

from attnviz.render.page.sentence import running
from attnviz.result import Token
from tests.support.results import tokens_of


def written(tokens, texts=()):
    return "".join(before + shown for before, shown, *_ in running(tokens, texts))


def test_a_text_reads_as_it_was_written():
    text = "Well,  it\nworks; doesn't it?"
    spans = [(0, 4), (4, 5), (7, 9), (10, 15), (15, 16), (17, 22), (22, 24), (25, 28)]
    tokens = [Token("?", start=a, end=b, word=i) for i, (a, b) in enumerate(spans)]
    assert written(tokens, [text]) == text


@given(st.lists(st.tuples(st.integers(-3, 9), st.integers(-3, 9)), max_size=6), st.text(max_size=8))
def test_offsets_that_make_no_sense_do_no_harm(offsets, text):
    tokens = [Token("x", start=a, end=b) for a, b in offsets]
    assert len(running(tokens, [text])) == len(tokens)


def test_the_pieces_of_a_word_say_that_they_belong_together():
    tokens, text = tokens_of("ship ##wright", first="[CLS]")
    assert [piece[3] for piece in running(tokens, [text])] == [None, 0, 0]
    assert written(tokens[1:], [text]) == "shipwright"


def test_spaces_that_belong_to_a_token_stand_before_it():
    tokens = [Token("▁He", start=0, end=3), Token("▁ran", start=3, end=7)]
    assert [piece[:2] for piece in running(tokens, [" He ran"])] == [(" ", "He"), (" ", "ran")]


def test_a_character_cut_into_bytes_is_written_once_and_labelled_each_time():
    tokens = [Token("🙂", start=0, end=1, word=0), Token("🙂", start=0, end=1, word=0)]
    assert [piece[1:3] for piece in running(tokens, ["🙂"])] == [("🙂", "🙂"), ("", "🙂")]


def test_a_second_text_starts_on_a_new_line():
    tokens = [Token("a", start=0, end=1), Token("b", start=0, end=1, segment=1)]
    assert written(tokens, ["a", "b"]) == "a\nb"


def test_without_offsets_the_marks_of_tokenizers_tell_the_spaces():
    names = ["He", "ex", "##amined", "Ġit", "▁well"]
    assert written([Token(name) for name in names]) == "He examined it well"


def test_without_offsets_the_tokens_of_one_word_stand_together():
    tokens = [Token("ex", word=0), Token("amined", word=0), Token("it", word=1)]
    assert written(tokens) == "examined it"


def test_text_that_acts_is_shown_and_does_not_act():
    hostile = "a\u202eb\x1b[31m\u2028c"
    tokens = [Token(hostile, start=0, end=len(hostile))]
    _, shown, label, *_ = running(tokens, [hostile])[0]
    assert shown == label == "a\\u202eb\\x1b[31m\\u2028c"


def test_what_acts_between_tokens_is_shown_too():
    assert written([Token("b", start=1, end=2)], ["\u202eb"]) == "\\u202eb"
