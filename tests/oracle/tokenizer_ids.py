"""Record the ids that transformers' AutoTokenizer gives with the small tokenizers.

``python -m tests.oracle.tokenizer_ids`` writes ``fixtures/tokenizers/expected.json``: for each
folder the files that are copied into it and the JSON files that are written beside them, and the
ids of texts, pairs and targets.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer

TOKENIZERS = Path(__file__).parents[1] / "fixtures/tokenizers"
PLAIN = ["He took the hat and examined it carefully", "the hats, the cat: the zebra coat!"]
HARD = [
    "",
    " two  spaces\tand\na line ",
    "The café, the cafe\u0301 and the ﬁ: 1,337?",
    "我喜欢 cats 👩‍💻👍🏽 and 日本",
    "a [MASK] or <mask> or</s> <s>or [CLS]x",
    "the <unk> and [UNK] \U0010ffff",
    "<|endoftext|> the hat\u200b\ufeff \x07 ▁Ġ ##ed",
    " \t\r\n\r\n  ",
    "a\r\nb\u2028c\u0085\x00\x0bd\u00a0e\u3000",
    "שלום مرحبا \u202eabc\u202c नमस्ते ไทย 한국어",
    "I'm, DON'T, they'll, we've; it’s``'' ...!!! 3.14e-10",
    "  <mask>  <s>  [MASK] <pad> [PAD]zebra THE the",
    "ＡＢＣ ① İı ß Σς \u00adH\u0300\u0301 🇫🇷\ufffd",
    "antidisestablishmentarianism" + "x" * 30,
    "<bos>a<eos> <extra_id_0> <0x41> <unk_2> en_XX eng_Latn",
    "def f(x):\n    return x\n\nhttp://a.b/c?d=e_f-g",
]
PAIRS = [["the hat", "it was examined"], ["a", " the cat's"], ["the hat", ""], ["", "the hat"]]

BACKEND = {"tokenizer_class": "TokenizersBackend"}
LEFT = {"content": "<mask>", "lstrip": True, "rstrip": False, "normalized": False}
MASK = {**LEFT, "__type": "AddedToken"}
OPT = {
    "tokenizer_class": "GPT2Tokenizer",
    "add_bos_token": True,
    **dict.fromkeys(("bos_token", "eos_token", "unk_token"), "</s>"),
}
NLLB = {
    "tokenizer_class": "NllbTokenizer",
    "src_lang": "eng_Latn",
    "tgt_lang": "fra_Latn",
    "added_tokens_decoder": {
        "500": {"content": "eng_Latn", "special": True},
        "501": {"content": "fra_Latn", "special": True},
    },
}
# name: (files, model type, tokenizer_config.json, further files)
FOLDERS: dict[str, tuple[str, str, dict[str, Any] | None, dict[str, Any]]] = {
    "wordpiece": ("wordpiece", "bert", BACKEND, {}),
    "wordpiece, lowered": (
        "wordpiece",
        "bert",
        {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "strip_accents": None},
        {},
    ),
    "wordpiece, cased": (
        "wordpiece",
        "bert",
        {"tokenizer_class": "BertTokenizerFast", "do_lower_case": False, "strip_accents": False},
        {},
    ),
    "bert": ("vocab-txt", "bert", None, {}),
    "bert, cased": ("vocab-txt", "bert", {"do_lower_case": False}, {}),
    "bert, accents kept": ("vocab-txt", "bert", {"strip_accents": False}, {}),
    "bert, Chinese uncut": ("vocab-txt", "bert", {"tokenize_chinese_chars": False}, {}),
    "bert, older files": (
        "vocab-txt",
        "bert",
        {"do_lower_case": False, "tokenizer_class": "BertTokenizer"},
        {"special_tokens_map.json": {"cls_token": "<s>", "sep_token": {"content": "</s>"}}},
    ),
    "distilbert": ("vocab-txt", "distilbert", {"tokenizer_class": "DistilBertTokenizer"}, {}),
    "electra": ("vocab-txt", "electra", {"tokenizer_class": "ElectraTokenizer"}, {}),
    "mpnet": ("vocab-txt", "mpnet", {"tokenizer_class": "MPNetTokenizer"}, {}),
    "byte-level": ("byte-level", "roberta", BACKEND, {}),
    "byte-level, split": ("byte-level", "gpt2", {**BACKEND, "split_special_tokens": True}, {}),
    "byte-level, prefixed": (
        "byte-level",
        "gpt2",
        {"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": True},
        {},
    ),
    "byte-level, bos ignored": (
        "byte-level",
        "gpt2",
        {**BACKEND, "add_bos_token": False, "add_eos_token": True},
        {},
    ),
    "byte-level, added": (
        "byte-level",
        "roberta",
        {
            **BACKEND,
            "added_tokens_decoder": {
                "4": {**LEFT, "special": True},
                "500": {"content": "zebra", "special": False, "normalized": True},
            },
        },
        {},
    ),
    "gpt2": ("vocab-merges", "gpt2", None, {}),
    "gpt2, prefixed": ("vocab-merges", "gpt2", {"add_prefix_space": True}, {}),
    "gpt2, bos": ("vocab-merges", "gpt2", {"add_bos_token": True}, {}),
    "opt": ("vocab-merges", "opt", OPT, {}),
    "phi": ("vocab-merges", "phi", {"tokenizer_class": "CodeGenTokenizer"}, {}),
    "gpt_neox": ("vocab-merges", "gpt_neox", {"tokenizer_class": "GPTNeoXTokenizer"}, {}),
    "gpt_neox, bos and eos": (
        "vocab-merges",
        "gpt_neox",
        {"add_bos_token": True, "add_eos_token": True},
        {},
    ),
    "roberta": ("vocab-merges", "roberta", None, {}),
    "roberta, mask": ("vocab-merges", "roberta", {"mask_token": MASK}, {}),
    "roberta, prefixed": ("vocab-merges", "roberta", {"add_prefix_space": True}, {}),
    "roberta, added": ("vocab-merges", "roberta", {}, {"added_tokens.json": {"zebra": 500}}),
    "bart": ("vocab-merges", "bart", {"tokenizer_class": "BartTokenizer"}, {}),
    "unigram": ("unigram", "xlm-roberta", BACKEND, {}),
    "mbart": (
        "unigram",
        "mbart",
        {"tokenizer_class": "MBartTokenizer", "src_lang": "en_XX", "tgt_lang": "ro_RO"},
        {},
    ),
    "mbart, no target": ("unigram", "mbart", {"tokenizer_class": "MBartTokenizer"}, {}),
    "mbart50": (
        "unigram",
        "mbart",
        {"tokenizer_class": "MBart50Tokenizer", "src_lang": "ro_RO", "tgt_lang": "en_XX"},
        {},
    ),
    "nllb": ("byte-fallback", "m2m_100", NLLB, {}),
    "nllb, as it was": ("byte-fallback", "m2m_100", {**NLLB, "legacy_behaviour": True}, {}),
    "nllb, bare": ("byte-fallback", "m2m_100", {"tokenizer_class": "NllbTokenizer"}, {}),
    "byte-fallback": ("byte-fallback", "llama", BACKEND, {}),
}  # fmt: skip

NAMES = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
NAMES_AROUND = {**NAMES, "cls_token": "<s>", "sep_token": "</s>", "mask_token": "<mask>"}
BRACKETS = {f"{n}_token": f"[{n.upper()}]" for n in ("unk", "cls", "sep", "pad", "mask")} | {
    "bos_token": "[CLS]", "eos_token": "[SEP]",
}  # fmt: skip
# files, and their names for special tokens: (model type, class, settings) of folders with them
CLASSES: dict[str, tuple[dict[str, str], list[tuple[str, str, dict[str, Any]]]]] = {
    "byte-fallback": (
        NAMES,
        [
            ("llama", "LlamaTokenizer", {}),
            ("llama", "LlamaTokenizer", {"add_prefix_space": False}),
            ("llama", "LlamaTokenizerFast", {"legacy": True}),
            ("llama", "LlamaTokenizer", {"add_bos_token": False, "add_eos_token": True}),
            ("mistral", "LlamaTokenizer", {"add_prefix_space": False}),
            ("phi3", "LlamaTokenizer", {"legacy": True}),
            ("gemma2", "GemmaTokenizer", {}),
            ("llama", "CodeLlamaTokenizer", {}),
            ("mixtral", "LlamaTokenizer", {"add_prefix_space": False}),
        ],
    ),
    "unigram": (
        NAMES_AROUND,
        [
            ("xlm-roberta", "XLMRobertaTokenizer", {}),
            ("xlm-roberta", "XLMRobertaTokenizer", {"add_prefix_space": False}),
            ("camembert", "CamembertTokenizer", {"add_prefix_space": False}),
            ("pegasus", "PegasusTokenizer", {}),
            ("deberta-v2", "DebertaV2Tokenizer", {}),
            ("deberta-v2", "DebertaV2Tokenizer", {"split_by_punct": True, "do_lower_case": True}),
            ("t5", "T5Tokenizer", {"extra_ids": 0}),
            ("t5", "T5Tokenizer", {}),
            ("umt5", "T5Tokenizer", {}),
            ("camembert", "CamembertTokenizer", {}),
            ("xglm", "XGLMTokenizer", {}),
            ("gte", "XLMRobertaTokenizer", {}),
            ("mbart", "BarthezTokenizer", {}),
            ("rembert", "RemBertTokenizer", {}),
            ("albert", "AlbertTokenizer", {}),
            ("albert", "AlbertTokenizer", {"do_lower_case": False, "keep_accents": True}),
        ],
    ),
    "byte-level": (
        NAMES_AROUND,
        [
            ("gpt2", "GPT2Tokenizer", {}),
            ("phi", "CodeGenTokenizer", {"add_prefix_space": True}),
            ("roberta", "RobertaTokenizer", {"add_prefix_space": True}),
            ("bart", "BartTokenizer", {}),
            ("gpt_neox", "GPTNeoXTokenizer", {"add_bos_token": True}),
            ("qwen2", "PreTrainedTokenizerFast", {}),
            ("qwen3", "Qwen2TokenizerFast", {}),
            ("llama", "LlamaTokenizerFast", {"add_prefix_space": False}),
            ("olmo2", "GPT2Tokenizer", {"add_prefix_space": True}),
            ("falcon", "PreTrainedTokenizerFast", {"add_prefix_space": True}),
            ("qwen2", "Qwen2Tokenizer", {"add_prefix_space": True}),
            ("cohere", "CohereTokenizer", {}),
            ("cohere2", "CohereTokenizerFast", {"add_prefix_space": True}),
            ("clip", "CLIPTokenizer", {}),
            ("blenderbot", "BlenderbotTokenizer", {}),
            ("deberta", "DebertaTokenizer", {}),
            ("olmoe", "GPTNeoXTokenizer", {}),
            ("granite", "GPT2Tokenizer", {"add_prefix_space": True}),
            ("bloom", "BloomTokenizerFast", {"add_prefix_space": True}),
            ("gpt2", "GPT2Tokenizer", {"added_tokens_decoder": {"500": {**LEFT, "special": True}}}),
        ],
    ),
    "wordpiece": (
        BRACKETS,
        [
            ("bert", "BertTokenizer", {}),
            ("bert", "BertTokenizer", {"model_input_names": ["input_ids", "attention_mask"]}),
            ("bert", "PreTrainedTokenizerFast", {"do_lower_case": True}),
            ("distilbert", "DistilBertTokenizer", {"tokenize_chinese_chars": False}),
            ("electra", "ElectraTokenizer", {"strip_accents": False}),
            ("mpnet", "MPNetTokenizer", {"do_lower_case": False}),
        ],
    ),
}
FOLDERS |= {
    f"{model_type}, {class_name}, {len(settings)} {'-'.join(settings)}": (
        files, model_type, {"tokenizer_class": class_name, **names, **settings}, {},
    )
    for files, (names, cases) in CLASSES.items()
    for model_type, class_name, settings in cases
}  # fmt: skip


def record(name: str, folder: Path) -> dict[str, Any]:
    """What one folder holds and what transformers makes of it."""
    files, model_type, settings, further = FOLDERS[name]
    written = {"config.json": {"model_type": model_type}, **further}
    if settings is not None:
        written["tokenizer_config.json"] = settings
    shutil.copytree(TOKENIZERS / files, folder)
    for file, content in written.items():
        (folder / file).write_text(json.dumps(content))
    tokenizer = AutoTokenizer.from_pretrained(folder)
    texts = PLAIN + HARD
    seen = {"name": name, "files": files, "written": written}
    seen["texts"] = [[text, tokenizer(text)["input_ids"]] for text in texts]
    seen["pairs"] = [[*pair, *_pair(tokenizer, pair)] for pair in PAIRS]
    seen["targets"] = [[text, tokenizer(text_target=text)["input_ids"]] for text in PLAIN]
    seen["decoded"] = [tokenizer.decode(ids, skip_special_tokens=True) for _, ids in seen["texts"]]
    return seen


def _pair(tokenizer: Any, pair: list[str]) -> tuple[list[int], list[int]]:
    ids = (encoded := tokenizer(*pair))["input_ids"]
    return ids, encoded.get("token_type_ids", [0] * len(ids))


def main() -> None:
    """Write the expected ids, one folder a line."""
    with tempfile.TemporaryDirectory() as temporary:
        seen = [record(name, Path(temporary) / name) for name in FOLDERS]
    lines = ",\n".join(json.dumps(one, ensure_ascii=True, separators=(",", ":")) for one in seen)
    (TOKENIZERS / "expected.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
