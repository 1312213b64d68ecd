"""What a tokenizer class makes anew beside a tokenizer.json: how texts are normalized and split.

Vocabulary, merges and added tokens are the file's. The rest is the class's, with the settings of
tokenizer_config.json, as transformers 5 has it; classes that are not here follow the file alone.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import BPE, Unigram, WordPiece

from attnviz.errors import BadCheckpoint, quote
from attnviz.tokenizer.byte_level_rules import BYTE_LEVEL, around_two_separators
from attnviz.tokenizer.guard import guarded
from attnviz.tokenizer.sentencepiece_classes import DEFAULTS, unknown_id
from attnviz.tokenizer.settings import CONFIG, Settings, content_of, switch, token_id
from attnviz.tokenizer.special_tokens import around_by_switches, cls_and_sep
from attnviz.tokenizer.unigram_rules import (
    barthez,
    big_bird,
    mbart,
    mbart50,
    one_line,
    rembert,
    xglm,
    xlnet,
)

OF_ITSELF = {"DebertaV2Tokenizer": 1, "XLNetTokenizer": 0}
"""The id of what is unknown to a class that does not read it from tokenizer.json."""
IN_NO_VOCABULARY = "\U0010ffff"
TYPED = frozenset(f"{name}Tokenizer" for name in ("Bert", "DebertaV2", "Electra"))

BERT_NAMES = {"cls_token": "[CLS]", "sep_token": "[SEP]"}
SENTENCE_NAMES = {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>"}
SPELLED: tuple[Any, ...] = (
    decoders.Replace("▁", " "),
    decoders.ByteFallback(),
    decoders.Fuse(),
)
MANY_SPACES = normalizers.Replace(Regex(" {2,}"), " ")


def apply_class(tokenizer: Tokenizer, class_name: str | None, settings: Settings) -> None:
    """Let a class have its way with a tokenizer.json that has the kind of vocabulary it is for."""
    if not has_rule(tokenizer, class_name):
        return
    class_name = class_name or ""
    if class_name in DEFAULTS and isinstance(tokenizer.model, Unigram):
        _put_unknown(tokenizer, class_name, {**DEFAULTS[class_name], **settings})
    _RULES[class_name][1](tokenizer, settings)


def has_rule(tokenizer: Tokenizer, class_name: str | None) -> bool:
    """Whether a class has its own way with such a vocabulary.

    The class of Llama 2 has none with the bytes of Llama 3, whose files name it too.
    """
    of_bytes = any(part.get("type") == "ByteLevel" for part in _splitters(tokenizer))
    if class_name == "LlamaTokenizer" and of_bytes:
        return False
    kind, _ = _RULES.get(class_name or "", (type(None), None))
    return isinstance(tokenizer.model, kind)


def _put_unknown(tokenizer: Tokenizer, class_name: str, named: Settings) -> None:
    """Give what is unknown the id that the class takes it to have, whatever the file says."""
    unknown = content_of(named["unk_token"])
    own, of_file = tokenizer.model.token_to_id(unknown), _unknown_of(tokenizer)
    fixed = unknown_id(class_name, [], unknown, -1)
    if own is not None and own == of_file and fixed in (None, -1, own):
        return  # as nearly always; what follows takes a tenth of a second
    state = json.loads(tokenizer.model.__getstate__())
    scored = [(text, score) for text, score in state["vocab"]]
    place = unknown_id(class_name, scored, unknown, OF_ITSELF.get(class_name, state["unk_id"]))
    if place != state["unk_id"] and place is not None and place < len(scored):
        tokenizer.model = Unigram(scored, place)


def _unknown_of(tokenizer: Tokenizer) -> int | None:
    """The id that a file gives to what is unknown; None where it has none."""
    try:
        with guarded("the file has no unknown token"):
            return int(tokenizer.model.tokenize(IN_NO_VOCABULARY)[0].id)
    except BadCheckpoint:
        return None


def has_types(class_name: str | None, settings: Settings) -> bool:
    """Whether the second text of a pair has another type: as model_input_names or the class say.

    Where no class is known the file alone decides.
    """
    names = settings.get("model_input_names")
    if names is None:
        return class_name is None or class_name in TYPED
    if not isinstance(names, list):
        raise BadCheckpoint(f"{CONFIG} has model_input_names {quote(names)}, which is no list")
    return "token_type_ids" in names


def _bert(tokenizer: Tokenizer, settings: Settings) -> None:
    tokenizer.normalizer = normalizers.BertNormalizer(
        clean_text=True,
        handle_chinese_chars=switch(settings, "tokenize_chinese_chars", True),
        strip_accents=switch(settings, "strip_accents", None),
        lowercase=switch(settings, "do_lower_case", True),
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = cls_and_sep(tokenizer, {**BERT_NAMES, **settings})


def _mpnet(tokenizer: Tokenizer, settings: Settings) -> None:
    _bert(tokenizer, {**SENTENCE_NAMES, **settings})
    around_two_separators(tokenizer, settings)


def _llama(tokenizer: Tokenizer, settings: Settings) -> None:
    prefix = switch(settings, "add_prefix_space", True)
    scheme = "always" if switch(settings, "legacy", False) else "first"
    tokenizer.normalizer = None
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(
        prepend_scheme=scheme if prefix else "never", split=False
    )
    without_first = [decoders.Strip(" ", left=1, right=0)] * bool(prefix)
    tokenizer.decoder = decoders.Sequence([*SPELLED, *without_first])


def _code_llama(tokenizer: Tokenizer, settings: Settings) -> None:
    _llama(tokenizer, {**settings, "legacy": False})
    named = {"bos_token": "<s>", "add_bos_token": True, **settings}
    tokenizer.post_processor = around_by_switches(tokenizer, named)


def _gemma(tokenizer: Tokenizer, _: Settings) -> None:
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([*SPELLED])


def _unigram(tokenizer: Tokenizer, settings: Settings, *, without: str = "never") -> None:
    """As XLM-RoBERTa: SentencePiece's own normalization, then words with a space before each."""
    charsmap = _charsmap(tokenizer)
    tokenizer.normalizer = normalizers.Precompiled(charsmap) if charsmap else None
    prefix = switch(settings, "add_prefix_space", True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Metaspace(prepend_scheme="always" if prefix else without),
        ]
    )


