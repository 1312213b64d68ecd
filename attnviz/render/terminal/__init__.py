"""Attention on a terminal: pure functions that return something for rich to print.

Walks, positions and alignments are in modules of their own: only their commands import them.
"""

from attnviz.render.terminal.answer import answer
from attnviz.render.terminal.claims import claims
from attnviz.render.terminal.head_grid import head_grid
from attnviz.render.terminal.heat_map import heat_map, heat_maps
from attnviz.render.terminal.links import generated, links, title
from attnviz.render.terminal.screen import Colour, Screen, ground_of
from attnviz.render.terminal.shaded_text import notes_of, paragraph_of, shaded_text
from attnviz.render.terminal.word_weights import headline, word_weights

__all__ = [
    "Colour",
    "Screen",
    "answer",
    "claims",
    "generated",
    "ground_of",
    "head_grid",
    "headline",
    "heat_map",
    "heat_maps",
    "links",
    "notes_of",
    "paragraph_of",
    "shaded_text",
    "title",
    "word_weights",
]
