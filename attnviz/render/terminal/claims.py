"""What lenses say, as paragraphs whose words from the text stand out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.segment import Segments

from attnviz.analysis.claims import Claim
from attnviz.render.claims import parts_of_claim
from attnviz.render.terminal.colours import plain
from attnviz.render.terminal.lines import Line, Piece, paragraph, picture
from attnviz.render.terminal.screen import Screen


def claims(said: Sequence[Claim], screen: Screen) -> Segments:
    """A sentence for each claim."""
    return picture(claim_lines(said, screen))


def claim_lines(said: Sequence[Claim], screen: Screen) -> list[Line]:
    """A paragraph for each claim."""
    return [line for claim in said for line in paragraph(_pieces(claim, screen), screen)]


def _pieces(claim: Claim, screen: Screen) -> Iterator[Piece]:
    touching = False
    for part in parts_of_claim(claim):
        style = plain(screen, bold=True) if part.quoted else None
        words = [part.text] if part.quoted else part.text.split()
        for at, word in enumerate(words):
            glued = at == 0 and touching and not part.text.startswith(" ")
            yield Piece(screen.writable(word), style, glued)
        touching = not part.text.endswith(" ")
