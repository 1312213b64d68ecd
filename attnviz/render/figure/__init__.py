"""Figures for papers and slides: every function takes plain data and returns a Figure."""

from attnviz.render.figure.bars import answers
from attnviz.render.figure.head_grid import head_grid
from attnviz.render.figure.matrix import heat_map, side_by_side
from attnviz.render.figure.save import save
from attnviz.render.style import Style

__all__ = ["Style", "answers", "head_grid", "heat_map", "save", "side_by_side"]
