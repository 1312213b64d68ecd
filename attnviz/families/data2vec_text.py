"""Data2vec's text model (Baevski et al. 2022): RoBERTa, trained to predict its own states."""

from attnviz.families import bert, roberta
from attnviz.families.roberta import spec, tensors

__all__ = ["BASE", "DEFAULTS", "spec", "tensors"]

BASE = "data2vec_text"
DEFAULTS = {**roberta.DEFAULTS, "vocab_size": bert.DEFAULTS["vocab_size"]}
