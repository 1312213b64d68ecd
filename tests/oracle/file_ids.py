"""Record the ids that AutoTokenizer gives with tokenizers that are in other files than JSON.

``python -m tests.oracle.file_ids`` writes ``fixtures/tokenizers/files.json``: for each folder its
files, its settings, and the ids of texts, pairs and targets. Needs sentencepiece, tiktoken, fugashi
with its dictionaries, sacremoses, and protobuf.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer

TOKENIZERS = Path(__file__).parents[1] / "fixtures/tokenizers"
SP = "sentencepiece/"
XLM = "sentencepiece.bpe.model"
TEXTS = [
    "He took the hat and examined it carefully.",
    "",
    "  two  spaces\tand\na line ",
    "cafe\u0301 naïve ﬁne ½ Ａ１ \u3000x",
    "日本語のテキスト 👍🏽 \u200b\ufeff\x00",
    "<s> x </s> <unk> <pad></s>",
    "a <mask> or[MASK] [CLS]x",
    "▁the▁hat ``quoted'' the  hat's",
    "<|user|> hat <start_of_turn>user\nhi",
    ">>fra<< the hat",
    "<extra_id_0> __en__ eng_Latn en_XX <unk_2> <eop>",
    "1984 is $3.14, isn't it?!",
    "aaaaaaaa!!!!!!! the the the",
    "\r\n\r\n\u2028x",
    "A&B <p53-bound> (well-known), “the” Été À l'hôtel… Mr. X's 1,000.",
]
JAPANESE = ["彼は帽子を手に取りました。", "ﾊﾝｶｸ　日本語 １２３", "[MASK]は 帽子"]
PAIRS = [["the hat", "it was examined"], ["a", " the cat's"]]
BOTH = {"add_bos_token": True, "add_eos_token": True}
CODES = {"additional_special_tokens": ["eng_Latn", "fra_Latn"]}
MARIAN = {
    "vocab.json": SP + "marian.json",
    "source.spm": SP + "unigram.model",
    "target.spm": SP + "french.model",
}
M2M = {"vocab.json": SP + "m2m.json", XLM: SP + "unigram.model"}
MERGES = {"vocab.json": "vocab-merges/vocab.json", "merges.txt": "vocab-merges/merges.txt"}
KANJI = {"vocab.txt": "japanese/vocab.txt"}
WORDS = {"vocab.txt": "vocab-txt/vocab.txt"}
MARKED = {"vocab.txt": "phobert/vocab.txt", "bpe.codes": "phobert/bpe.codes"}
MOSES = {"vocab.json": "moses/vocab.json", "merges.txt": "moses/merges.txt"}
MECAB = {"tokenizer_class": "BertJapaneseTokenizer", "word_tokenizer_type": "mecab"}
BEGIN = {
    "content": "<|begin|>", "special": True, "lstrip": False, "rstrip": False,
    "normalized": False, "single_word": False,
}  # fmt: skip


def _class(name: str, **settings: Any) -> dict[str, Any]:
    return {"tokenizer_class": f"{name}Tokenizer", **settings}


# (files, model type, tokenizer_config.json)
FOLDERS: list[tuple[dict[str, str], str, dict[str, Any] | None]] = [
    ({XLM: SP + "unigram.model"}, "xlm-roberta", None),
    ({XLM: SP + "unigram.model"}, "xlm-roberta", _class("XLMRoberta", add_prefix_space=False)),
    ({XLM: SP + "unigram.model"}, "camembert", None),
    ({XLM: SP + "unigram.model"}, "mbart", _class("MBart", src_lang="en_XX", tgt_lang="ro_RO")),
    ({XLM: SP + "unigram.model"}, "mbart", _class("MBart50", src_lang="ro_RO", tgt_lang="en_XX")),
    ({XLM: SP + "plain-bpe.model"}, "m2m_100", _class("Nllb", src_lang="fra_Latn", **CODES)),
    ({XLM: SP + "plain-bpe.model"}, "m2m_100", _class("Nllb")),
    ({"spiece.model": SP + "t5.model"}, "t5", None),
    ({"spiece.model": SP + "t5.model"}, "t5", _class("T5", extra_ids=0)),
    ({"spiece.model": SP + "t5.model"}, "pegasus", None),
    ({"spiece.model": SP + "albert.model"}, "albert", None),
    ({"spiece.model": SP + "albert.model"}, "albert", {"do_lower_case": False}),
    ({"spiece.model": SP + "albert.model"}, "big_bird", None),
    ({"sentencepiece.model": SP + "albert.model"}, "rembert", None),
    ({"spiece.model": SP + "unigram.model"}, "xlnet", {"do_lower_case": True}),
    ({"spm.model": SP + "brackets.model"}, "deberta-v2", {"do_lower_case": False}),
    ({"spm.model": SP + "brackets.model"}, "deberta-v2", {"split_by_punct": True}),
    ({"tokenizer.model": SP + "bpe.model"}, "llama", _class("Llama", add_bos_token=True)),
    ({"tokenizer.model": SP + "bpe.model"}, "llama", _class("Llama", legacy=True)),
    ({"tokenizer.model": SP + "bpe.model"}, "llama", None),
    ({"tokenizer.model": SP + "bpe.model"}, "llama", _class("CodeLlama")),
    ({"tokenizer.model": SP + "bpe.model"}, "llama", _class("CodeLlama", add_eos_token=True)),
    ({"tokenizer.model": SP + "unigram.model"}, "xglm", None),
    ({XLM: SP + "unigram.model"}, "mbart", _class("Barthez", **BOTH)),
    ({"spiece.model": SP + "albert.model"}, "albert", {"add_eos_token": True}),
    ({"spiece.model": SP + "albert.model"}, "xlnet", {"mask_token": "<mask>"}),
    ({"spiece.model": SP + "t5.model"}, "pegasus", {"mask_token_sent": None, "offset": 2}),
    ({"tokenizer.model": SP + "bpe.model"}, "mistral", _class("Llama", add_bos_token=True)),
    ({"tokenizer.model": SP + "bpe.model"}, "phi3", _class("Llama", legacy=False)),
    ({"tokenizer.model": SP + "unigram.model"}, "mistral", None),
    ({"tokenizer.model": SP + "plain-bpe.model"}, "olmo2", None),
    ({"tokenizer.model": SP + "gemma.model"}, "gemma2", _class("Gemma", add_bos_token=True)),
    (MARIAN, "marian", _class("Marian", source_lang="eng", target_lang="fra")),
    (MARIAN, "marian", None),
    ({XLM: SP + "plain-bpe.model"}, "plbart", None),
    ({XLM: SP + "plain-bpe.model"}, "plbart", _class("PLBart", src_lang="java", tgt_lang="en_XX")),
    ({"spiece.model": SP + "t5.model"}, "siglip", None),
    ({"spiece.model": SP + "t5.model"}, "siglip", _class("Siglip", do_lower_case=False)),
    (M2M, "m2m_100", _class("M2M100", src_lang="de", tgt_lang="fr")),
    (M2M, "m2m_100", _class("M2M100", language_codes="wmt21", src_lang="de", tgt_lang="en")),
    ({}, "t5", _class("ByT5")),
    (MERGES, "qwen2", _class("Qwen2")),
    (MERGES, "qwen2", _class("Qwen2", add_prefix_space=True)),
    (MERGES, "cohere", None),
    (MERGES, "cohere2", _class("Cohere", add_prefix_space=True, add_bos_token=True)),
    (MERGES, "clip", None),
    (MERGES, "gpt2", _class("GPT2", image_token="<image>", extra_special_tokens={"a": "zebra"})),
    (MERGES, "blenderbot", _class("Blenderbot", mask_token="<mask>")),
    (MERGES, "deberta", _class("Deberta", **{f"{n}_token": "<s>" for n in ("cls", "sep", "unk")})),
    (MERGES, "blenderbot", _class("Blenderbot")),
    (MERGES, "longformer", _class("Longformer")),
    (MERGES, "openai-gpt", _class("OpenAIGPT")),
    (MERGES, "bert", _class("Herbert")),
    (MOSES, "biogpt", None),
    (MOSES, "biogpt", _class("BioGpt", additional_special_tokens=["zebra"])),
    (MOSES, "xlm", None),
    (MOSES, "xlm", _class("XLM", do_lowercase_and_remove_accent=False)),
    (WORDS, "convbert", _class("ConvBert")),
    (WORDS, "bert", _class("Bert", additional_special_tokens=["zebra"])),
    (WORDS, "mpnet", None),
    (WORDS, "mobilebert", _class("MobileBert")),
    (MARKED, "roberta", _class("Phobert")),
    (MARKED, "roberta", _class("Bertweet")),
    ({"vocab.txt": "esm/vocab.txt"}, "esm", None),
    (KANJI, "bert", {**MECAB, "mecab_kwargs": {"mecab_dic": "ipadic"}}),
    (KANJI, "bert", {**MECAB, "do_lower_case": True}),
    (KANJI, "bert", {**MECAB, "subword_tokenizer_type": "character"}),
    ({"tokenizer.model": "tiktoken/tokenizer.model"}, "llama", None),
    (
        {"tokenizer.model": "tiktoken/tokenizer.model"},
        "llama",
        {"bos_token": "<|begin|>", "add_bos_token": True, "added_tokens_decoder": {"470": BEGIN}},
    ),
]  # fmt: skip


def recorded(
    files: dict[str, str], model_type: str, settings: dict[str, Any] | None
) -> dict[str, Any]:
    """What AutoTokenizer makes of one folder."""
    written: dict[str, Any] = {"config.json": {"model_type": model_type}}
    if settings is not None:
        written["tokenizer_config.json"] = settings
    with tempfile.TemporaryDirectory() as folder:
        for name, source in files.items():
            shutil.copy(TOKENIZERS / source, Path(folder) / name)
        for name, content in written.items():
            (Path(folder) / name).write_text(json.dumps(content))
        tokenizer = AutoTokenizer.from_pretrained(folder)
    texts = TEXTS + JAPANESE * ("Japanese" in type(tokenizer).__name__)
    pairs = [(a, b, tokenizer(a, b)) for a, b in PAIRS]
    two_sided = model_type in ("marian", "m2m_100", "mbart", "plbart")
    return {
        "files": files,
        "written": written,
        "texts": [[text, tokenizer(text)["input_ids"]] for text in texts],
        "pairs": [[a, b, p["input_ids"], p.get("token_type_ids")] for a, b, p in pairs],
        "targets": [
            [text, tokenizer(text_target=text)["input_ids"]] for text in texts if two_sided
        ],
    }


def main() -> None:
    """Write what every folder gives, a folder a line."""
    lines = [json.dumps(recorded(*one), ensure_ascii=False) for one in FOLDERS]
    (TOKENIZERS / "files.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main()
