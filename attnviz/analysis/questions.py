"""What annotation asks of a head: from this word, which of those words, and which are right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from attnviz.analysis.annotated import Sentence, join, word_of_node
from attnviz.analysis.words import is_word
from attnviz.brief import brief
from attnviz.result import Token

PRONOUNS: Mapping[str, str] = {
    form: group[0]
    for group in (
        ("he", "him", "his", "himself"),
        ("she", "her", "hers", "herself"),
        ("it", "its", "itself"),
        ("they", "them", "their", "theirs", "themselves"),
    )
    for form in group
}
"""Every third-person pronoun of English, with the one it is a form of."""

NOUNS = ("NOUN", "PROPN")


class Passage(NamedTuple):
    """A text that is asked about from node ``first`` on; what stands before is context."""

    sentence: Sentence
    first: int = 0


class Question(NamedTuple):
    """One word of a text and what it is to find, all as positions among the result's words.

    ``right`` are those of ``candidates`` that are right; none where there is nothing to find.
    ``rules`` are the answers of simple rules, to compare with; None where a rule has none.
    ``fixed`` says that the relation is a place, which one rule always finds: a guess is compared
    with instead.
    """

    relation: str
    query: int
    candidates: tuple[int, ...]
    right: frozenset[int]
    rules: Mapping[str, int | None] = {}
    fixed: bool = False

    def __repr__(self) -> str:
        return brief(self)


def windows(
    document: Sequence[Sentence], before: int, fits: Callable[[str], bool] = lambda _: True
) -> Iterator[Passage]:
    """Each sentence with a third-person pronoun, and up to ``before`` sentences in front of it.

    Sentences are left out from the front as long as the text does not fit.
    """
    for at, sentence in enumerate(document):
        found = window(document[max(at - before, 0) : at], sentence, fits)
        if found is not None:
            yield found


def window(
    earlier: Iterable[Sentence], sentence: Sentence, fits: Callable[[str], bool]
) -> Passage | None:
    """A sentence with a third-person pronoun behind as many earlier ones as fit; None without."""
    if not any(node.form.lower() in PRONOUNS for node in sentence.nodes):
        return None
    before = [*earlier]
    while before and not fits(join([*before, sentence]).text):
        del before[0]
    return Passage(join([*before, sentence]), sum(len(one.nodes) for one in before))


def pronoun(word: str) -> str | None:
    """The third-person pronoun that a word is or begins with: ``it`` of ``it's``; else None."""
    form = word.lower().replace("’", "'").partition("'")[0]
    return form if form in PRONOUNS else None


def antecedents(passage: Passage, words: Sequence[Token]) -> Iterator[Question]:
    """What each third-person pronoun refers to: the head word of any earlier mention of its chain.

    Candidates are all words before it but punctuation. A pronoun without a mention before it in
    this text has no right answer. The relation is "noun antecedent" where every right answer is
    a noun and "antecedent" where pronouns are among them, which is easier: the same pronoun
    before it is often right.
    """
    sentence = passage.sentence
    place = word_of_node(sentence, words)
    nouns, pronouns = _words_of(sentence, place, NOUNS), _words_of(sentence, place, ("PRON",))
    chains = {m.head: m.chain for m in sentence.mentions if m.start == m.end}
    for at in range(passage.first, len(sentence.nodes)):
        query, form = place[at], sentence.nodes[at].form.lower()
        if query is None or form not in PRONOUNS:
            continue
        candidates = tuple(i for i in range(query) if is_word(words[i]))
        mentions = [m for m in sentence.mentions if m.chain == chains.get(at) and m.head < at]
        right = frozenset(candidates) & {place[m.head] for m in mentions}
        noun = _last(candidates, nouns)
        same = _last(candidates, {i for i in candidates if pronoun(words[i].text) == form})
        rules = {
            "nearest noun": noun,
            "nearest noun or pronoun": _last(candidates, nouns | pronouns),
            "same pronoun, else nearest noun": noun if same is None else same,
        }
        only_nouns = right and right <= nouns
        relation = "noun antecedent" if only_nouns else "antecedent"
        yield Question(relation, query, candidates, frozenset(right - {None}), rules)


