"""Encoders that are BERT, RoBERTa or Llama under other names."""

from tests.oracle.cases.bert import BERT, IDS, PAIRED
from tests.oracle.cases.case import Family
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

FAMILIES = [eurobert, ernie, data2vec]
