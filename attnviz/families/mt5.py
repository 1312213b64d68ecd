"""mT5 (Xue et al. 2021): T5 over many languages, its MLP gated, its logits not scaled."""

from attnviz.families import t5
from attnviz.families.t5 import spec, tensors

__all__ = ["ALIASES", "BASE", "DEFAULTS", "spec", "tensors"]

BASE = t5.BASE
ALIASES = t5.ALIASES
DEFAULTS = {
    **t5.DEFAULTS,
    "vocab_size": 250112,
    "d_ff": 1024,
    "num_layers": 8,
    "num_heads": 6,
    "feed_forward_proj": "gated-gelu",
}
