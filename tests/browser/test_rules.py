"""The rules that the page repeats, in its JavaScript; tests/render/test_rules.py asks Python."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest

from attnviz.render.colour import palettes_text
from tests.support.rules import RULES

SCRIPTS = ("dom.js", "units.js", "state.js", "colours.js", "scene.js", "grid.js")


@pytest.fixture
def ask(quiet):
    """What a script returns for each case, among the page's own functions."""
    folder = files("attnviz.render") / "assets" / "page"
    functions = "\n".join((folder / name).read_text(encoding="utf-8") for name in SCRIPTS)
    quiet.get("about:blank")

    def asked(cases: list[Any], each: str) -> list[Any]:
        tables = json.loads(palettes_text())["tables"]
        script = f"{functions}\nconst [cases, tables] = arguments;\nreturn cases.map({each});"
        return list(quiet.execute_script(script, cases, tables))

    return asked


def test_weights_have_the_same_colours(ask):
    found = ask(
        RULES["scale"],
        """({ choice, weights, signed, levels }) => {
            const range = { lowest: Math.min(...weights, 0), highest: Math.max(...weights, 0) };
            const scale = scaleOf(choice, range, signed);
            return {
                ends: [scale.low, scale.high],
                clipped: scale.clipped,
                ticks: ticksOf(scale),
                levels: levels.map(([weight]) => [weight, levelOf(shareOn(scale, weight))]),
            };
        }""",
    )
    for case, one in zip(RULES["scale"], found, strict=True):
        assert one.pop("ticks") == pytest.approx(case["ticks"])
        assert one == {name: case[name] for name in ("ends", "clipped", "levels")}


def test_palettes_have_the_same_tables(ask):
    found = ask(
        RULES["table"],
        """({ palette, ground, signed, rows }) => {
            const table = (signed ? signedTableOf : tableOf)(tables, palette, ground);
            return [table.length, rows.map(([i]) => [i, table[i]])];
        }""",
    )
    assert found == [[256, case["rows"]] for case in RULES["table"]]


def test_the_same_colours_are_dark(ask):
    assert ask(RULES["dark"], "([rgb]) => isDark(rgb)") == [dark for _, dark in RULES["dark"]]


def test_the_same_weight_of_a_block_is_seen(ask):
    found = ask(
        RULES["pool"],
        """({ values, rows, columns }) => {
            const grid = { values: values.flat(), height: values.length, width: values[0].length };
            return [...pooled(grid, rows, columns).values];
        }""",
    )
    wanted = [[value for row in case["pooled"] for value in row] for case in RULES["pool"]]
    assert found == [pytest.approx(values) for values in wanted]


def test_a_word_asked_for_is_the_same(ask):
    found = ask(
        RULES["occurrence"],
        """({ words, asked }) => {
            const units = words.map((text) => ({ label: text, text }));
            const at = units.indexOf(findUnit(units, asked));
            return at < 0 ? null : at;
        }""",
    )
    assert found == [case["found"] for case in RULES["occurrence"]]


def test_numbers_read_the_same(ask):
    assert ask(RULES["short"], "([value]) => short(value)") == [text for _, text in RULES["short"]]
    shares = [text for _, text in RULES["percent"]]
    assert ask(RULES["percent"], "([share]) => percent(share)") == shares
