"""Encoders close to BERT: DistilBERT, RoBERTa and its kin, ALBERT, ELECTRA, MPNet."""

from tests.oracle.cases.bert import BERT, IDS, PAIRED
from tests.oracle.cases.case import Family

SINGLE = [{"token_ids": IDS}]
PADS = {"token_ids": [0, 17, 1, 33, 8, 1, 21, 2]}  # 1 is their padding id: it takes no position
LONG = {"token_ids": [(7 * i) % 38 + 2 for i in range(30)]}

DISTILBERT = {
    "vocab_size": 40,
    "dim": 36,
    "n_layers": 2,
    "n_heads": 3,
    "hidden_dim": 56,
    "max_position_embeddings": 24,
}
distilbert = Family(
    "distilbert", "DistilBertForMaskedLM", DISTILBERT, inputs=SINGLE, kind="encoder"
)
distilbert.vary("relu", {"activation": "relu"})
distilbert.vary("no-prefix", architecture="DistilBertModel")
distilbert.vary("sinusoids-stored", {"sinusoidal_pos_embds": True}, same_as="plain")
distilbert.vary(
    "sinusoids-omitted",
    {"sinusoidal_pos_embds": True},
    drop="position_embeddings",
    omitted=["position_embeddings"],
)
distilbert.vary(
    "hub-keys",
    {
        "dropout": 0.1,
        "attention_dropout": 0.1,
        "pad_token_id": 0,
        "qa_dropout": 0.1,
        "seq_classif_dropout": 0.2,
        "sinusoidal_pos_embds": False,
        "tie_weights_": True,
        "transformers_version": "4.10.0.dev0",
    },
    same_as="plain",
)

# Two more positions than tokens, for the padding id counts as one and they start after it.
ROBERTA = BERT | {"type_vocab_size": 1, "max_position_embeddings": 26}
roberta = Family("roberta", "RobertaForMaskedLM", ROBERTA, inputs=SINGLE, kind="encoder")
roberta.vary("pads-inside", inputs=[PADS])
roberta.vary("other-pad", {"pad_token_id": 5}, inputs=[PADS, *SINGLE])
roberta.vary("two-types", {"type_vocab_size": 2}, inputs=[PAIRED])
roberta.vary("epsilon", {"layer_norm_eps": 1e-2})
roberta.vary("no-prefix", architecture="RobertaModel")
roberta.vary("classifier", architecture="RobertaForSequenceClassification", same_as="plain")
xlm_roberta = Family("xlm-roberta", "XLMRobertaForMaskedLM", ROBERTA, inputs=[PADS], kind="encoder")
xlm_roberta.vary("no-prefix", architecture="XLMRobertaModel")
camembert = Family("camembert", "CamembertForMaskedLM", ROBERTA, inputs=[PADS], kind="encoder")

ALBERT = BERT | {"embedding_size": 20}
albert = Family("albert", "AlbertForMaskedLM", ALBERT, inputs=[PAIRED], kind="encoder")
albert.vary("gelu", {"hidden_act": "gelu"})
albert.vary("two-groups", {"num_hidden_layers": 4, "num_hidden_groups": 2})
albert.vary("uneven-groups", {"num_hidden_layers": 5, "num_hidden_groups": 3})
albert.vary("inner-groups", {"inner_group_num": 2})
albert.vary("both-groups", {"num_hidden_layers": 4, "num_hidden_groups": 2, "inner_group_num": 2})
albert.vary("same-size", {"embedding_size": 36})
albert.vary("no-prefix", architecture="AlbertModel")
albert.vary(
    "hub-keys",
    {
        "down_scale_factor": 1,
        "gap_size": 0,
        "net_structure_type": 0,
        "num_memory_blocks": 0,
        "layers_to_keep": [],
    },
    same_as="plain",
)

ELECTRA = BERT | {"embedding_size": 20}
electra = Family("electra", "ElectraForPreTraining", ELECTRA, inputs=[PAIRED], kind="encoder")
electra.vary("no-projection", {"embedding_size": 36})
electra.vary("generator", architecture="ElectraForMaskedLM", same_as="plain")
electra.vary(
    "generator-no-projection",
    {"embedding_size": 36},
    architecture="ElectraForMaskedLM",
    same_as="no-projection",
)
electra.vary("no-prefix", architecture="ElectraModel")
electra.vary("relu", {"hidden_act": "relu"})

MPNET = BERT | {"max_position_embeddings": 34}
mpnet = Family(
    "mpnet",
    "MPNetForMaskedLM",
    MPNET,
    inputs=[*SINGLE, LONG],
    kind="encoder",
    gain={"relative_attention_bias": 2},
)
mpnet.vary("pads-inside", inputs=[PADS])
mpnet.vary("no-prefix", architecture="MPNetModel")

FAMILIES = [distilbert, roberta, xlm_roberta, camembert, albert, electra, mpnet]