def _xlm_roberta(tokenizer: Tokenizer, settings: Settings) -> None:
    _unigram(tokenizer, settings)
    named = {**SENTENCE_NAMES, **settings}
    bos, eos = (token_id(tokenizer, named, name) for name in ("bos_token", "eos_token"))
    tokenizer.post_processor = processors.TemplateProcessing(
        single=[bos[0], "$A", eos[0]],
        pair=[bos[0], "$A", eos[0], eos[0], "$B", eos[0]],
        special_tokens=[bos, eos],
    )


def _t5(tokenizer: Tokenizer, settings: Settings) -> None:
    _unigram(tokenizer, {})
    eos = token_id(tokenizer, {**SENTENCE_NAMES, **settings}, "eos_token")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=["$A", eos[0]], pair=["$A", eos[0], "$B", eos[0]], special_tokens=[eos]
    )


def _pegasus(tokenizer: Tokenizer, settings: Settings) -> None:
    charsmap = _charsmap(tokenizer)
    first = normalizers.Precompiled(charsmap) if charsmap else normalizers.Replace(Regex("\n"), " ")
    tokenizer.normalizer = normalizers.Sequence([first, MANY_SPACES])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    eos = token_id(tokenizer, {**SENTENCE_NAMES, **settings}, "eos_token")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=["$A", eos[0]], pair=["$A", "$B", eos[0]], special_tokens=[eos]
    )


def _nllb(tokenizer: Tokenizer, settings: Settings) -> None:
    charsmap = _charsmap(tokenizer)
    steps = [normalizers.Precompiled(charsmap), MANY_SPACES] if charsmap else []
    tokenizer.normalizer = normalizers.Sequence(steps) if steps else None
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    if isinstance(tokenizer.model, BPE):
        tokenizer.model.fuse_unk, tokenizer.model.byte_fallback = True, False
    else:  # Unigram, which this class takes for BPE without merges
        unknown = content_of(settings.get("unk_token") or "<unk>")
        vocabulary = tokenizer.get_vocab(with_added_tokens=False)
        tokenizer.model = BPE(vocabulary, [], unk_token=unknown, fuse_unk=True)
    named = {"unk_token": "<unk>", **SENTENCE_NAMES, **settings}
    unk, eos = (token_id(tokenizer, named, name) for name in ("unk_token", "eos_token"))
    tokenizer.post_processor = processors.TemplateProcessing(  # until a source language is found
        single=[unk[0], "$A", eos[0]], pair=[unk[0], "$A", "$B", eos[0]], special_tokens=[unk, eos]
    )


