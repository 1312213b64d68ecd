"""Text to labelled tokens and back: what each token shows, where it stands, in which word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Encoding
from tokenizers import Tokenizer as Backend

from attnviz.brief import brief
from attnviz.errors import BadCheckpoint, InputError, quote
from attnviz.labelling.label import Piece, label
from attnviz.lazy import LazySequence
from attnviz.result import Token
from attnviz.tokenizer.files import has_tokenizer, open_tokenizer
from attnviz.tokenizer.growth import Growth
from attnviz.tokenizer.guard import guarded, interruptible
from attnviz.tokenizer.languages import Languages
from attnviz.tokenizer.pieces import Special, pieces_of_encoding, pieces_of_ids, within
from attnviz.tokenizer.settings import Settings, content_of

__all__ = ["Encoded", "Tokenizer", "has_tokenizer", "load_tokenizer", "tokens_without_text"]

IN_NO_VOCABULARY = "\U0010ffff"
LARGEST_ID = 2**32 - 1
ANY = Growth()
LONG = 5000  # characters from which on encoding is done where Ctrl-C is heard
_PYTHON = (
    "BertJapanese", "Bertweet", "BioGpt", "ByT5", "Esm", "Phobert", "PLBart", "Siglip", "XLM",
)  # fmt: skip
IN_PYTHON = frozenset(f"{name}Tokenizer" for name in _PYTHON)
ENDS_ONCE = frozenset(("ByT5Tokenizer", "SiglipTokenizer"))
MASKS = frozenset(("[MASK]", "<mask>"))


def load_tokenizer(folder: Path, *, model_type: str | None = None) -> Tokenizer:
    """The tokenizer of a checkpoint's folder; its ids are those of transformers' AutoTokenizer.

    Raises BadCheckpoint or UnsupportedModel where there is none, or none that can be used.
    """
    opened = open_tokenizer(folder, model_type)
    tokenizer, settings = opened.tokenizer, opened.settings
    with guarded(f"the language codes of the tokenizer in {quote(folder)} cannot be used"):
        languages = Languages.of(tokenizer, opened.class_name, settings)
    special = _special(tokenizer, settings)
    return Tokenizer(
        tokenizer,
        special,
        languages,
        opened.growth,
        opened.typed,
        opened.targets and Tokenizer(opened.targets, special),
        takes_empty_pairs=opened.class_name in IN_PYTHON,
        ends_once=opened.class_name in ENDS_ONCE,
    )


def tokens_without_text(ids: Iterable[int]) -> tuple[Token, ...]:
    """Tokens for ids that no tokenizer can spell: ``#2002``, each a word of its own."""
    return tuple(Token(f"#{id}", id, word=word) for word, id in enumerate(ids))


@dataclass(frozen=True, slots=True)
class Encoded:
    """Tokens with their ids and type ids, and the texts that their offsets refer to.

    Those of a text are labelled when somebody looks at them.
    """

    tokens: Sequence[Token]
    ids: tuple[int, ...]
    type_ids: tuple[int, ...]
    texts: tuple[str, ...]

    __repr__ = brief

    @classmethod
    def of(
        cls, tokens: tuple[Token, ...], texts: tuple[str, ...], type_ids: Iterable[int] = ()
    ) -> Encoded:
        """Tokens that all have an id; of type 0 where no types are given."""
        ids = tuple(token.id for token in tokens if token.id is not None)
        return cls(tokens, ids, tuple(type_ids) or (0,) * len(ids), texts)


