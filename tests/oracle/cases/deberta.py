"""DeBERTa v2 and v3: relative positions in every combination, buckets, convolution."""

from tests.oracle.cases.bert import BERT, IDS, PAIRED
from tests.oracle.cases.case import Family

LONG = {"token_ids": [(7 * i) % 38 + 2 for i in range(15)]}

V3 = BERT | {
    "type_vocab_size": 0,
    "relative_attention": True,
    "position_buckets": 6,
    "norm_rel_ebd": "layer_norm",
    "share_att_key": True,
    "pos_att_type": "p2c|c2p",
    "max_relative_positions": -1,
    "position_biased_input": False,
}
deberta = Family(
    "deberta-v2", "DebertaV2ForMaskedLM", V3, inputs=[{"token_ids": IDS}, LONG], kind="encoder"
)
deberta.vary("list", {"pos_att_type": ["p2c", "c2p"]}, same_as="plain")
deberta.vary("c2p", {"pos_att_type": ["c2p"]})
deberta.vary("p2c", {"pos_att_type": ["p2c"]})
deberta.vary("no-pos-att", {"pos_att_type": []})
deberta.vary("own-projections", {"share_att_key": False})
deberta.vary("own-projections-c2p", {"share_att_key": False, "pos_att_type": ["c2p"]})
deberta.vary("own-projections-p2c", {"share_att_key": False, "pos_att_type": ["p2c"]})
deberta.vary("no-buckets", {"position_buckets": -1})
deberta.vary("few-relative", {"position_buckets": -1, "max_relative_positions": 4})
deberta.vary("buckets-and-range", {"max_relative_positions": 12})
deberta.vary("no-rel-norm", {"norm_rel_ebd": "none"})
deberta.vary("absolute-too", {"position_biased_input": True})
deberta.vary("absolute-only", {"position_biased_input": True}, without=["relative_attention"])
deberta.vary("neither", {"relative_attention": False}, gain={"(query|key)_proj": 1.5})
deberta.vary("convolution", {"conv_kernel_size": 3, "conv_act": "gelu"})
deberta.vary("convolution-tanh", {"conv_kernel_size": 3})
deberta.vary("wide-convolution", {"conv_kernel_size": 5, "conv_act": "relu"})
deberta.vary("grouped-convolution", {"conv_kernel_size": 3, "conv_act": "gelu", "conv_groups": 4})
deberta.vary("types", {"type_vocab_size": 2}, inputs=[PAIRED])
deberta.vary("embedding-size", {"embedding_size": 20})
deberta.vary("epsilon", {"layer_norm_eps": 1e-2})
deberta.vary("no-prefix", architecture="DebertaV2Model")
deberta.vary("classifier", architecture="DebertaV2ForSequenceClassification", same_as="plain")

V1 = BERT | {
    "relative_attention": True,
    "pos_att_type": ["c2p", "p2c"],
    "position_biased_input": False,
}
first = Family(
    "deberta", "DebertaForMaskedLM", V1, inputs=[{"token_ids": IDS}, LONG], kind="encoder"
)
first.vary("string", {"pos_att_type": "c2p|p2c"}, same_as="plain")
first.vary("c2p", {"pos_att_type": ["c2p"]})
first.vary("p2c", {"pos_att_type": ["p2c"]})
first.vary("few-relative", {"max_relative_positions": 4})
first.vary("absolute-too", {"position_biased_input": True})
first.vary("neither", {"relative_attention": False}, gain={"in_proj": 1.5})
first.vary("types", {"type_vocab_size": 2}, inputs=[PAIRED])
first.vary("no-prefix", architecture="DebertaModel")

FAMILIES = [deberta, first]
