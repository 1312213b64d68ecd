"""attnviz/README.md: what it names is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from attnviz.cli.formats import FORMATS

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "attnviz" / "README.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([\w/.]+(?:/|\.py|\.md|\.toml))(?:: (\w+))?`", PAGE)))
TOOLS = sorted(set(re.findall(r"python -m (tests(?:\.\w+)*)", PAGE)))


def names_in(path: Path) -> set[str]:
    """What a module defines: functions, classes, methods and constants."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    defined = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assigned = {
        target.id
        for node in nodes
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    return defined | assigned


@pytest.mark.parametrize(("path", "name"), NAMED, ids=": ".join)
def test_every_file_and_name_is_there(path: str, name: str) -> None:
    if "NAME" in path:  # a file to be written
        path = str(Path(path).parent)
    found = [root / path for root in (ROOT / "attnviz", ROOT) if (root / path).exists()]
    assert found
    assert not name or name in names_in(found[0])


@pytest.mark.parametrize("tool", TOOLS)
def test_every_tool_is_there(tool: str) -> None:
    path = ROOT.joinpath(*tool.split("."))
    assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()


def test_every_format_is_told_where_it_is_chosen() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    options = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "attnviz" / "cli").glob("*.py")
    )
    (told,) = re.findall(r'help="Write a (.*?)\. Repeatable', options)
    assert re.findall(r"\.\w+", told) == list(FORMATS)
    table = "".join(line for line in readme.splitlines() if line.startswith("| `."))
    assert re.findall(r"`(\.\w+)`", table) == list(FORMATS)
