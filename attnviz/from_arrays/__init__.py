"""Attention that is already in memory becomes a result like any other."""

from attnviz.from_arrays.attentions import from_attentions, show

__all__ = ["from_attentions", "show"]
