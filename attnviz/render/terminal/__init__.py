"""Attention on a terminal: pure functions that return something for rich to print."""

from attnviz.render.terminal.answer import answer
from attnviz.render.terminal.head_grid import head_grid
from attnviz.render.terminal.heat import heat_map
from attnviz.render.terminal.links import generated, links, title
from attnviz.render.terminal.screen import Colour, Screen

__all__ = ["Colour", "Screen", "answer", "generated", "head_grid", "heat_map", "links", "title"]
