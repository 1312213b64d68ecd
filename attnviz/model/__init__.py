"""From text or ids and a checkpoint to attention: the one place that knows both sides."""

from attnviz.checkpoint.source import DEFAULT_MODEL as DEFAULT
from attnviz.model.hidden import hidden_states
from attnviz.model.loading import load
from attnviz.model.model import Model

__all__ = ["DEFAULT", "Model", "hidden_states", "load"]
