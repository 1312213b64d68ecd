"""T5 and mT5: bucketed relative scores, a head size of their own, gated and plain layers."""

from tests.oracle.cases.case import Family

SOURCE = [(11 * i) % 37 + 2 for i in range(9)] + [1]
INPUTS = [{"token_ids": SOURCE, "target_ids": [0, 21, 7, 30, 12, 1]}]
LONG = [{"token_ids": SOURCE * 3, "target_ids": [0, *SOURCE, 21, 7, 3]}]

BASE = {
    "vocab_size": 40,
    "d_model": 32,
    "d_kv": 10,
    "d_ff": 48,
    "num_layers": 2,
    "num_heads": 3,
    "relative_attention_num_buckets": 8,
    "relative_attention_max_distance": 12,
    "pad_token_id": 0,
    "eos_token_id": 1,
    "decoder_start_token_id": 0,
}
GAIN = {r"Attention\.[qk]\.": 0.7}  # scores are not divided by sqrt(d_head)

t5 = Family("t5", "T5ForConditionalGeneration", BASE, inputs=INPUTS, kind="encoder", gain=GAIN)
t5.vary("long", inputs=LONG)
t5.vary(
    "default-buckets",
    inputs=LONG,
    without=["relative_attention_num_buckets", "relative_attention_max_distance"],
)
t5.vary("odd-buckets", {"relative_attention_num_buckets": 7}, inputs=LONG)
t5.vary("far-buckets", {"relative_attention_max_distance": 40}, inputs=LONG)
t5.vary("uneven-stacks", {"num_decoder_layers": 3})
t5.vary("gated-gelu", {"feed_forward_proj": "gated-gelu"})
t5.vary("gated-silu", {"feed_forward_proj": "gated-silu"})
t5.vary("gelu", {"feed_forward_proj": "gelu"})
t5.vary("said-again", {"dense_act_fn": "gelu", "is_gated_act": True})  # which counts
t5.vary("untied", {"tie_word_embeddings": False}, same_as="plain")
t5.vary("epsilon", {"layer_norm_epsilon": 1e-2})
t5.vary("encoder-alone", architecture="T5EncoderModel", inputs=[{"token_ids": SOURCE}])
t5.vary("model", architecture="T5Model", same_as="plain")
t5.vary("classifier", architecture="T5ForSequenceClassification")  # with a prefix of its own
t5.vary(
    "copied",
    copies={
        f"{place}.weight": "shared.weight"
        for place in ("encoder.embed_tokens", "decoder.embed_tokens", "lm_head")
    },
    stale={
        "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight": (
            "float32",
            [8, 3],
        )
    },
    same_as="plain",
)
t5.vary("one-token", inputs=[{"token_ids": [1], "target_ids": [0]}, *INPUTS])
t5.vary("shared-as-encoder", rename=[("^shared", "encoder.embed_tokens")])
t5.vary("shared-as-head", rename=[("^shared", "lm_head")])
t5.vary("half", dtype="float16")
t5.vary("shards", shards=3, same_as="plain")
t5.vary(
    "hub-keys",
    {
        "n_positions": 512,
        "output_past": True,
        "task_specific_params": {"summarization": {"num_beams": 4, "prefix": "summarize: "}},
        "is_encoder_decoder": True,
        "initializer_factor": 1.0,
        "dense_act_fn": "relu",
        "is_gated_act": False,
    },
    same_as="plain",
)

mt5 = Family("mt5", "MT5ForConditionalGeneration", BASE, inputs=INPUTS, kind="encoder", gain=GAIN)
mt5.vary("relu", {"feed_forward_proj": "relu"})
mt5.vary("untied", {"tie_word_embeddings": False}, same_as="plain")
mt5.vary("encoder-alone", architecture="MT5EncoderModel", inputs=[{"token_ids": SOURCE}])

UMT5 = BASE | {"feed_forward_proj": "gated-gelu"}
umt5 = Family(
    "umt5", "UMT5ForConditionalGeneration", UMT5, inputs=INPUTS, kind="encoder", gain=GAIN
)
umt5.vary("long", inputs=LONG)
umt5.vary("plain-mlp", {"feed_forward_proj": "relu"})
umt5.vary("encoder-alone", architecture="UMT5EncoderModel", inputs=[{"token_ids": SOURCE}])

FAMILIES = [umt5, t5, mt5]