def _albert(tokenizer: Tokenizer, settings: Settings) -> None:
    charsmap = _charsmap(tokenizer)
    _unigram(tokenizer, settings)
    if tokenizer.post_processor is None:
        tokenizer.post_processor = cls_and_sep(tokenizer, {**BERT_NAMES, **settings})
    steps: list[Any] = [normalizers.Replace("``", '"'), normalizers.Replace("''", '"')]
    if not switch(settings, "keep_accents", False):
        steps += [normalizers.NFKD(), normalizers.StripAccents()]
    if switch(settings, "do_lower_case", True):
        steps.append(normalizers.Lowercase())
    if charsmap:
        steps.append(normalizers.Precompiled(charsmap))
    tokenizer.normalizer = normalizers.Sequence(steps)


def _deberta_v2(tokenizer: Tokenizer, settings: Settings) -> None:
    lower = switch(settings, "do_lower_case", False)
    steps = [*[normalizers.Lowercase()] * bool(lower), *one_line()]
    tokenizer.normalizer = normalizers.Sequence(steps)
    prefix = switch(settings, "add_prefix_space", True)
    words = pre_tokenizers.Metaspace(prepend_scheme="always" if prefix else "first")
    signs = pre_tokenizers.Punctuation("isolated")
    split = bool(switch(settings, "split_by_punct", False))
    before: list[Any] = [signs] * split
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*before, words])
    named = {**BERT_NAMES, **settings}
    cls, sep = (token_id(tokenizer, named, name) for name in ("cls_token", "sep_token"))
    tokenizer.post_processor = processors.TemplateProcessing(
        single=[f"{cls[0]}:0", "$A:0", f"{sep[0]}:0"],
        pair=[f"{cls[0]}:0", "$A:0", f"{sep[0]}:0", "$B:1", f"{sep[0]}:1"],
        special_tokens=[cls, sep],
    )


def _charsmap(tokenizer: Tokenizer) -> bytes | None:
    """SentencePiece's own table of normalization, where the file has one."""
    state = json.loads(tokenizer.normalizer.__getstate__()) if tokenizer.normalizer else {}
    for part in _parts(state, "normalizers"):
        if part.get("type") == "Precompiled" and part.get("precompiled_charsmap"):
            return base64.b64decode(part["precompiled_charsmap"])
    return None


def _with_charsmap(
    rule: Callable[[Tokenizer, Settings, bytes | None], None],
) -> Callable[[Tokenizer, Settings], None]:
    return lambda tokenizer, settings: rule(tokenizer, settings, _charsmap(tokenizer))


def _splitters(tokenizer: Tokenizer) -> list[dict[str, Any]]:
    splitter = tokenizer.pre_tokenizer
    return list(_parts(json.loads(splitter.__getstate__()), "pretokenizers")) if splitter else []


def _parts(state: dict[str, Any], nested: str) -> Iterator[dict[str, Any]]:
    """A step, and the steps within it."""
    yield state
    for part in state.get(nested, ()):
        yield from _parts(part, nested)


# by class, the kind of vocabulary that it has, and what it does
_RULES: Mapping[str, tuple[Any, Callable[[Tokenizer, Settings], None]]] = {
    **dict.fromkeys(
        ("BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer"), (WordPiece, _bert)
    ),
    "MPNetTokenizer": (WordPiece, _mpnet),
    **{name: (BPE, rule) for name, rule in BYTE_LEVEL.items()},
    "LlamaTokenizer": (BPE, _llama),
    "CodeLlamaTokenizer": (BPE, _code_llama),
    "GemmaTokenizer": (BPE, _gemma),
    **dict.fromkeys(("XLMRobertaTokenizer", "CamembertTokenizer"), (Unigram, _xlm_roberta)),
    "T5Tokenizer": (Unigram, _t5),
    "PegasusTokenizer": (Unigram, _pegasus),
    "AlbertTokenizer": (Unigram, _albert),
    "NllbTokenizer": ((BPE, Unigram), _nllb),
    "BarthezTokenizer": (Unigram, _with_charsmap(barthez)),
    "XGLMTokenizer": (Unigram, _with_charsmap(xglm)),
    "MBartTokenizer": (Unigram, _with_charsmap(mbart)),
    "MBart50Tokenizer": (Unigram, _with_charsmap(mbart50)),
    "XLNetTokenizer": (Unigram, _with_charsmap(xlnet)),
    "RemBertTokenizer": (Unigram, _with_charsmap(rembert)),
    "BigBirdTokenizer": (Unigram, _with_charsmap(big_bird)),
    "DebertaV2Tokenizer": (Unigram, _deberta_v2),
}
