"""BERT: pairs, activations, and every way its checkpoints have been spelt."""

from tests.oracle.cases.case import Family

IDS = [1, 17, 5, 33, 8, 8, 21, 2]
PAIR = [1, 17, 5, 2, 33, 8, 21, 4, 2]
TYPES = [0, 0, 0, 0, 1, 1, 1, 1, 1]
PAIRED = {"token_ids": PAIR, "token_type_ids": TYPES}

BERT = {
    "vocab_size": 40,
    "hidden_size": 36,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 56,
    "max_position_embeddings": 24,
}

bert = Family("bert", "BertForMaskedLM", BERT, inputs=[{"token_ids": IDS}], kind="encoder")
bert.vary("pair", inputs=[PAIRED])
bert.vary("lengths", inputs=[{"token_ids": IDS[:1]}, {"token_ids": [*IDS, *PAIR, *IDS[1:]]}])
bert.vary("epsilon", {"layer_norm_eps": 1e-2})
bert.vary("decoder", {"is_decoder": True}, kind="decoder")
bert.vary("one-type", {"type_vocab_size": 1}, same_as="plain")
bert.vary(
    "four-types",
    {"type_vocab_size": 4},
    inputs=[{"token_ids": PAIR, "token_type_ids": [0, 0, 3, 3, 1, 1, 2, 2, 0]}],
)
bert.vary(
    "hub-keys",
    {
        "attention_probs_dropout_prob": 0.1,
        "classifier_dropout": None,
        "directionality": "bidi",
        "gradient_checkpointing": False,
        "hidden_dropout_prob": 0.1,
        "initializer_range": 0.02,
        "layer_norm_eps": 1e-12,
        "output_past": True,
        "pad_token_id": 0,
        "pooler_fc_size": 768,
        "pooler_num_attention_heads": 12,
        "pooler_num_fc_layers": 3,
        "pooler_size_per_head": 128,
        "pooler_type": "first_token_transform",
        "position_embedding_type": "absolute",
        "transformers_version": "4.6.0.dev0",
        "use_cache": True,
    },
    same_as="plain",
)

OLD_NORMS = [(r"LayerNorm\.weight", "LayerNorm.gamma"), (r"LayerNorm\.bias", "LayerNorm.beta")]
bert.vary("gamma-beta", rename=OLD_NORMS)
bert.vary("no-prefix", architecture="BertModel")
bert.vary("prefix-in-base", architecture="BertModel", rename=[(r"^", "bert.")], same_as="plain")
bert.vary(
    "no-pooler",
    architecture="BertModel",
    drop=r"^pooler\.",
    omitted=["pooler"],
    same_as="no-prefix",
)
bert.vary(
    "stale-position-ids",
    stale={"bert.embeddings.position_ids": ("int64", [1, 24])},
    same_as="plain",
)
bert.vary(
    "decoder-copied",
    copies={
        "cls.predictions.decoder.weight": "bert.embeddings.word_embeddings.weight",
        "cls.predictions.decoder.bias": "cls.predictions.bias",
    },
    same_as="plain",
)
bert.vary(
    "decoder-instead",
    rename=[("bert.embeddings.word_embeddings", "cls.predictions.decoder")],
)
bert.vary("half", dtype="float16")
bert.vary("bfloat16", dtype="bfloat16")
bert.vary("shards", shards=3, same_as="plain")

ONE_LAYER = BERT | {"num_hidden_layers": 1, "hidden_size": 24, "intermediate_size": 40}
ACTIVATIONS = (
    *("gelu_10", "gelu_fast", "hardswish", "laplace", "leaky_relu", "linear", "mish"),
    *("quick_gelu", "relu", "relu2", "relu6", "sigmoid", "silu", "sqrtsoftplus", "tanh"),
)
ALIASES = {
    "gelu_python": "plain",
    "gelu_new": "gelu_fast",
    "gelu_pytorch_tanh": "gelu_fast",
    "gelu_python_tanh": "gelu_fast",
    "gelu_accurate": "gelu_fast",
    "swish": "silu",
}

activation = Family(
    "bert",
    "BertModel",
    ONE_LAYER,
    inputs=[{"token_ids": IDS}],
    kind="encoder",
    prefix="bert-activation",
    gain={r"intermediate\.dense\.weight": 3.5},  # reach beyond 6 and 10, where some are clipped
)
for name in ACTIVATIONS:
    activation.vary(name, {"hidden_act": name})
for name, other in ALIASES.items():
    activation.vary(name, {"hidden_act": name}, same_as=other)
activation.vary("prelu", {"hidden_act": "prelu"}, gain={"act_fn": 0.3})
activation.vary(
    "xielu",
    {"hidden_act": "xielu"},
    gain={r"intermediate\.dense\.weight": 0.3},
    # transformers keeps these in bfloat16 whatever the file says, so they are such numbers.
    constants={
        r"act_fn\.alpha_p": 0.21875,
        r"act_fn\.alpha_n": -1.0625,
        r"act_fn\.beta": 0.5,
        r"act_fn\.eps": -(2.0**-20),
    },
)

FAMILIES = [bert, activation]