@dataclass(frozen=True, slots=True, eq=False)
class Tokenizer:
    """A tokenizer whose tokens read as people read; ``label.label`` says how."""

    tokenizer: Backend
    special: Special
    languages: Languages | None = None
    growth: Growth = ANY
    typed: bool = True
    of_targets: Tokenizer | None = None
    takes_empty_pairs: bool = False
    ends_once: bool = False  # a text that ends with the end token gets no second one

    __repr__ = brief

    @classmethod
    def of(cls, tokenizer: Backend) -> Tokenizer:
        """A tokenizer of the tokenizers library, as it is."""
        return cls(tokenizer, _special(tokenizer, {}))

    @property
    def special_ids(self) -> frozenset[int]:
        """The ids of the tokenizer's special tokens."""
        return frozenset(self.special.contents)

    @property
    def vocab_size(self) -> int:
        """How many tokens there are, the added ones included."""
        return int(self.tokenizer.get_vocab_size(with_added_tokens=True))

    def encode(
        self,
        text: str,
        pair: str | None = None,
        *,
        special: bool = True,
        limit: int | None = None,
        language: str | None = None,
    ) -> Encoded:
        """The tokens of a text or a pair; ``special`` adds what the tokenizer puts around them.

        An empty ``pair`` is none, but for classes that transformers has in Python.
        ``language`` is that of the text, for tokenizers that mark texts with its code.

        With a ``limit`` the longer text is cut at its end, and then both, until no more than so
        many tokens are left, as transformers' truncation does; the offsets stay those of the whole.
        """
        has_pair = pair is not None if self.takes_empty_pairs else bool(pair)
        texts = (text, pair or "") if has_pair else (text,)
        for given in texts:
            _require_unicode(given)
        encoding = self._encode(texts, special)
        pieces = LazySequence(lambda: tuple(pieces_of_encoding(encoding, texts, self.special)))
        kept: Sequence[int] = range(len(encoding)) if limit is None else within(pieces, limit)
        if self.ends_once:
            kept = [i for i in kept if not _is_again(pieces, i)]
        tokens = LazySequence(lambda: label(map(tuple(pieces).__getitem__, kept), texts), len(kept))
        ids, type_ids = encoding.ids, encoding.type_ids if self.typed else [0] * len(encoding)
        types = tuple([type_ids[i] for i in kept])
        if language is not None:
            return Encoded.of(self._marked(tokens, language), texts, types)
        return Encoded(tokens, tuple([ids[i] for i in kept]), types, texts)

    def language_codes(self) -> list[str]:
        """The languages that one may choose from; none where the tokenizer marks no language."""
        return [] if self.languages is None else self.languages.codes(self.tokenizer)

    def language_id(self, language: str) -> int:
        """The id of a language's code; InputError names the languages that there are."""
        if self.languages is None:
            raise InputError(f"this model has no languages to choose {quote(language)} from")
        return self.languages.find(self.tokenizer, language)

    def _marked(self, tokens: Iterable[Token], language: str) -> tuple[Token, ...]:
        """Tokens with the code of a language in the place of the source language's."""
        code = self._lone(self.language_id(language))
        source = self.languages.source if self.languages else None
        return tuple(
            code if token.special and token.start is None and token.id == source else token
            for token in tokens
        )

    def encode_target(self, text: str, language: str | int | None = None) -> Encoded:
        """What a decoder reads after its start token when it has written all of ``text``.

        These are the labels that transformers makes of a ``text_target``, without the last one,
        which the decoder only predicts. ``language`` is a language's name or the id of its token,
        such as ``forced_bos_token_id``, for tokenizers with language codes; others ignore an id.
        """
        rule = self.languages
        if rule is None:
            if isinstance(language, str):
                raise InputError(f"this model has no languages to choose {quote(language)} from")
            encoded = (self.of_targets or self).encode(text)
            tokens = tuple(encoded.tokens)
            if tokens and (self.ends_once or tokens[-1].start is None):
                tokens = tokens[:-1]
        else:
            encoded = self.encode(text, special=False)
            if rule.behind:
                tokens = (*encoded.tokens, self._lone(rule.end))
            else:
                code = self._lone(rule.find(self.tokenizer, language))
                tokens = (code, *encoded.tokens)
        return Encoded.of(tokens, encoded.texts)

    def target_start(self, language: str | int | None = None) -> int | None:
        """The id that a decoder starts from in place of the start token of its configuration."""
        if self.languages is None or not self.languages.starts:
            return None
        if language is None and self.languages.target is None:
            return None
        return self.languages.find(self.tokenizer, language)

    def rebuild(self, ids: Sequence[int], type_ids: Sequence[int] | None = None) -> Encoded:
        """Token ids with the text that they spell, labelled as if that text had been encoded.

        Ids of type 0 make the first text, ids of any other type the second. An id that the
        tokenizer does not have is spelled ``#2002``.
        """
        _require_ids(ids)
        types = (0,) * len(ids) if type_ids is None else tuple(type_ids)
        if len(types) != len(ids):
            raise InputError(f"there are {len(types)} token type ids for {len(ids)} token ids")
        segments = [int(kind != 0 and 0 in types) for kind in types]
        with guarded("the tokenizer cannot decode these ids"):
            pieces, texts = pieces_of_ids(self.tokenizer, ids, segments, self.special)
        return Encoded.of(label(pieces, texts), texts, types)

    def tokens_of(
        self, ids: Sequence[int], type_ids: Sequence[int] | None = None
    ) -> tuple[Token, ...]:
        """The tokens of ``rebuild``."""
        return tuple(self.rebuild(ids, type_ids).tokens)

    def decode(self, ids: Sequence[int], skip_special: bool = True) -> str:
        """The text that ids spell, as the tokenizer writes it."""
        _require_ids(ids)
        with guarded("the tokenizer cannot decode these ids"):
            return str(self.tokenizer.decode(list(ids), skip_special_tokens=skip_special))

    def _encode(self, texts: tuple[str, ...], special: bool) -> Encoding:
        """What the library makes of a text or a pair, bounded beforehand and open to Ctrl-C."""
        n_characters = sum(map(len, texts))
        self.growth.require(n_characters)
        with guarded("the tokenizer cannot encode this text"):
            if n_characters < LONG and not self.growth.wary:
                pair = texts[1] if texts[1:] else None
                return self.tokenizer.encode(texts[0], pair, add_special_tokens=special)
            given = texts if texts[1:] else texts[0]
            return interruptible(
                lambda: self.tokenizer.encode_batch([given], add_special_tokens=special)
            )[0]

    def _lone(self, id: int) -> Token:
        return Token(self.tokenizer.id_to_token(id) or f"#{id}", id, special=True)


