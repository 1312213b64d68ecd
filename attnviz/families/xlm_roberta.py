"""XLM-RoBERTa and CamemBERT (Conneau, Martin et al. 2020): RoBERTa in other languages."""

from attnviz.families import bert, roberta
from attnviz.families.roberta import spec, tensors

__all__ = ["BASE", "DEFAULTS", "spec", "tensors"]

BASE = roberta.BASE
DEFAULTS = {**roberta.DEFAULTS, "vocab_size": bert.DEFAULTS["vocab_size"]}
