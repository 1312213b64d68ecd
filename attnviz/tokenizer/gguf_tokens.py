"""The tokenizer in a GGUF file's metadata, as transformers 5 makes it of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from attnviz.errors import BadCheckpoint, UnsupportedModel, quote
from attnviz.tokenizer.byte_level_rules import QWEN2
from attnviz.tokenizer.byte_tokens import letters_of_bytes
from attnviz.tokenizer.class_rules import apply_class
from attnviz.tokenizer.sentencepiece_file import CONTROL, USER_DEFINED
from attnviz.tokenizer.sentencepiece_merges import merges_by_falling_score
from attnviz.tokenizer.settings import Settings
from attnviz.tokenizer.special_tokens import add_every_token, around_by_switches
from attnviz.tokenizer.tiktoken_file import PATTERN

TOKENS = "tokenizer.ggml.tokens"
NAMED = {"bos": "bos", "eos": "eos", "unknown": "unk", "padding": "pad"}
CASED = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
UNCASED = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
TEKKEN = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{CASED}*{UNCASED}+|[^\r\n\p{{L}}\p{{N}}]?{CASED}+{UNCASED}*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPLITS = {
    **dict.fromkeys(("llama3", "llama-v3", "llama-bpe", "falcon3", "smaug-bpe", "dbrx"), PATTERN),
    **dict.fromkeys(("qwen2", "deepseek-r1-qwen", "megrez"), QWEN2),
    "tekken": TEKKEN,
}
"""How texts are split by name, where it is not as GPT-2 splits them."""
AS_GPT2 = (None, "gpt-2", "default", "olmo", "phi-2", "jais", "mpt")
DIGITS_APART = ("smollm", "starcoder", "refact", "codeshell", "command-r")


def has_gguf_tokenizer(metadata: Mapping[str, Any]) -> bool:
    """Whether a file says its tokens."""
    return bool(metadata.get(TOKENS))


def gguf_tokenizer(metadata: Mapping[str, Any]) -> tuple[Tokenizer, Settings]:
    """The tokenizer, and the settings that tokenizer_config.json would have."""
    tokens = metadata.get(TOKENS)
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        raise BadCheckpoint("its metadata have no tokens")
    kind, architecture = metadata.get("tokenizer.ggml.model"), metadata.get("general.architecture")
    settings = _settings(metadata, tokens, kind)
    if kind == "gpt2":
        tokenizer = _byte_level(metadata, tokens)
    elif kind == "llama" and architecture in ("gemma", "gemma2", "gemma3"):
        tokenizer = _gemma(tokens, settings)
    elif kind == "llama":
        tokenizer = _llama(metadata, tokens, settings)
        if architecture == "phi3":
            tokenizer.pre_tokenizer = None
            steps = [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
            tokenizer.normalizer = normalizers.Sequence(steps)
    else:
        raise UnsupportedModel(
            f"its tokenizer is of the kind {quote(kind)}; of GGUF attnviz reads 'gpt2' and 'llama'"
        )
    add_every_token(tokenizer, settings, _marked(metadata, tokens, tokenizer, kind == "gpt2"))
    tokenizer.post_processor = around_by_switches(tokenizer, settings)
    return tokenizer, settings


def _settings(metadata: Mapping[str, Any], tokens: list[str], kind: object) -> dict[str, Any]:
    settings: dict[str, Any] = {"added_tokens_decoder": {}}
    for theirs, ours in NAMED.items():
        id = metadata.get(f"tokenizer.ggml.{theirs}_token_id")
        if isinstance(id, int) and 0 <= id < len(tokens):
            settings[f"{ours}_token"] = tokens[id]
    for name in ("bos", "eos"):
        default = kind == "llama" and name == "bos"
        settings[f"add_{name}_token"] = bool(
            metadata.get(f"tokenizer.ggml.add_{name}_token", default)
        )
    return settings


def _byte_level(metadata: Mapping[str, Any], tokens: list[str]) -> Tokenizer:
    letters = letters_of_bytes()
    alphabet = set(letters)
    ids = {
        token if set(token) <= alphabet else "".join(letters[b] for b in token.encode()): id
        for id, token in enumerate(tokens)
    }
    tokenizer = Tokenizer(models.BPE(ids, _merges(metadata) or [], fuse_unk=False))
    tokenizer.decoder = decoders.ByteLevel()
    split = metadata.get("tokenizer.ggml.pre")
    if split in SPLITS:
        first: Any = pre_tokenizers.Split(Regex(SPLITS[str(split)]), "isolated")
    elif split in DIGITS_APART:
        first = pre_tokenizers.Digits(individual_digits=True)
    elif split in AS_GPT2:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        return tokenizer
    else:
        raise UnsupportedModel(
            f"its texts are split as {quote(split)}; of GGUF attnviz splits as "
            f"{', '.join([*SPLITS, *DIGITS_APART, *AS_GPT2[1:]])}"
        )
    by_word = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=split in DIGITS_APART)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([first, by_word])
    return tokenizer


def _llama(metadata: Mapping[str, Any], tokens: list[str], settings: Settings) -> Tokenizer:
    merges = _merges(metadata)
    if merges is None:
        scores = metadata.get("tokenizer.ggml.scores")
        if not isinstance(scores, list) or len(scores) != len(tokens):
            raise BadCheckpoint("its metadata have neither merges nor a score for each token")
        merges = merges_by_falling_score(tokens, scores)
    ids = {token: id for id, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(ids, merges, fuse_unk=True, byte_fallback=True))
    apply_class(tokenizer, "LlamaTokenizer", settings)
    return tokenizer


def _gemma(tokens: list[str], settings: Settings) -> Tokenizer:
    respelled = [
        "▁" * len(token) if " " in token and not token.strip() else token for token in tokens
    ]
    merges = merges_by_falling_score(respelled, [-float(id) for id in range(len(tokens))])
    ids = {token: id for id, token in enumerate(respelled)}
    unknown = str(settings.get("unk_token", "<unk>"))
    tokenizer = Tokenizer(
        models.BPE(ids, merges, unk_token=unknown, fuse_unk=True, byte_fallback=True)
    )
    apply_class(tokenizer, "GemmaTokenizer", settings)
    spelled = (decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse())
    tokenizer.decoder = decoders.Sequence(list(spelled))
    return tokenizer


def _merges(metadata: Mapping[str, Any]) -> list[tuple[str, str]] | None:
    merges = metadata.get("tokenizer.ggml.merges")
    if merges is None:
        return None
    pairs = [str(merge).split(" ") for merge in merges]
    if any(len(pair) != 2 for pair in pairs):
        raise BadCheckpoint("its metadata have a merge that is no pair")
    return [(left, right) for left, right in pairs]


def _marked(
    metadata: Mapping[str, Any], tokens: list[str], tokenizer: Tokenizer, byte_level: bool
) -> list[dict[str, Any]]:
    """The tokens that stand whole in a text: those that control, and those that users defined."""
    kinds = metadata.get("tokenizer.ggml.token_type") or []
    alphabet = set(letters_of_bytes())
    return [
        {"content": token, "normalized": False, "special": kind == CONTROL}
        for token, kind in zip(tokens, kinds, strict=False)
        if (kind == CONTROL and (not byte_level or set(token) <= alphabet))
        or (kind == USER_DEFINED and tokenizer.token_to_id(token) is not None)
    ]
