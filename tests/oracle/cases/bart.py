"""BART, mBART, Pegasus, M2M-100 and Marian: positions learned or sinusoidal, stored or not."""

from tests.oracle.cases.case import Family

SOURCE = [0, *((11 * i) % 36 + 4 for i in range(8)), 2]
INPUTS = [{"token_ids": SOURCE, "target_ids": [2, 0, 21, 7, 30, 12]}]
PADS = [{"token_ids": [0, 15, 1, 26, 37, 1, 9, 2], "target_ids": [2, 1, 21, 7]}]

BASE = {
    "vocab_size": 40,
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 48,
    "decoder_ffn_dim": 40,
    "max_position_embeddings": 24,
    "pad_token_id": 1,
    "bos_token_id": 0,
    "eos_token_id": 2,
    "decoder_start_token_id": 2,
    "forced_eos_token_id": 2,
}
UNEVEN = {"encoder_layers": 1, "decoder_layers": 3, "decoder_attention_heads": 2}
EMBEDDINGS = ("encoder.embed_tokens", "decoder.embed_tokens")
COPIES = {f"model.{place}.weight": "model.shared.weight" for place in EMBEDDINGS}
COPIES["lm_head.weight"] = "model.shared.weight"
OLD_BART = {
    "activation_dropout": 0.1,
    "add_bias_logits": False,
    "add_final_layer_norm": False,
    "classif_dropout": 0.1,
    "early_stopping": True,
    "gradient_checkpointing": False,
    "is_encoder_decoder": True,
    "normalize_before": False,
    "normalize_embedding": True,
    "no_repeat_ngram_size": 3,
    "num_beams": 4,
    "num_hidden_layers": 2,
    "static_position_embeddings": False,
    "task_specific_params": {"summarization": {"length_penalty": 1.0, "max_length": 128}},
}

bart = Family("bart", "BartForConditionalGeneration", BASE, inputs=INPUTS, kind="encoder")
bart.vary("uneven-stacks", UNEVEN)
bart.vary("scaled", {"scale_embedding": True})
bart.vary("relu", {"activation_function": "relu"})
bart.vary("pads-inside", inputs=PADS)
bart.vary("no-prefix", architecture="BartModel")
bart.vary(
    "classifier", {"eos_token_id": 2}, architecture="BartForSequenceClassification", same_as="plain"
)
bart.vary("copied", copies=COPIES, same_as="plain")
bart.vary("hub-keys", OLD_BART, same_as="plain")
bart.vary("one-token", inputs=[{"token_ids": [5], "target_ids": [2]}, *INPUTS])
bart.vary("shared-as-decoder", rename=[("model.shared", "model.decoder.embed_tokens")])
bart.vary("shared-as-head", rename=[("model.shared", "lm_head")])
bart.vary("untied", {"tie_word_embeddings": False})
bart.vary("half", dtype="float16")
bart.vary("shards", shards=3, same_as="plain")

MBART = BASE | {"vocab_size": 40}
mbart = Family("mbart", "MBartForConditionalGeneration", MBART, inputs=INPUTS, kind="encoder")
mbart.vary("uneven-stacks", UNEVEN)
mbart.vary("scaled", {"scale_embedding": True})
mbart.vary("relu", {"activation_function": "relu"})
mbart.vary("untied", {"tie_word_embeddings": False})
mbart.vary("no-prefix", architecture="MBartModel")
mbart.vary("copied", copies=COPIES, same_as="plain")
mbart.vary(
    "hub-keys",
    OLD_BART | {"normalize_before": True, "add_final_layer_norm": True},
    same_as="plain",
)

