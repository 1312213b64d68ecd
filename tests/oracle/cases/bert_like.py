"""Encoders that are BERT, RoBERTa or Llama under other names."""

from dataclasses import replace

from tests.oracle.cases.bert import BERT, IDS, PAIRED
from tests.oracle.cases.case import Family, Storage
from tests.oracle.cases.llama import BASE, INPUTS, YARN, rotary

SPECIAL = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "mask_token_id": 3}
eurobert = Family("eurobert", "EuroBertForMaskedLM", BASE | SPECIAL, inputs=INPUTS, kind="encoder")
eurobert.vary("biases", {"attention_bias": True, "mlp_bias": True})
eurobert.vary("no-prefix", architecture="EuroBertModel")
rotary(eurobert, "yarn", "yarn", **YARN)

ernie = Family("ernie", "ErnieForMaskedLM", BERT, inputs=[{"token_ids": IDS}], kind="encoder")
ernie.vary("pair", inputs=[PAIRED])
ernie.vary("relu", {"hidden_act": "relu"})
ernie.vary("no-prefix", architecture="ErnieModel")

data2vec = Family(
    "data2vec-text", "Data2VecTextForMaskedLM", BERT, inputs=[{"token_ids": IDS}], kind="encoder"
)
data2vec.vary("pad", {"pad_token_id": 5})
data2vec.vary("no-prefix", architecture="Data2VecTextModel")

NOMIC = BERT | {"pad_token_id": 0}
nomic = Family(
    "nomic_bert", "NomicBertForMaskedLM", NOMIC, inputs=[{"token_ids": IDS}], kind="encoder"
)
nomic.vary("pair", inputs=[PAIRED])
nomic.vary("theta", {"rope_theta": 20.0})
nomic.vary("gelu", {"hidden_act": "gelu"})
nomic.vary("head-size", {"head_dim": 16})
nomic.vary("no-prefix", architecture="NomicBertModel")
nomic.vary(
    "nomics-own-names",
    {
        "n_embd": 36,
        "n_head": 3,
        "n_inner": 56,
        "n_layer": 2,
        "n_positions": 24,
        "layer_norm_epsilon": 1e-12,
        "rotary_emb_base": 1000,
        "rotary_emb_fraction": 1.0,
        "activation_function": "swiglu",
        "qkv_proj_bias": False,
    },
    without=[key for key in BERT if key != "vocab_size"],
    same_as="plain",
    read_as={**BERT, "rope_theta": 1000.0},
)

gte = Family("gte", "GteForMaskedLM", NOMIC, inputs=[{"token_ids": IDS}], kind="encoder")
gte.vary("no-types", {"type_vocab_size": 0})
gte.vary("pair", {"type_vocab_size": 2}, inputs=[PAIRED])
gte.vary("silu", {"hidden_act": "silu"})
gte.vary("theta", {"rope_theta": 20.0})
gte.vary("no-prefix", architecture="GteModel")

BEFORE = {
    "megatron-bert": "MegatronBert",
    "roberta-prelayernorm": "RobertaPreLayerNorm",
    "xlm-roberta-xl": "XLMRobertaXL",
}
before = [
    Family(name, f"{its}ForMaskedLM", BERT, inputs=[{"token_ids": IDS}], kind="encoder")
    for name, its in BEFORE.items()
]
for family in before:
    family.vary("relu", {"hidden_act": "relu"})
    family.vary("epsilon", {"layer_norm_eps": 1e-2})
    family.vary("decoder", {"is_decoder": True}, kind="decoder")
    family.vary("no-prefix", architecture=family.plain.architecture.replace("ForMaskedLM", "Model"))

XLM = {
    "vocab_size": 40,
    "emb_dim": 36,
    "n_layers": 2,
    "n_heads": 3,
    "max_position_embeddings": 24,
    "pad_token_id": 0,
}
xlm = Family("xlm", "XLMWithLMHeadModel", XLM, inputs=[{"token_ids": IDS}], kind="encoder")
xlm.vary("relu", {"gelu_activation": False})
xlm.vary("causal", {"causal": True}, kind="decoder")
xlm.vary("languages", {"n_langs": 3, "use_lang_emb": False}, same_as="plain")
xlm.vary("epsilon", {"layer_norm_eps": 1e-2})
xlm.vary("no-prefix", architecture="XLMModel")

ESM = {key: value for key, value in BERT.items() if "type" not in key} | {
    "pad_token_id": 0,
    "mask_token_id": 3,
    "position_embedding_type": "rotary",
    "token_dropout": True,
}
HIDDEN = {"token_ids": [1, 17, 3, 33, 3, 8, 21, 2]}
esm = Family("esm", "EsmForMaskedLM", ESM, inputs=[{"token_ids": IDS}, HIDDEN], kind="encoder")
FREQUENCIES = {"drop": "inv_freq", "omitted": ["inv_freq"]}
esm.cases[0] = replace(esm.plain, storage=Storage(**FREQUENCIES))
esm.vary("no-dropout", {"token_dropout": False}, **FREQUENCIES)
esm.vary("absolute", {"position_embedding_type": "absolute"})
esm.vary("normed", {"emb_layer_norm_before": True}, **FREQUENCIES)
esm.vary("base", {"rope_theta": 20.0}, **FREQUENCIES)
esm.vary("no-prefix", architecture="EsmModel", **FREQUENCIES)

SINUSOIDS = {"drop": "embed_positions", "omitted": ["embed_positions"]}
roformer = Family(
    "roformer", "RoFormerForMaskedLM", BERT, inputs=[{"token_ids": IDS}], kind="encoder"
)
roformer.vary("pair", inputs=[PAIRED], **SINUSOIDS)
roformer.vary("narrow", {"embedding_size": 20}, **SINUSOIDS)
roformer.vary("decoder", {"is_decoder": True}, kind="decoder", **SINUSOIDS)
roformer.vary("no-prefix", architecture="RoFormerModel", **SINUSOIDS)
roformer.cases[0] = replace(roformer.plain, storage=Storage(**SINUSOIDS))

REMBERT = BERT | {"input_embedding_size": 20, "output_embedding_size": 24}
rembert = Family("rembert", "RemBertForMaskedLM", REMBERT, inputs=[PAIRED], kind="encoder")
rembert.vary("relu", {"hidden_act": "relu"})
rembert.vary("no-prefix", architecture="RemBertModel")

FAMILIES = [
    eurobert, ernie, data2vec, nomic, gte, *before, xlm, esm, roformer, rembert,
]  # fmt: skip
