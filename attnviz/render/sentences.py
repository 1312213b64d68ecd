"""What a picture says in words: the same sentences in the terminal, in figures and on the page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from textwrap import shorten

from attnviz.analysis.alignment import HeadChoice
from attnviz.analysis.answers import Choice, Excluded, Longer, MatrixView, WordAttention
from attnviz.analysis.closeups import PooledResult
from attnviz.render.labels import heads_named, label_notes, matrices, named_head
from attnviz.render.numbers import counted
from attnviz.render.safe import token_label
from attnviz.result import AttentionResult, Head, Token, Weighting

HIDDEN = "{share} of the weight goes to hidden special tokens; nothing is rescaled."
SUNK = (
    "{share} of the weight goes to the heads' sinks, which are no tokens, or to hidden special "
    "tokens; nothing is rescaled."
)
MERGED = "A word's weight is the sum over its tokens, its row the mean of theirs."
UNKNOWN = (
    "The model's vocabulary has nothing for {words}; "
    "it read its token for the unknown, (?), instead."
)
JOINED = (
    "Source left, translation right: a word of the translation is joined to the word that it gives "
    "most weight when it is read."
)
"""Its row is the one whose input it is, not the one before, which writes it."""
LONGEST_TEXT = 90  # characters of a text in a title
NAMED = 8  # unknown words that a sentence names
EXPLAINED = "what distance and popular words explain"
RANKED = (
    "Heads by the weight that '{word}' gives one other word beyond what distance and popular words "
    "explain; not to {excluded}."
)
RANKED_WHO = (
    "Heads by the weight that one other word gives '{word}' beyond what distance and popular words "
    "explain; not from {excluded}."
)
PLAIN = (
    "Heads by the weight that '{word}' gives anything{but}, for to no other word is it beyond what "
    "distance and popular words explain."
)
PLAIN_WHO = (
    "Heads by the weight that anything{but} gives '{word}', for from no other word is it beyond "
    "what distance and popular words explain."
)
BEHIND = " Those that look as far from every word come last."
BEHIND_LINKS = " Those of heads that look as far from every word come last."
BUT_ITSELF = " but itself"
EXCLUDED: dict[Excluded, str] = {
    "special": "special tokens",
    "itself": "itself",
    "neighbours": "its neighbours",
}


WEIGHTINGS: dict[Weighting, str] = {
    "raw": "",
    "norm": "Norms of what each weight moves, ‖α f(x)‖, not the weights (Kobayashi et al. 2020).",
    "rollout": "Rollout: what a layer's tokens get from the input, through all heads of all layers "
    "up to it and the residual connections (Abnar & Zuidema 2020).",
    "flow": "Flow: the most that can get from a token of the input to one of a layer, through all "
    "heads of all layers up to it and the residual connections (Abnar & Zuidema 2020).",
    "pooled": "Blocks of tokens, called by the number of their first: each pixel is the sum over "
    "its block of keys and the mean over its block of queries.",
}


def matrix_notes(view: MatrixView) -> list[str]:
    """What must be said with a matrix: why it is shown, how to read it, what it leaves out."""
    why = [_why(view.choice)] if view.choice else []
    why += label_notes(view.head, view.labels)
    tokens = (*view.queries, *view.keys)
    return [*why, *map_notes(view.hidden, view.merged, tokens, view.weighting, sinks=view.sinks)]


def alignment_note(choice: HeadChoice) -> str:
    """In which head an alignment is read, and why in this one."""
    where = f"Read in head {choice.head} of the cross attention"
    if choice.why == "named":
        where += ", which the model's generation_config.json names for aligning words"
    if choice.measured is not None:
        _, peak, diagonal = choice.measured
        where += (
            f", the most peaked and diagonal of {counted(choice.n_heads, 'head')}: the mean of its "
            f"words' largest weights is {peak:.2f}, and from chance to the diagonal it is at "
            f"{diagonal:.2f}"
        )
    return f"{where}."


def answer_notes(answer: WordAttention) -> list[str]:
    """What must be said with an answer: how to read it, what it leaves out, which word it is."""
    ranked = [_ranked(answer)] if answer.heads and answer.alone is None else []
    ranked += _called(answer)
    notes = map_notes(
        answer.hidden,
        answer.merged,
        (answer.word, *answer.keys),
        answer.weighting,
        sinks=answer.sinks,
    )
    return [*notes, *_which(answer), *ranked]


def links_heading(
    n_heads: int,
    heads: Sequence[Head] = (),
    *,
    units: str = "words",
    weighting: Weighting = "raw",
) -> str:
    """What stands over a list of links: in which heads they were looked for."""
    of = counted(n_heads, matrices(weighting))
    where = f"in {heads_named(heads, weighting)}" if heads else f"over {of}"
    return f"Strongest links between {units}, {where}"


def links_note(excluded: Sequence[Excluded], n: int, behind: int) -> str:
    """What a list of ``n`` links is ranked by, what does not count, and what comes last."""
    last = BEHIND_LINKS if 0 < behind < n else ""
    return f"Links by the weight beyond {EXPLAINED}; not to {not_to(excluded)}.{last}"


def map_notes(
    hidden: float,
    merged: bool,
    tokens: Iterable[Token] = (),
    weighting: Weighting = "raw",
    *,
    sinks: bool = False,
) -> list[str]:
    """What must be said with any picture of these tokens and this share of hidden weight."""
    said = [WEIGHTINGS[weighting]] if weighting != "raw" else []
    said += unknown_notes(tokens)
    return said + [MERGED] * merged + ([hidden_note(hidden, sinks=sinks)] if hidden > 0 else [])


def unknown_notes(tokens: Iterable[Token]) -> list[str]:
    """What must be said of words that the model's vocabulary has nothing for."""
    unknown = list(dict.fromkeys(token.text[:40] for token in tokens if token.unknown))
    return [UNKNOWN.format(words=_some(unknown))] if unknown else []