def _special(tokenizer: Backend, settings: Settings) -> Special:
    """What the tokenizer declares special, and what it puts around a pair; masks are words."""
    mask = settings.get("mask_token")
    masks = {*MASKS, content_of(mask)} if mask else MASKS
    contents = {
        id: token.content
        for id, token in tokenizer.get_added_tokens_decoder().items()
        if token.special and token.content not in masks
    }
    with guarded("the tokenizer cannot be used"):
        around = tokenizer.encode("", "")
    for id, content, put in zip(around.ids, around.tokens, around.special_tokens_mask, strict=True):
        if put:
            contents.setdefault(id, content)
    return Special(contents, _unknown(tokenizer))


def _unknown(tokenizer: Backend) -> frozenset[int]:
    """The id that a text gets where the vocabulary has neither pieces nor bytes for it."""
    try:
        with guarded("the tokenizer takes no unknown character"):
            ids = frozenset(token.id for token in tokenizer.model.tokenize(IN_NO_VOCABULARY))
    except BadCheckpoint:
        return frozenset()
    return ids if len(ids) == 1 else frozenset()


def _is_again(pieces: Sequence[Piece], i: int) -> bool:
    """Whether a special token that was put behind a text is the one that the text ends with."""
    put = pieces[i].span is None
    return put and i > 0 and pieces[i - 1].span is not None and pieces[i - 1].id == pieces[i].id


def _require_unicode(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"character {error.start + 1} of the text is half of a surrogate pair, "
            "which is not Unicode; read the text anew as UTF-8"
        ) from None


def _require_ids(ids: Iterable[int]) -> None:
    for id in ids:
        if not 0 <= id <= LARGEST_ID:
            raise InputError(f"{id} is not a token id")
