"""Files: the same picture is the same bytes, whoever draws it."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys

import matplotlib
import pytest
from PIL import Image

from attnviz.render.figure import Style, head_grid, heat_map, save
from attnviz.result import AttentionMap
from tests.render.drawn import pixels, svg_texts, tokens, view, written
from tests.support.results import attention

FORMATS = ("png", "svg", "pdf")
SMALL = Style(dpi=50, numbers=False)
PROGRAM = """
import sys
from attnviz.render.fast_import import import_figures
import_figures()
from tests.render.test_figure_save import digests
from matplotlib import artist, lines
print("matplotlib.pyplot" in sys.modules, "linewidth" in artist.kwdoc(lines.Line2D), digests())
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


def digests():
    """A sum for each of a few pictures."""
    small, large = heat_map(view(10), SMALL), heat_map(view(60), SMALL)
    all_heads = head_grid(AttentionMap(attention((2, 2, 10, 10))), tokens(), tokens(), SMALL)
    made = [written(small, format) for format in FORMATS]
    made += [written(large, "svg"), written(all_heads, "png")]
    return " ".join(hashlib.sha256(data).hexdigest()[:16] for data in made)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """What a program in other surroundings says: pyplot loaded, help texts, digests."""
    settings = tmp_path_factory.mktemp("settings") / "matplotlibrc"
    settings.write_text(SETTINGS)
    surroundings = {"PYTHONHASHSEED": "7", "MATPLOTLIBRC": str(settings), "SOURCE_DATE_EPOCH": "1"}
    command = [sys.executable, "-c", PROGRAM]
    said = subprocess.run(
        command, env=os.environ | surroundings, capture_output=True, text=True, check=True
    )
    return said.stdout.split()


def test_the_same_picture_is_the_same_bytes_whatever_the_process_and_the_users_settings(elsewhere):
    assert elsewhere[2:] == digests().split()


def test_drawing_never_loads_pyplot(elsewhere):
    assert elsewhere[0] == "False"


def test_importing_fast_leaves_matplotlib_able_to_describe_its_artists(elsewhere):
    assert elsewhere[1] == "True"


def test_saving_twice_gives_the_same_bytes():
    figure = heat_map(view(10), SMALL)
    for format in ("png", "svg"):
        assert written(figure, format) == written(figure, format)


@pytest.mark.parametrize("format", FORMATS)
def test_no_file_tells_when_or_with_what_it_was_made(format):
    data = written(heat_map(view(3)), format)
    assert not any(word in data for word in (b"Matplotlib v", b"CreationDate", b"<dc:date>"))


def test_text_in_an_svg_is_text():
    figure = heat_map(view(10))
    shown = svg_texts(figure)
    assert {"head 3.1", "[CLS]", "hat", "examined"} <= set(shown)
    assert b"<use" not in written(figure, "svg").split(b"<text")[-1]


def test_drawing_leaves_the_users_settings_alone():
    before = dict(matplotlib.rcParams)
    written(heat_map(view(10)), "svg")
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(("dpi", "pixels_wide"), [(None, 330), (300, 990)])
def test_dots_an_inch_are_the_figures_own_unless_given(dpi, pixels_wide):
    stream = io.BytesIO()
    save(heat_map(view(10), Style(size=(3.3, 3.0), dpi=100)), stream, "png", dpi=dpi)
    with Image.open(stream) as image:
        assert image.width == pixels_wide


def test_a_figure_saved_by_matplotlib_itself_looks_the_same(tmp_path):
    figure = heat_map(view(10), Style(dpi=100))
    figure.savefig(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert abs(pixels(figure) - image.convert("RGB")).max() <= 8
