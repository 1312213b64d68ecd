"""ModernBERT: local and global layers, each with its rotary base, old and new spelling."""

from tests.oracle.cases.case import Family

IDS = [(11 * i) % 38 + 2 for i in range(13)]

MODERNBERT = {
    "vocab_size": 40,
    "hidden_size": 32,
    "num_hidden_layers": 4,
    "num_attention_heads": 2,
    "intermediate_size": 40,
    "max_position_embeddings": 64,
    "local_attention": 6,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "cls_token_id": 1,
    "sep_token_id": 2,
}
modernbert = Family(
    "modernbert",
    "ModernBertForMaskedLM",
    MODERNBERT,
    inputs=[{"token_ids": IDS}],
    kind="encoder",
)
modernbert.vary("every-second", {"global_attn_every_n_layers": 2})
modernbert.vary("all-global", {"global_attn_every_n_layers": 1})
modernbert.vary("odd-window", {"local_attention": 5})
modernbert.vary("old-bases", {"global_rope_theta": 500.0, "local_rope_theta": 20.0})
modernbert.vary(
    "new-bases",
    {
        "layer_types": ["full_attention", *["sliding_attention"] * 2, "full_attention"],
        "rope_parameters": {
            "full_attention": {"rope_type": "default", "rope_theta": 500.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 20.0},
        },
    },
    same_as="old-bases",
)
modernbert.vary(
    "layer-types",
    {"layer_types": ["sliding_attention", *["full_attention"] * 2, "sliding_attention"]},
)
modernbert.vary("biases", {"attention_bias": True, "mlp_bias": True, "norm_bias": True})
modernbert.vary("attention-bias", {"attention_bias": True})
modernbert.vary("silu", {"hidden_activation": "silu"})
modernbert.vary("epsilon", {"norm_eps": 1e-2})
modernbert.vary("no-prefix", architecture="ModernBertModel")
modernbert.vary("half", dtype="float16")

decoder = Family(
    "modernbert-decoder",
    "ModernBertDecoderForCausalLM",
    MODERNBERT,
    inputs=[{"token_ids": IDS}],
    kind="decoder",
)
decoder.vary("every-second", {"global_attn_every_n_layers": 2})
decoder.vary("odd-window", {"local_attention": 5})
decoder.vary("bases", {"global_rope_theta": 500.0, "local_rope_theta": 20.0})
decoder.vary("biases", {"attention_bias": True, "mlp_bias": True, "norm_bias": True})
decoder.vary("no-prefix", architecture="ModernBertDecoderModel")

FAMILIES = [modernbert, decoder]