def dependencies(passage: Passage, words: Sequence[Token]) -> Iterator[Question]:
    """Every dependency both ways: a word's head, and for a head its dependents of a relation.

    As Clark et al. (2019, section 4.2): candidates are all other words of the sentence, any
    dependent of the relation is right. A word with no head among them (the root, a word written
    as one with its head) is not asked. Subtypes count as their relation; punctuation does not.
    """
    sentence = passage.sentence
    place = word_of_node(sentence, words)
    everything = tuple(i for i, word in enumerate(words) if is_word(word))
    dependents: dict[tuple[int, str], set[int]] = {}
    for at in range(passage.first, len(sentence.nodes)):
        node = sentence.nodes[at]
        word, head = place[at], place[node.head] if node.head >= 0 else None
        if word is None or head is None or word == head or node.relation == "punct":
            continue
        relation = node.relation.partition(":")[0]
        if word in everything and head in everything:
            dependents.setdefault((head, relation), set()).add(word)
            others = tuple(i for i in everything if i != word)
            yield Question(f"{relation} → head", word, others, frozenset((head,)))
    for (head, relation), right in dependents.items():
        others = tuple(i for i in everything if i != head)
        yield Question(f"head → {relation}", head, others, frozenset(right))


def places(_: Passage, words: Sequence[Token]) -> Iterator[Question]:
    """What any text shows: the word before each word, the one behind it, the same word elsewhere.

    Candidates are all other words of the text, punctuation among them.
    """
    every = tuple(i for i, word in enumerate(words) if not word.special)
    alike: dict[str, set[int]] = {}
    for at in every:
        alike.setdefault(words[at].text.casefold(), set()).add(at)
    for query in every:
        others = tuple(i for i in every if i != query)
        for relation, by in (("previous word", -1), ("next word", 1)):
            beside = frozenset((query + by,)) & frozenset(others)
            yield Question(relation, query, others, beside, fixed=True)
        same = frozenset(alike[words[query].text.casefold()] - {query})
        yield Question("same word", query, others, same)


def alone(passage: Passage, words: Sequence[Token]) -> Iterator[Question]:
    """All that a sentence shows on its own: its dependencies, neighbours, and words said again."""
    yield from dependencies(passage, words)
    yield from places(passage, words)


def dependents(passage: Passage, words: Sequence[Token], relation: str) -> Iterator[Question]:
    """For each word its dependents of one relation, or for "head" its head; often there is none.

    Where enhanced dependencies are annotated, those count too: *he* and *came* are asked for in
    ``he came and left`` as *he* and *left* are.
    """
    arrow = "head → " + relation if relation != "head" else None
    right: dict[int, set[int]] = {}
    for question in dependencies(passage, words):
        if question.relation == arrow or (arrow is None and question.relation.endswith("→ head")):
            right.setdefault(question.query, set()).update(question.right)
    for head, word in _shared(passage.sentence, words, relation):
        right.setdefault(head, set()).add(word)
    everything = [i for i, word in enumerate(words) if is_word(word)]
    for query in everything:
        others = tuple(i for i in everything if i != query)
        yield Question(relation, query, others, frozenset(right.get(query, ())) & {*others})


def _shared(sentence: Sentence, words: Sequence[Token], relation: str) -> Iterator[tuple[int, int]]:
    """The head and the dependent of each enhanced dependency of a relation."""
    place = word_of_node(sentence, words)
    for word, node in zip(place, sentence.nodes, strict=True):
        for head, named in node.shared:
            to = place[head] if head < len(place) else None
            if word is None or to is None or word == to:
                continue
            if named.partition(":")[0] == relation:
                yield to, word


def _words_of(
    sentence: Sentence, place: Sequence[int | None], upos: Iterable[str]
) -> frozenset[int | None]:
    """The words in which there is a node of one of these parts of speech."""
    return frozenset(
        word for word, node in zip(place, sentence.nodes, strict=True) if node.upos in upos
    )


def _last(candidates: Sequence[int], among: Iterable[int | None]) -> int | None:
    """The candidate nearest to the word, among some."""
    return max((i for i in among if i in candidates), default=None)  # type: ignore[type-var]
