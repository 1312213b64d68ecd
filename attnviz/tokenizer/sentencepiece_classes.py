"""Classes of transformers 5 that came with SentencePiece files: their special tokens by default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# fmt: off
MBART = [
    "ar_AR", "cs_CZ", "de_DE", "en_XX", "es_XX", "et_EE", "fi_FI", "fr_XX", "gu_IN", "hi_IN",
    "it_IT", "ja_XX", "kk_KZ", "ko_KR", "lt_LT", "lv_LV", "my_MM", "ne_NP", "nl_XX", "ro_RO",
    "ru_RU", "si_LK", "tr_TR", "vi_VN", "zh_CN",
]
MBART50 = [
    *MBART, "af_ZA", "az_AZ", "bn_IN", "fa_IR", "he_IL", "hr_HR", "id_ID", "ka_GE", "km_KH",
    "mk_MK", "ml_IN", "mn_MN", "mr_IN", "pl_PL", "ps_AF", "pt_XX", "sv_SE", "sw_KE", "ta_IN",
    "te_IN", "th_TH", "tl_XX", "uk_UA", "ur_PK", "xh_ZA", "gl_ES", "sl_SI",
]
# fmt: on
LEFT = {"content": "<mask>", "lstrip": True}
PLAIN = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
AROUND = {**PLAIN, "sep_token": "</s>", "pad_token": "<pad>", "cls_token": "<s>"}
SENTENCE = {**AROUND, "mask_token": "<mask>"}
INFILLING = {
    "prefix_token": "▁<PRE>",
    "middle_token": "▁<MID>",
    "suffix_token": "▁<SUF>",
    "eot_token": "▁<EOT>",
    "fill_token": "<FILL_ME>",
}
BRACKETS = {
    "bos_token": "[CLS]",
    "eos_token": "[SEP]",
    "unk_token": "<unk>",
    "sep_token": "[SEP]",
    "pad_token": "<pad>",
    "cls_token": "[CLS]",
    "mask_token": "[MASK]",
}
T5 = {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "AlbertTokenizer": BRACKETS,
    "BarthezTokenizer": {**AROUND, "mask_token": LEFT},
    "BigBirdTokenizer": {
        **PLAIN,
        "sep_token": "[SEP]",
        "pad_token": "<pad>",
        "cls_token": "[CLS]",
        "mask_token": {**LEFT, "content": "[MASK]"},
    },
    "CamembertTokenizer": {**AROUND, "mask_token": LEFT},
    "DebertaV2Tokenizer": {**BRACKETS, "unk_token": "[UNK]", "pad_token": "[PAD]"},
    "GemmaTokenizer": {
        "bos_token": "<bos>",
        "eos_token": "<eos>",
        "unk_token": "<unk>",
        "pad_token": "<pad>",
        "mask_token": "<mask>",
    },
    "CodeLlamaTokenizer": {**PLAIN, **INFILLING},
    "LlamaTokenizer": PLAIN,
    "MBart50Tokenizer": {
        **{name: token for name, token in AROUND.items() if name != "bos_token"},
        "mask_token": LEFT,
    },
    "MBartTokenizer": {**AROUND, "mask_token": LEFT},
    "NllbTokenizer": {**AROUND, "mask_token": {**LEFT, "normalized": True}},
    "PegasusTokenizer": {**T5, "mask_token": "<mask_2>"},
    "RemBertTokenizer": BRACKETS,
    "T5Tokenizer": T5,
    "XGLMTokenizer": AROUND,
    "XLMRobertaTokenizer": SENTENCE,
    "XLNetTokenizer": {
        **PLAIN,
        "sep_token": "<sep>",
        "pad_token": "<pad>",
        "cls_token": "<cls>",
        "mask_token": LEFT,
    },
}
PLACES = {
    **dict.fromkeys(("BarthezTokenizer", "MBartTokenizer", "MBart50Tokenizer"), 3),
    **dict.fromkeys(("XGLMTokenizer", "XLMRobertaTokenizer"), 3),
    **dict.fromkeys(("RemBertTokenizer", "T5Tokenizer"), 2),
    "AlbertTokenizer": 1,
    "BigBirdTokenizer": 100,
}
"""The id that a class takes its unknown token to have, unless it looks for it."""


def unknown_id(
    class_name: str, scored: Sequence[tuple[str, float]], unknown: str, of_file: int
) -> int | None:
    """The id that a class takes its unknown token to have, whatever else stands there.

    ``scored`` are the tokens with their scores, ``of_file`` is what the file says itself; None
    where the class needs the token and it is not there.
    """
    if class_name in ("CamembertTokenizer", "PegasusTokenizer"):
        return next((id for id, (text, _) in enumerate(scored) if text == unknown), None)
    if class_name in ("BigBirdTokenizer", "DebertaV2Tokenizer") and (unknown, 0.0) in scored:
        return scored.index((unknown, 0.0))
    return PLACES.get(class_name, of_file)