SINUSOIDS = "embed_positions"
PEGASUS = BASE | {"pad_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 0}
PEGASUS |= {"forced_eos_token_id": 1}
pegasus = Family(
    "pegasus",
    "PegasusForConditionalGeneration",
    PEGASUS,
    inputs=INPUTS,
    kind="encoder",
    gain={SINUSOIDS: 0.6},
)
pegasus.vary("uneven-stacks", UNEVEN)
pegasus.vary("scaled", {"scale_embedding": True})
pegasus.vary("sinusoids-omitted", drop=SINUSOIDS, omitted=[SINUSOIDS])
pegasus.vary("untied", {"tie_word_embeddings": False})
pegasus.vary("no-prefix", architecture="PegasusModel")
pegasus.vary("copied", copies=COPIES, same_as="plain")
pegasus.vary(
    "hub-keys",
    OLD_BART
    | {
        "add_final_layer_norm": True,
        "extra_pos_embeddings": 1,
        "normalize_before": True,
        "normalize_embedding": False,
        "static_position_embeddings": True,
    },
    same_as="plain",
)

m2m_100 = Family("m2m_100", "M2M100ForConditionalGeneration", BASE, inputs=INPUTS, kind="encoder")
m2m_100.vary("uneven-stacks", UNEVEN)
m2m_100.vary("unscaled", {"scale_embedding": False})
m2m_100.vary("gelu", {"activation_function": "gelu"})
m2m_100.vary("pads-inside", inputs=PADS)
m2m_100.vary("odd-size", {"d_model": 36, "encoder_attention_heads": 4})
m2m_100.vary("beyond-positions", {"max_position_embeddings": 5}, same_as="plain")
m2m_100.vary("untied", {"tie_word_embeddings": False})
m2m_100.vary("no-prefix", architecture="M2M100Model")
m2m_100.vary("copied", copies=COPIES, same_as="plain")
m2m_100.vary(
    "stale-sinusoids",
    stale={
        f"model.{side}.embed_positions.weights": ("float32", [26, 32])
        for side in ("encoder", "decoder")
    },
    same_as="plain",
)

MARIAN = BASE | {"pad_token_id": 39, "eos_token_id": 0, "decoder_start_token_id": 39}
MARIAN |= {"forced_eos_token_id": 0}
marian = Family(
    "marian",
    "MarianMTModel",
    MARIAN,
    inputs=[{"token_ids": [*SOURCE[1:-1], 0], "target_ids": [39, 21, 7, 30, 12]}],
    kind="encoder",
    gain={SINUSOIDS: 0.6},
)
marian.vary("uneven-stacks", UNEVEN)
marian.vary("scaled", {"scale_embedding": True})
marian.vary("swish", {"activation_function": "swish"})
marian.vary(
    "sinusoids-stored",
    extra={f"model.{side}.embed_positions.weight": [24, 32] for side in ("encoder", "decoder")},
)
marian.vary(
    "two-vocabularies",
    {"share_encoder_decoder_embeddings": False, "decoder_vocab_size": 44},
)
marian.vary("untied", {"tie_word_embeddings": False}, same_as="two-vocabularies")
marian.vary("no-prefix", architecture="MarianModel")
marian.vary("copied", copies=COPIES, same_as="plain")
marian.vary(
    "hub-keys",
    OLD_BART | {"normalize_embedding": False, "static_position_embeddings": True},
    same_as="plain",
)

mvp = Family("mvp", "MvpForConditionalGeneration", BASE, inputs=INPUTS, kind="encoder")
plbart = Family("plbart", "PLBartForConditionalGeneration", BASE, inputs=INPUTS, kind="encoder")
for family in (mvp, plbart):
    family.vary("uneven-stacks", UNEVEN)
    family.vary("relu", {"activation_function": "relu"})
    family.vary("no-prefix", architecture=family.plain.architecture.split("For")[0] + "Model")
mvp.vary("scaled", {"scale_embedding": True})
plbart.vary("unscaled", {"scale_embedding": False})

blenderbot = Family(
    "blenderbot", "BlenderbotForConditionalGeneration", BASE, inputs=INPUTS, kind="encoder"
)
blenderbot.vary("uneven-stacks", UNEVEN)
blenderbot.vary("scaled", {"scale_embedding": True})
blenderbot.vary("relu", {"activation_function": "relu"})
blenderbot.vary("no-prefix", architecture="BlenderbotModel")

FAMILIES = [mvp, plbart, blenderbot, bart, mbart, pegasus, m2m_100, marian]
