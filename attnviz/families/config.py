"""Reading config.json so that every key is honoured, refused, known to be harmless, or named."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from attnviz.core.ops import ACTIVATIONS
from attnviz.errors import AttnvizWarning, BadCheckpoint, UnsupportedModel, quote

__all__ = ["Config"]

HARMLESS = frozenset(
    """
    _attn_implementation _attn_implementation_autoset _name_or_path activation_dropout
    adapters architectures attention_dropout attention_probs_dropout_prob attn_pdrop
    auto_map bad_words_ids begin_suppress_tokens bos_token_id chunk_size_feed_forward cls_token_id
    classif_dropout classifier_activation classifier_bias classifier_dropout
    classifier_dropout_prob classifier_pooling custom_pipelines decoder_bias
    decoder_layerdrop decoder_start_token_id deterministic_flash_attn directionality
    diversity_penalty do_sample dropout dropout_rate dtype early_stopping embd_pdrop
    embed_dropout embedding_dropout encoder_layerdrop encoder_no_repeat_ngram_size
    eos_token_id exponential_decay_length_penalty extra_pos_embeddings finetuning_task
    force_bos_token_to_be_generated forced_bos_token_id forced_eos_token_id
    gradient_checkpointing gradient_checkpointing_kwargs hidden_dropout hidden_dropout_prob
    id2label init_std initializer_cutoff_factor initializer_factor initializer_range
    keys_to_ignore_at_inference label2id language layerdrop length_penalty max_length
    min_length mlp_dropout model_type no_repeat_ngram_size num_beam_groups num_beams
    num_labels num_return_sequences output_attentions output_hidden_states output_past
    output_scores pad_token_id pooler_dropout pooler_fc_size pooler_hidden_act
    pooler_hidden_size pooler_num_attention_heads pooler_num_fc_layers pooler_size_per_head
    pooler_type prefix pretraining_tp problem_type pruned_heads qa_dropout reference_compile
    remove_invalid_values repad_logits_with_grad repetition_penalty resid_dropout resid_pdrop
    return_dict return_dict_in_generate sep_token_id seq_classif_dropout sparse_pred_ignore_index
    sparse_prediction static_position_embeddings summary_activation summary_first_dropout
    summary_last_dropout summary_proj_to_labels summary_type summary_use_proj
    suppress_tokens task_specific_params temperature tf_legacy_loss tie_encoder_decoder
    tie_word_embeddings tokenizer_class top_k top_p torch_dtype torchscript
    transformers_version typical_p unk_token_id use_bfloat16 use_cache
    """.split()  # noqa: SIM905
)
"""Keys that say nothing about the numbers of a forward pass: training, sampling, labels, ids."""

MISSING: Any = object()


class Config:
    """The values of a config.json; remembers which keys were read."""

    def __init__(
        self, values: Mapping[str, Any], model_type: str, defaults: Mapping[str, Any] | None = None
    ) -> None:
        self.values = values
        self.model_type = model_type
        self.defaults = defaults or {}
        self.read: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        """The raw value; where the key is missing, the family's default or ``default``."""
        self.read.add(key)
        return self.values.get(key, self.defaults.get(key, default))

    def has(self, key: str) -> bool:
        """Whether the key is there with a value other than null."""
        return self.get(key) is not None

    def whole(self, key: str, default: Any = MISSING, *, least: int = 1) -> int:
        """A whole number of at least ``least``."""
        value = self._value(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise self.bad(key, value, f"a whole number of at least {least}")
        return value

    def number(self, key: str, default: Any = MISSING) -> float:
        """A finite number."""
        value = self._value(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value - value != 0:
            raise self.bad(key, value, "a number")
        return float(value)

    def flag(self, key: str, default: Any = MISSING) -> bool:
        """True or false."""
        value = self._value(key, default)
        if not isinstance(value, bool):
            raise self.bad(key, value, "true or false")
        return value

    def text(self, key: str, default: Any = MISSING) -> str:
        """A string."""
        value = self._value(key, default)
        if not isinstance(value, str):
            raise self.bad(key, value, "a string")
        return value

    def activation(self, key: str, default: Any = MISSING) -> str:
        """The name of an activation that the core computes."""
        value = self.text(key, default)
        if value not in ACTIVATIONS:
            raise self.unsupported(key, value, ", ".join(ACTIVATIONS))
        return value

    def refuse_unless(self, required: Mapping[str, Any]) -> None:
        """Raise UnsupportedModel for a key that is there with another value than this or null."""
        for key, only in required.items():
            self.read.add(key)
            value = self.values.get(key)
            if value is not None and value != only:
                raise self.unsupported(
                    key, value, repr(only).lower() if only in (True, False) else only
                )

    def ignore(self, *keys: str) -> None:
        """These keys do not change this family's numbers."""
        self.read.update(keys)

    def split(self, d_model: str, n_heads: str) -> tuple[int, int]:
        """d_model and d_head, where all heads together have d_model dimensions."""
        width, heads = self.whole(d_model), self.whole(n_heads)
        if width % heads:
            raise BadCheckpoint(
                f"config.json has {d_model} {width}, which {n_heads} {heads} does not divide"
            )
        return width, width // heads

    def grouped_heads(self) -> tuple[int, int, int]:
        """n_heads, n_kv_heads and d_head of a model whose heads may share keys."""
        n_heads = self.whole("num_attention_heads")
        n_kv_heads = self.whole("num_key_value_heads", n_heads)
        if n_heads % n_kv_heads:
            raise BadCheckpoint(
                f"config.json has num_attention_heads {n_heads}, which "
                f"num_key_value_heads {n_kv_heads} does not divide"
            )
        if not self.has("head_dim"):
            return n_heads, n_kv_heads, self.split("hidden_size", "num_attention_heads")[1]
        return n_heads, n_kv_heads, self.whole("head_dim")

    def layer_types(self, default: list[str], known: tuple[str, ...]) -> list[str]:
        """What kind of attention each layer has."""
        types = self.get("layer_types") or default
        n_layers = self.whole("num_hidden_layers")
        if not isinstance(types, list) or len(types) != n_layers:
            raise self.bad("layer_types", types, f"a list of {n_layers} layer types")
        for kind in types:
            if kind not in known:
                raise self.unsupported("layer_types", kind, " and ".join(known))
        return types

    def tied(self, *, default: bool) -> bool:
        """Whether the output head is the token embeddings."""
        return self.flag("tie_word_embeddings", default)

    def bad(self, key: str, value: Any, expected: str) -> BadCheckpoint:
        """The error for a value of the wrong kind."""
        return BadCheckpoint(f"config.json has {key} {quote(value)} where {expected} belongs")

    def unsupported(self, key: str, value: Any, known: Any) -> UnsupportedModel:
        """The error for a value that cannot be computed exactly."""
        return UnsupportedModel(
            f"config.json has {key} {quote(value)}; {self.model_type} implements {known}"
        )

    def warn_of_unread(self) -> None:
        """Warn of keys that nobody read and that are not known to be harmless."""
        strange = sorted(
            key
            for key in self.values.keys() - self.read - HARMLESS
            if self.values[key] is not None and not key.startswith("_")
        )
        if strange:
            warnings.warn(
                f"config.json has keys that attnviz does not know for {self.model_type} and "
                f"ignores: {', '.join(strange[:6])}{' …' if len(strange) > 6 else ''}; "
                "if they change the computation, the numbers are wrong",
                AttnvizWarning,
                stacklevel=2,
            )

    def _value(self, key: str, default: Any) -> Any:
        value = self.get(key)
        if value is None:
            if default is MISSING:
                raise BadCheckpoint(f"config.json has no {key}, which {self.model_type} needs")
            return default
        return value
