"""XLM-RoBERTa (Conneau et al. 2020) and CamemBERT (Martin et al. 2020): RoBERTa abroad."""

from attnviz.families import bert, roberta
from attnviz.families.roberta import spec, tensors

__all__ = ["BASE", "DEFAULTS", "spec", "tensors"]

BASE = roberta.BASE
DEFAULTS = {**roberta.DEFAULTS, "vocab_size": bert.DEFAULTS["vocab_size"]}
