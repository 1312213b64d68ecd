"""Tables of keys and of terms on the page of a walk; every number as the terminal writes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape

from attnviz.analysis.explain import Explanation
from attnviz.render.explained_numbers import KeyTable, Sum
from attnviz.render.page.walk_svg import signed_bar

Picture = Callable[[int], str]
"""What is drawn of a key, by its place."""
HIDDEN_KEY = "gone"


def key_table(
    walk: Explanation,
    table: KeyTable,
    columns: Mapping[str, str],
    pictures: Mapping[str, Picture],
    *,
    first: str = "",
    last: str = "",
) -> str:
    """A row for each key with these columns of a table, by the names they get, each its picture.

    A picture stands right of the column of its name; ``first`` and ``last`` are rows of their own.
    """
    cells = [f'<th scope="col">{escape(name)}</th>' for name in columns.values()]
    heads = _woven(columns, cells, dict.fromkeys(pictures, '<th class="drawn"></th>'))
    rows = [f'<tr><th scope="col">key</th>{heads}</tr>', first]
    for key, name, entries in table.rows:
        found = dict(zip(table.columns, entries, strict=True))
        numbers = [f'<td class="number">{found[column]}</td>' for column in columns]
        drawn = {column: f'<td class="drawn">{draw(key)}</td>' for column, draw in pictures.items()}
        gone = "" if walk.visible[key] else f" {HIDDEN_KEY}"
        rows.append(
            f'<tr class="key{gone}" data-key="{key}"><th scope="row">{key_button(key, name)}</th>'
            f"{_woven(columns, numbers, drawn)}</tr>"
        )
    named = f"{table.n_others} others"
    rows += [_summed(table, name, sums, columns, pictures) for name, sums in (
        (named, table.others), ("sum", table.total))]  # fmt: skip
    return f'<div class="scroll"><table class="keys">{"".join(rows)}{last}</table></div>'


def term_table(found: Sum) -> str:
    """The largest products of a sum with their factors, what the others add, and the whole."""
    top = max(abs(_number(term.product)) for term in (*found.terms, found.rest or found.total))
    rows = [
        f'<tr><th scope="row">{escape(term.name)}</th><td class="number">{term.left}</td>'
        f'<td class="number">{term.right}</td>'
        f'<td class="drawn">{signed_bar(_number(term.product) / (top or 1))}</td>'
        f'<td class="number">{term.product}</td></tr>'
        for term in (*found.terms, *([found.rest] if found.rest else []))
    ]
    total = found.total
    rows.append(
        f'<tr class="total"><th scope="row">{escape(total.name)}</th><td></td><td></td><td></td>'
        f'<td class="number">{total.product}</td></tr>'
    )
    return f'<div class="scroll"><table class="terms">{"".join(rows)}</table></div>'


def key_button(key: int, name: str) -> str:
    """The name of a key, which can be chosen."""
    return f'<button type="button" data-key="{key}"><bdi>{escape(name)}</bdi></button>'


def _woven(columns: Mapping[str, str], cells: Sequence[str], drawn: Mapping[str, str]) -> str:
    """Cells in order, each with its picture behind it."""
    before = drawn.get("", "")
    woven = [cell + drawn.get(column, "") for column, cell in zip(columns, cells, strict=True)]
    return before + "".join(woven)


def _summed(
    table: KeyTable,
    name: str,
    sums: Sequence[str],
    columns: Mapping[str, str],
    pictures: Mapping[str, Picture],
) -> str:
    """The row of what other keys, or all, sum to; nothing where none of these columns has one."""
    found = dict(zip(table.columns, sums, strict=False))
    numbers = [found.get(column, "") for column in columns]
    if not any(numbers):
        return ""
    cells = [f'<td class="number">{number}</td>' for number in numbers]
    drawn = dict.fromkeys(pictures, '<td class="drawn"></td>')
    return f'<tr class="total"><th scope="row">{name}</th>{_woven(columns, cells, drawn)}</tr>'


def _number(text: str) -> float:
    return float(text.replace("−", "-"))
