"""Attention on a terminal: pure functions that return something for rich to print."""

from attnviz.render.terminal.arrows import links, title, wrote
from attnviz.render.terminal.asked import answer
from attnviz.render.terminal.heat import heat_map
from attnviz.render.terminal.overview import wall
from attnviz.render.terminal.screen import Colour, Screen

__all__ = ["Colour", "Screen", "answer", "heat_map", "links", "title", "wall", "wrote"]
