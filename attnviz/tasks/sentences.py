"""The sentences of a text: Markdown is read first, then paragraphs are split where they end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from attnviz.brief import brief

CLOSING = "[\"'”’»)\\]]*"
NOTES = r"(?:\s?\[\d+\])*"  # [1] behind a sentence belongs to it
LOWER = r"(?<=[a-z]{3})(?<!\betc)(?<!\bincl)(?<!\bresp)(?<!\besp)(?<!pprox)"
ENDS = re.compile(
    rf"(?<![.!?…])[.!?…]*[!?][.!?…]*{CLOSING}{NOTES}(?=\s)"  # a question, whatever follows
    rf"|(?<![.…])[.…]+{CLOSING}{NOTES}(?=\s+[^a-z\s])"  # a period; before a word in lower case,
    rf"|{LOWER}\.{CLOSING}(?=\s+[a-z])"  # only behind a word that is not cut short
    r"|[。！？｡]+[」』”’）)]*|[؟۔।॥]+"
)
# Words whose period ends no sentence, and initials as in "J. Smith".
SHORT = re.compile(
    r"(?:^|[\s(\[])(?:[A-Z]|(?:[A-Za-z]\.)+[A-Za-z]|"
    "[Mm]r|[Mm]rs|[Mm]s|[Dd]rs?|[Pp]rof|St|Jr|Sr|Gen|Gov|Sen|Rep|Col|Lt|Capt|Inc|Ltd|Co|Corp|"
    "[Vv]ol|pp|[Ff]igs?|[Ee]qs?|[Ss]ecs?|[Rr]efs?|cf|al|vs|[Aa]pprox|resp|"
    r"Jan|Feb|Mar|Apr|Aug|Sept?|Oct|Nov|Dec)\.$"
)
NUMBERED = re.compile(r"(?:^|[\s(\[])(?:[Nn]os?|c|ca)\.$")  # before a number alone
LONGEST_SHORT = 12


class Sentence(NamedTuple):
    """A sentence by its place in the document's text, and the number of its paragraph."""

    start: int
    end: int
    paragraph: int


class Document(NamedTuple):
    """A text without its markup, paragraphs with a blank line between them, and its sentences."""

    text: str
    sentences: tuple[Sentence, ...]

    def __repr__(self) -> str:
        return brief(self)

    def written(self, n: int) -> str:
        """The words of one sentence."""
        return self.text[self.sentences[n].start : self.sentences[n].end]


def read_document(source: str) -> Document:
    """The sentences of plain text or Markdown.

    Headings, code, tables, images and HTML are left out; of links and emphasis the words stay.
    """
    text = ""
    sentences = []
    for number, paragraph in enumerate(_paragraphs(source)):
        at = len(text) + 2 * bool(text)
        text = f"{text}\n\n{paragraph}" if text else paragraph
        sentences += [Sentence(at + start, at + end, number) for start, end in split(paragraph)]
    return Document(text, tuple(sentences))


def split(paragraph: str) -> Iterator[tuple[int, int]]:
    """Start and end of each sentence of a paragraph, without the space around it."""
    start = 0
    for end in _ends(paragraph):
        piece = paragraph[start:end]
        if any(map(str.isalnum, piece)):
            yield start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
            start = end


def _ends(paragraph: str) -> Iterator[int]:
    for found in ENDS.finditer(paragraph):
        before = paragraph[max(found.start() + 1 - LONGEST_SHORT, 0) : found.start() + 1]
        if found[0].startswith(".") and SHORT.search(before):
            continue
        behind = paragraph[found.end() : found.end() + LONGEST_SHORT].lstrip()
        if NUMBERED.search(before) and behind[:1].isdigit():
            continue
        yield found.end()
    yield len(paragraph)


def _paragraphs(source: str) -> Iterator[str]:
    """The running text of each paragraph and list item, its spaces made single."""
    markdown = MarkdownIt("commonmark").enable("table").disable("code")
    inside: list[str] = []
    for token in markdown.parse(_without_front_matter(source)):
        if token.type in ("heading_open", "table_open"):
            inside.append(token.type)
        elif token.type in ("heading_close", "table_close"):
            inside.pop()
        elif token.type == "inline" and not inside:
            words = "".join(map(_words, token.children or ())).split()
            if words:
                yield " ".join(words)


def _words(token: Token) -> str:
    if token.type in ("softbreak", "hardbreak"):
        return " "
    return token.content if token.type in ("text", "code_inline", "text_special") else ""


def _without_front_matter(source: str) -> str:
    """The text behind the YAML that some Markdown files begin with."""
    found = re.match(r"---\n(?:.*\n)*?---\n", source[: 1 << 16])
    return source[found.end() :] if found else source
