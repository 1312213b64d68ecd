"""Two sentences as columns of words with lines between them."""

from __future__ import annotations

import pytest
from matplotlib.patches import PathPatch

from attnviz.errors import InputError
from attnviz.render.figure.alignment import alignments
from attnviz.render.style import Style
from tests.render.alignments import CAT, aligned
from tests.render.drawn import cut, notes, overlapping, svg_texts, texts

LONG = aligned(
    "It would never have occurred to anybody that incomprehensibilities might matter here",
    "Il ne serait jamais venu à l'idée de personne que cela pût avoir quelque importance ici",
    *[(i, min(i, 11), 0.05 + 0.06 * i) for i in range(16)],
)


def curves(figure):
    """Where each line begins and ends, and its width in points, the weakest first."""
    found = [each for each in figure.artists if isinstance(each, PathPatch)]
    return [
        (tuple(each.get_path().vertices[0]), tuple(each.get_path().vertices[-1]), each.get_lw())
        for each in found
    ]


def test_every_word_is_there_with_the_weight_of_its_link():
    title, _, *words = texts(alignments([CAT], title="Le chat"))
    assert title == "Le chat"
    assert words[:3] == ["The", "black", "cat"]
    assert words[3:] == ["Le", "0.90", "chat", "1.00", "noir", "0.80", "dort", "0.25"]


def test_lines_join_the_rows_of_words_and_are_wider_for_more_weight():
    figure = alignments([CAT])
    drawn = curves(figure)
    widths = [width for _, _, width in drawn]
    assert widths == sorted(widths)
    rows = {
        word.get_text(): word.get_position()[1]
        for word in figure.findobj()
        if hasattr(word, "get_text")
    }
    ends = [(begin[1], end[1]) for begin, end, _ in drawn]
    expected = [("cat", "dort"), ("black", "noir"), ("The", "Le"), ("cat", "chat")]
    for (begin, end), (source, target) in zip(ends, expected, strict=True):
        assert begin == pytest.approx(rows[source])
        assert end == pytest.approx(rows[target])


def test_notes_are_said_and_can_be_left_off():
    assert "Read in head 1.0" in notes(alignments([CAT], notes=["Read in head 1.0."]))
    bare = texts(alignments([CAT], Style(notes=False, title=False), title="t", notes=["Read"]))
    assert len(bare) == 3 + 4 + 4


@pytest.mark.parametrize("size", [None, (3.3, 4.0), (4.5, 8.0), (8.0, 3.5)])
def test_nothing_overlaps_or_is_cut(size):
    figure = alignments([CAT, LONG], Style(size=size), title="Two", notes=["Read in head 1.0."])
    assert not overlapping(figure)
    assert not cut(figure)
    if size:
        assert tuple(figure.get_size_inches()) == pytest.approx(size)


def test_long_words_are_cut_with_an_ellipsis():
    figure = alignments([aligned("w" * 300, "v" * 300, (0, 0, 0.9))])
    assert not cut(figure)
    assert not overlapping(figure)
    assert sum("…" in text for text in texts(figure)) == 2


def test_a_size_without_room_is_refused():
    with pytest.raises(InputError, match="no room for its words"):
        alignments([CAT], Style(size=(3.0, 0.6)))
    with pytest.raises(InputError, match="no room for its words"):
        alignments([CAT], Style(size=(0.6, 3.0)))
    with pytest.raises(InputError, match="no word"):
        alignments([aligned("", "")])


def test_text_can_be_selected_and_nothing_in_it_acts():
    shown = svg_texts(alignments([aligned("$x_1$ </text>", "\x1b[31m", (0, 0, 0.9))]))
    assert "$x_1$" in shown
    assert "</text>" in shown
    assert not any("\x1b" in text for text in shown)
