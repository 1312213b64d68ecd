"""Files: the same picture is the same bytes, whoever draws it."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from functools import cache

import matplotlib
import pytest
from PIL import Image

from attnviz.render.figure import Style, heat_map, save, wall
from attnviz.result import AttentionMap
from tests.render.drawn import panel, pixels, svg_texts, tokens, written
from tests.support.results import attention

FORMATS = ("png", "svg", "pdf")
SMALL = Style(dpi=50, numbers=False)
PROGRAM = """
from tests.render.test_figure_save import digests
print(digests())
"""
SETTINGS = """
font.size: 30
font.family: serif
text.usetex: True
savefig.bbox: tight
savefig.facecolor: red
axes.linewidth: 5
svg.fonttype: path
pdf.fonttype: 3
lines.antialiased: False
image.interpolation: bilinear
"""


def figures():
    yield heat_map(panel(10), SMALL)
    yield heat_map(panel(60), SMALL)
    yield wall(AttentionMap(attention((2, 2, 10, 10))), tokens(), tokens(), SMALL)


@cache
def digests():
    """One sum a figure and format."""
    found = [written(figure, format) for figure in figures() for format in FORMATS]
    return " ".join(hashlib.sha256(data).hexdigest()[:16] for data in found)


def python(program, **options):
    """What another process prints."""
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=True, **options).stdout


def test_the_same_picture_is_the_same_bytes_whatever_the_process_and_the_users_settings(tmp_path):
    (tmp_path / "matplotlibrc").write_text(SETTINGS)
    surroundings = {
        **os.environ,
        "PYTHONHASHSEED": "7",
        "MATPLOTLIBRC": str(tmp_path / "matplotlibrc"),
        "SOURCE_DATE_EPOCH": "1",
    }
    elsewhere = python(PROGRAM, env=surroundings)
    assert elsewhere.split() == digests().split()


def test_saving_twice_gives_the_same_bytes():
    figure = heat_map(panel(10), SMALL)
    for format in FORMATS:
        assert written(figure, format) == written(figure, format)


@pytest.mark.parametrize("format", FORMATS)
def test_no_file_tells_when_or_with_what_it_was_made(format):
    data = written(heat_map(panel(10)), format)
    assert not any(word in data for word in (b"Matplotlib v", b"CreationDate", b"<dc:date>"))


def test_text_in_an_svg_is_text():
    figure = heat_map(panel(10))
    shown = svg_texts(figure)
    assert {"head 3.1", "[CLS]", "hat", "examined"} <= set(shown)
    assert b"<use" not in written(figure, "svg").split(b"<text")[-1]


def test_drawing_leaves_the_users_settings_alone():
    before = dict(matplotlib.rcParams)
    written(heat_map(panel(10)), "svg")
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(("dpi", "pixels_wide"), [(None, 330), (300, 990)])
def test_dots_an_inch_are_the_figures_own_unless_given(dpi, pixels_wide):
    stream = io.BytesIO()
    save(heat_map(panel(10), Style(size=(3.3, 3.0), dpi=100)), stream, "png", dpi=dpi)
    with Image.open(stream) as image:
        assert image.width == pixels_wide


def test_a_figure_saved_by_matplotlib_itself_looks_the_same(tmp_path):
    figure = heat_map(panel(10), Style(dpi=100))
    figure.savefig(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert abs(pixels(figure) - image.convert("RGB")).max() <= 8


def test_drawing_never_loads_pyplot():
    said = python("import sys, attnviz.render.figure; print('matplotlib.pyplot' in sys.modules)")
    assert said.strip() == "False"


def test_importing_swiftly_leaves_matplotlib_as_it_was_but_for_help_texts():
    said = python(
        "from attnviz.render.swift import import_swiftly; import_swiftly();"
        "import matplotlib.artist as a, matplotlib.lines as l;"
        "from tests.render.test_figure_save import digests;"
        "print('linewidth' in a.kwdoc(l.Line2D)); print(digests())"
    )
    assert said.split() == ["True", *digests().split()]
