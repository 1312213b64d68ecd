"""What results say and show of themselves: answers, links, figures, pages and files."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from attnviz import findings
from attnviz.analysis.answers import WordAttention
from attnviz.analysis.claims import Claim, pronoun_claims
from attnviz.analysis.words import merge_words
from attnviz.display.choices import asked
from attnviz.display.figures import draw, figure, png
from attnviz.display.pages import html, page
from attnviz.display.saving import document_of, save, write_found
from attnviz.errors import InputError
from attnviz.result import AttentionResult, Link

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = [
    "ask", "claims", "dataframe", "document_of", "draw", "figure", "html", "links", "page", "png",
    "save", "who", "words", "write_found",
]  # fmt: skip


def ask(result: AttentionResult, word: str, **choices: Any) -> WordAttention:
    """Where a word looks; ``choices`` are layer, head, map, tokens and special, as in ``figure``.

    Raises UnknownWord for a word that is not there.
    """
    return asked(result, choices, ask=[word]).answers[0]


def claims(result: AttentionResult) -> list[Claim]:
    """What each third-person pronoun of a short text refers to, by the model's own lens."""
    return pronoun_claims(result, findings.of(result.model))


def who(result: AttentionResult, word: str, **choices: Any) -> WordAttention:
    """Who looks at a word: ``ask`` turned around. Raises UnknownWord for one that is not there."""
    return asked(result, choices, who=[word]).answers[0]


def links(result: AttentionResult, **choices: Any) -> list[Link]:
    """The strongest links between words, over all heads that were chosen; choices as in ``ask``."""
    return asked(result, choices).links


def words(result: AttentionResult) -> AttentionResult:
    """The same attention between words (Clark et al. 2019, sec. 2); hidden states are left out."""
    return merge_words(result)


def dataframe(result: AttentionResult) -> DataFrame:
    """One weight a row, with the columns of CSV files; needs pandas."""
    try:
        import pandas
    except ImportError:
        raise InputError("a data frame needs pandas; pip install pandas brings it") from None
    from attnviz.document import write_csv

    rows = BytesIO()
    write_csv(result, rows)
    return pandas.read_csv(BytesIO(rows.getvalue()), keep_default_na=False)
