"""Treebanks in CoNLL-U, written of sentences made by rule."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from attnviz.analysis.annotated import Sentence


def write_treebank(path: Path, sentences: Iterable[Sentence]) -> str:
    """Write sentences as a document each; the name of the file."""
    lines = []
    for number, sentence in enumerate(sentences):
        lines += [f"# newdoc id = {number}", "# global.Entity = GRP"]
        marks = {m.head: f"Entity=({m.chain})" for m in sentence.mentions}
        for at, n in enumerate(sentence.nodes):
            glued = at + 1 < len(sentence.nodes) and sentence.nodes[at + 1].start == n.end
            misc = "|".join(filter(None, [marks.get(at), "SpaceAfter=No" if glued else ""])) or "_"
            row = [at + 1, n.form, "_", n.upos, "_", "_", n.head + 1, n.relation, "_", misc]
            lines.append("\t".join(map(str, row)))
        lines.append("")
    path.write_text("\n".join(lines) + "\n")
    return path.name