def size_of(result: AttentionResult) -> str:
    """How many tokens a result is of: 11 tokens, or 8,192 tokens in 256 blocks of 32."""
    if isinstance(result, PooledResult):
        size = f"{counted(len(result.starts), 'block')} of {_block_size(result):,}"
        return f"{counted(len(result.whole), 'token')} in {size}"
    n = len(result.tokens) + len(result.target_tokens)
    return counted(n, "block" if result.weighting == "pooled" else "token")


def block_notes(result: AttentionResult) -> list[str]:
    """How many tokens the blocks of a pooled result have, where that is known."""
    if not isinstance(result, PooledResult):
        return []
    return [f"{size_of(result)}."]


def _block_size(result: PooledResult) -> int:
    first, *later = [*result.starts, len(result.whole)]
    return later[0] - first


def longer_notes(longer: Longer | None) -> list[str]:
    """What must be said where a text is longer than those that the model was trained on."""
    if longer is None:
        return []
    return [
        f"The text has {longer.tokens} tokens; the model was trained on up to {longer.trained}, "
        "so what is seen here is less reliable."
    ]


def hidden_note(share: float, *, sinks: bool = False) -> str:
    """How much weight goes to what is not shown, and where that is."""
    return (SUNK if sinks else HIDDEN).format(share=percent(share))


def title_of(model: str, what: str, text: str) -> str:
    """``all-MiniLM-L6-v2, head 3.1: He took the hat``, as far as there is something to say."""
    named = ", ".join(filter(None, (model, what)))
    return ": ".join(filter(None, (named, shorten(text, LONGEST_TEXT, placeholder=" …"))))


def mean_of(answer: WordAttention) -> str:
    """What an answer's mean is: the one head's row, or over how many heads."""
    if answer.alone is not None:
        return heads_named([answer.alone], answer.weighting)
    of = matrices(answer.weighting)
    return f"mean of {counted(answer.n_heads, of) if answer.n_heads else f'all {of}s'}"


def asked_word(answer: WordAttention) -> str:
    """The word that an answer is about as its picture names it, the second "the" as ``the:2``."""
    name = token_label(answer.word)
    return f"{name}:{answer.occurrence}" if answer.occurrence > 1 else name


def question(answer: WordAttention) -> str:
    """What an answer answers, over its picture."""
    word = asked_word(answer)
    return f"Who looks at “{word}”" if answer.who else f"Where “{word}” looks"


def percent(share: float) -> str:
    """A share as people say it: ``62%``, and never 0% or 100% of what is only nearly so."""
    if 0 < share < 0.005:
        return "under 1%"
    return "over 99%" if 0.995 <= share < 1 else f"{math.floor(share * 100 + 0.5)}%"


def _why(choice: Choice) -> str:
    """Why a head is shown that nobody asked for."""
    if not choice.links:
        return f"Head {choice.head} is shown; there are no two words to choose by."
    others = "words of the other text" if choice.kind == "cross" else "other words"
    return (
        f"Head {choice.head} is shown: {percent(choice.between)} of a word's weight goes to "
        f"{others} (not {not_to(choice.excluded)}), "
        f"{percent(choice.share)} beyond {EXPLAINED}, "
        f"the most of {counted(choice.n_heads, 'head')}."
    )


def _ranked(answer: WordAttention) -> str:
    """How the heads of an answer were found."""
    ranked, plain = (RANKED_WHO, PLAIN_WHO) if answer.who else (RANKED, PLAIN)
    said = ranked if answer.particular else plain
    said += BEHIND if 0 < answer.behind < len(answer.heads) else ""
    said = said.replace("Heads", f"{matrices(answer.weighting).title()}s", 1)
    but = BUT_ITSELF if answer.excluded else ""
    return said.format(word=asked_word(answer), excluded=not_to(answer.excluded), but=but)


def not_to(excluded: Sequence[Excluded]) -> str:
    """What does not count as a link, as after "not to"."""
    return _listed([EXCLUDED[what] for what in excluded] or ["itself"])


def _called(answer: WordAttention) -> list[str]:
    """What the heads of an answer were found to do: of one everything, of several the first."""
    if answer.alone is not None:
        return label_notes(answer.alone, answer.labels.get(answer.alone, ()))
    named = [named_head(head, answer.labels) for head in answer.heads if head in answer.labels]
    return [f"Found to be: {', '.join(named)}."] if named else []


def _which(answer: WordAttention) -> list[str]:
    """Which of several occurrences of a word is meant."""
    if answer.occurrences == 1:
        return []
    word = answer.word.text
    return [
        f"This is '{word}' number {answer.occurrence} of {answer.occurrences}; "
        f"ask '{word}:2' for the second."
    ]


def _some(names: Sequence[str]) -> str:
    """The first few names of a list."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _listed(names: Sequence[str]) -> str:
    """``a``, ``a or b``, ``a, b or c``."""
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))
