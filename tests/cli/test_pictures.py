"""Pictures and pages from the command line: the flags reach what is drawn."""

from __future__ import annotations

import struct

import pytest

PNG = b"\x89PNG\r\n\x1a\n"


def pixels(png: bytes) -> tuple[int, int]:
    assert png.startswith(PNG)
    return struct.unpack(">II", png[16:24])


def test_a_figure_has_the_size_asked_for(attnviz, document, tmp_path):
    attnviz("render", document, "-o", "a.png", "--size", "3.3x3.0", "--dpi", "100")
    assert pixels((tmp_path / "a.png").read_bytes()) == (330, 300)


def test_a_vector_figure_shows_what_the_flags_chose_as_text(attnviz, document, tmp_path):
    attnviz("render", document, "-o", "a.svg", "--head", "0.1", "--no-special")
    drawn = (tmp_path / "a.svg").read_text()
    assert "head 0.1" in drawn and "liked" in drawn and "[CLS]" not in drawn


def test_a_title_can_be_given_or_left_off(attnviz, document, tmp_path):
    attnviz("render", document, "-o", "a.svg", "--head", "0.1", "--title", "Figure one")
    attnviz("render", document, "-o", "b.svg", "--head", "0.1", "--no-title")
    assert "Figure one" in (tmp_path / "a.svg").read_text()
    assert "head 0.1" not in (tmp_path / "b.svg").read_text()


@pytest.mark.parametrize("name", ["a.PNG", "a.pdf"])
def test_the_suffix_decides_whatever_its_case(attnviz, document, tmp_path, name):
    assert attnviz("render", document, "-o", name).code == 0
    assert (tmp_path / name).read_bytes().startswith((PNG, b"%PDF"))


def test_a_question_is_drawn_as_an_answer(attnviz, document, tmp_path):
    attnviz("render", document, "-o", "a.svg", "--ask", "it")
    drawn = (tmp_path / "a.svg").read_text()
    assert "1.0" in drawn and "hat" in drawn and "0.75" in drawn


def test_all_heads_are_drawn_in_one_picture(attnviz, document, tmp_path):
    attnviz("render", document, "-o", "a.svg", "--heads", "all")
    drawn = (tmp_path / "a.svg").read_text()
    assert all(head in drawn for head in ("0.0", "0.1", "1.0", "1.1"))


def test_two_results_stand_side_by_side_in_one_picture(attnviz, two_documents, tmp_path):
    assert attnviz("render", two_documents, "-o", "a.png", "-o", "b.png", "--ask", "it").code == 0
    attnviz("render", two_documents, "-o", "c.svg")
    assert (tmp_path / "c.svg").read_text().count("head 1.0") >= 2


def test_the_same_command_writes_the_same_bytes(attnviz, document, tmp_path):
    attnviz("render", document, "-o", "a.png", "-o", "a.html")
    attnviz("render", document, "-o", "b.png", "-o", "b.html")
    for suffix in (".png", ".html"):
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_a_page_holds_every_result(attnviz, two_documents, tmp_path):
    assert attnviz("render", two_documents, "-o", "a.html", "--title", "Two").code == 0
    page = (tmp_path / "a.html").read_text()
    assert "<title>Two</title>" in page


@pytest.mark.parametrize(
    "given",
    [
        ("--head", "0.1"),
        ("--ask", "it"),
        ("--heads", "all"),
        ("--head", "0.1", "-o", "a.svg"),
        ("--ask", "it", "-o", "a.svg"),
        ("--heads", "all", "-o", "a.svg"),
        ("-o", "a.html"),
    ],
    ids=str,
)
def test_a_scale_that_ends_where_no_weight_is_is_told_once_in_every_form(attnviz, document, given):
    ended = attnviz("render", document, *given, "--vmax", "7")
    assert ended.code == 0
    assert ended.err.count("nothing here is near 7, where the scale of colours ends") == 1
    assert attnviz("render", document, *given, "--vmax", "0.5").err.count("nothing here") == 0


@pytest.mark.parametrize("name", ["a.svg", "a.html"])
def test_a_scale_without_width_is_refused_in_every_form(attnviz, document, name):
    ended = attnviz("render", document, "-o", name, "--vmin", "0.5", "--vmax", "0.1")
    assert ended.code == 2 and "cannot go from 0.5 to 0.1" in ended.err
