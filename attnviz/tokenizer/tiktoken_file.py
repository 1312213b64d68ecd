"""A tiktoken file, as Llama 3 has: on each line the bytes of a token in base64, and its rank."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors

from attnviz.errors import BadCheckpoint
from attnviz.tokenizer.byte_tokens import letters_of_bytes
from attnviz.tokenizer.settings import Settings, content_of
from attnviz.tokenizer.special_tokens import add_every_token, around_by_switches, given_extra

PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
LONGEST = 2000  # bytes of a token; the longest in use has 256


def is_tiktoken(raw: bytes) -> bool:
    """Whether a file named like SentencePiece's begins as a tiktoken file does."""
    first, _, _ = raw.partition(b"\n")
    return len(first) < 4 * LONGEST and len(first.split()) == 2 and first.split()[1].isdigit()


def tiktoken_tokenizer(raw: bytes, settings: Settings) -> Tokenizer:
    """Byte-level BPE with the ranks for merges; special tokens come behind the file's."""
    ranks = dict(_ranks(raw))
    letters = letters_of_bytes()
    written = {token: "".join(letters[byte] for byte in token) for token in ranks}
    merges = sorted(
        (rank, ranks[left], ranks[right], written[left], written[right])
        for token, rank in ranks.items()
        for left, right in ((token[:i], token[i:]) for i in range(1, len(token)))
        if left in ranks and right in ranks
    )
    vocabulary = {written[token]: rank for token, rank in ranks.items()}
    pairs = [(left, right) for *_, left, right in merges]
    tokenizer = Tokenizer(models.BPE(vocabulary, pairs, fuse_unk=False, ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(_behind(settings, len(ranks)))
    add_every_token(tokenizer, settings, given_extra(settings))
    if "add_bos_token" in settings or "add_eos_token" in settings:
        tokenizer.post_processor = around_by_switches(tokenizer, settings)
    else:
        tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def _ranks(raw: bytes) -> Iterable[tuple[bytes, int]]:
    for line in raw.splitlines():
        if not line:
            continue
        try:
            token, rank = line.split()
            decoded, number = base64.b64decode(token, validate=True), int(rank)
        except (ValueError, binascii.Error):
            raise BadCheckpoint("it is neither a SentencePiece file nor one of tiktoken") from None
        if not decoded or len(decoded) > LONGEST or not 0 <= number < 2**31:
            raise BadCheckpoint("it has a token or a rank that no tiktoken file has")
        yield decoded, number


def _behind(settings: Settings, n_ranks: int) -> list[str]:
    """The added tokens by their ids, with a name for each id that none of them has."""
    listed = {
        int(id): content_of(token)
        for id, token in settings["added_tokens_decoder"].items()
        if str(id).isdecimal()
    }
    last = max(listed, default=-1)
    if last > n_ranks + 100_000:
        raise BadCheckpoint("its added tokens have ids far behind its ranks")
    return [listed.get(id, f"<|reserved_token_{id}|>") for id in range(n_ranks, last + 1)]
