"""Treebanks in CoNLL-U: words, their heads and relations and, where annotated, coreference."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from attnviz.analysis.annotated import Mention, Node, Sentence
from attnviz.corpus.lines import Refuse, Text, refuse
from attnviz.errors import InputError, quote

COLUMNS = 10
ID, FORM, UPOS, HEAD, RELATION, DEPS, MISC = 0, 1, 3, 6, 7, 8, 9
ENHANCED = re.compile(r"([1-9]\d{0,8}):([^|]+)", re.ASCII)
CONTROLLED = "xsubj"
"""In a relation: the subject of what depends on the verb that has it, which no word there shows."""
ENTITY = re.compile(r"\((?P<open>[^()]+)(?P<single>\))?|(?P<close>[^()]+)\)")
"""Marks of an Entity attribute: ``(e1-person-1-``, ``e1)``, ``(e1-person-1-)``."""


Row = tuple[int, list[str]]
"""The number of a line and its columns."""


def read_conllu(lines: Iterable[Text], name: str, tell: Refuse = refuse) -> Iterator[Sentence]:
    """The sentences of a CoNLL-U file (universaldependencies.org/format), one by one.

    ``lines`` come with their numbers. Coreference is read from ``Entity=`` in MISC, as CorefUD
    1.0 and GUM write it. Multiword tokens give the text; empty nodes are left out. A sentence
    with a line that is not CoNLL-U is named to ``tell`` and, where that returns, skipped.
    """
    document = ""
    fields: Sequence[str] = ("eid",)
    for comments, rows in _blocks(lines):
        for key, value in comments:
            if key in ("newdoc id", "newdoc"):
                document = value
            elif key == "global.Entity":
                fields = value.split("-")
        if rows:
            try:
                sentence = _sentence(rows, document, fields)
            except _BadLine as bad:
                tell(InputError(f"line {bad.number} of {quote(name)} {bad}"))
                continue
            yield sentence


class _BadLine(Exception):
    """A line that is not CoNLL-U, by its number."""

    def __init__(self, number: int, what: str) -> None:
        super().__init__(what)
        self.number = number


def _blocks(
    lines: Iterable[Text],
) -> Iterator[tuple[list[tuple[str, str]], list[Row]]]:
    """What stands between empty lines: comments as key and value, and rows."""
    comments: list[tuple[str, str]] = []
    rows: list[Row] = []
    for line, number in lines:
        if not line.strip():
            yield comments, rows
            comments, rows = [], []
        elif line.startswith("#") and not rows:
            key, _, value = line[1:].partition("=")
            comments.append((key.strip(), value.strip()))
        else:
            rows.append((number or 0, line.split("\t")))
    yield comments, rows


def _sentence(rows: Sequence[Row], document: str, fields: Sequence[str]) -> Sentence:
    text, covered, span = "", 0, (0, 0)
    nodes: list[Node] = []
    entities: list[str] = []
    for number, columns in rows:
        _check(number, columns, len(nodes))
        first, _, last = columns[ID].partition("-")
        if "." in first:
            continue
        if last or int(first) > covered:
            span = (len(text), len(text) + len(columns[FORM]))
            text += columns[FORM] + ("" if _misc(columns[MISC], "SpaceAfter") == "No" else " ")
        if last:
            covered = int(last)
            continue
        head = int(columns[HEAD]) - 1
        shared = tuple(_shared(columns[DEPS], head))
        nodes.append(Node(columns[FORM], columns[UPOS], head, columns[RELATION], *span, shared))
        entities.append(_misc(columns[MISC], "Entity"))
    if any(node.head >= len(nodes) for node in nodes):
        raise _BadLine(rows[0][0], "begins a sentence in which a head is no word of it")
    mentions = tuple(_mentions(entities, nodes, fields))
    return Sentence(text.rstrip(), tuple(nodes), mentions, document, rows[0][0])


def _check(number: int, columns: Sequence[str], n_nodes: int) -> None:
    """Refuse a row that is not CoNLL-U behind ``n_nodes`` words."""
    if len(columns) != COLUMNS:
        raise _BadLine(number, f"has {len(columns)} columns where CoNLL-U has {COLUMNS}")
    if not re.fullmatch(r"\d+|\d+-\d+|\d+\.\d+", columns[ID], re.ASCII):
        raise _BadLine(number, f"begins with {quote(columns[ID])}, which is no number of a word")
    if columns[ID].isdigit():
        if int(columns[ID]) != n_nodes + 1:
            raise _BadLine(number, f"is word {columns[ID]} where {n_nodes + 1} comes next")
        if not re.fullmatch(r"\d+", columns[HEAD], re.ASCII):
            raise _BadLine(number, f"has the head {quote(columns[HEAD])}, which is no number")


def _shared(column: str, head: int) -> Iterator[tuple[int, str]]:
    """The enhanced dependencies on words other than the head; not of controlled subjects."""
    for found in map(ENHANCED.fullmatch, column.split("|")):
        one = int(found[1]) - 1 if found else head
        if found and one != head and CONTROLLED not in found[2].split(":"):
            yield one, found[2]


def _misc(column: str, key: str) -> str:
    """The value of an attribute, empty where there is none."""
    return next((v for k, _, v in (p.partition("=") for p in column.split("|")) if k == key), "")


def _mentions(
    entities: Sequence[str], nodes: Sequence[Node], fields: Sequence[str]
) -> Iterator[Mention]:
    """The mentions in the order in which they end; what begins or ends elsewhere is left out."""
    opened: dict[str, list[tuple[int, int | None]]] = {}
    for at, marks in enumerate(entities):
        for mark in ENTITY.finditer(marks):
            chain = mark["close"]
            if mark["open"]:
                values = dict(zip(fields, mark["open"].split("-"), strict=False))
                chain = mark["open"].split("-")[0]
                told = values.get("head", "")
                head = at + int(told) - 1 if re.fullmatch(r"[1-9]\d{0,4}", told) else None
                opened.setdefault(chain, []).append((at, head))
            if (mark["single"] or mark["close"]) and opened.get(chain):
                start, head = opened[chain].pop()
                if head is None or head > at:
                    head = _head(nodes, start, at)
                yield Mention(chain.partition("[")[0], start, at, head)


def _head(nodes: Sequence[Node], start: int, end: int) -> int:
    """The first node of a span whose own head lies outside it."""
    span = range(start, end + 1)
    return next((i for i in span if nodes[i].head not in span), start)
