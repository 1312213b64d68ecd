"""Who may import whom, and what may be imported before it is needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "attnviz"

# Each part with the parts of attnviz it may import; its own and errors always.
ARROWS: dict[str, set[str]] = {
    "": {
        *("errors", "from_arrays", "result", "model", "probing", "cutting", "comparing"),
        *("corpus", "display", "showing", "_version"),
    },
    "from_arrays": {"labelling", "result", "tokenizer"},
    "_version": set(),
    "brief": set(),  # what can be said everywhere: what data is
    "cores": set(),  # what can be asked everywhere: how many may be used
    "errors": set(),
    "lazy": set(),  # what can be made everywhere when it is looked at
    "memory": set(),  # what can be asked everywhere: how much of it is free
    "showing": set(),
    "output": set(),
    "stderr": set(),  # what all may speak to
    "result": {"showing"},
    "core": set(),
    "families": {"core", "checkpoint", "result"},
    "checkpoint": {"result"},
    "labelling": {"result"},
    "tokenizer": {"checkpoint", "labelling", "result", "stderr"},
    "analysis": {"result", "showing", "core"},
    "corpus": {"analysis", "core", "model", "output", "result"},
    "findings": {"analysis", "checkpoint", "result"},
    "probing": {"analysis", "corpus", "findings", "model", "result"},
    "cutting": {"analysis", "findings", "model", "result"},
    "comparing": {"analysis", "findings", "model", "result"},
    "render": {"analysis", "result"},
    "document": {"analysis", "labelling", "render", "result", "_version"},
    "model": {"analysis", "core", "findings", "families", "tokenizer", "checkpoint", "result"},
    "tasks": {"analysis", "checkpoint", "model", "result"},
    "models": {"model", "result", "tasks"},
    "catalogue": {"core", "families", "tokenizer", "checkpoint"},
    "display": {"analysis", "document", "findings", "output", "render", "result"},
    "cli": {
        "_version",
        "analysis",
        "catalogue",
        "comparing",
        "corpus",
        "cutting",
        "document",
        "findings",
        "from_arrays",
        "probing",
        "model",
        "output",
        "render",
        "result",
        "stderr",
        "tasks",
        "display",
    },
    "__main__": {"cli"},
}
# A chat template raises whatever Python can, in a process of its own; the tokenizers library raises
# bare Exception, and its panics are not even that; at its outermost the program says a sentence of
# whatever nobody foresaw.
WARY = {
    PACKAGE / path
    for path in ("tokenizer/chat_process.py", "tokenizer/guard.py", "cli/failures.py")
}
# What it unpickles is what processes answer that it has begun itself.
SPEAKS_PICKLES = PACKAGE / "corpus/processes.py"
# What made a model's weights needs torch; it stands beside them and is no part of the program.
MAKERS = set(PACKAGE.glob("models/*/make.py"))
FILES = sorted(set(PACKAGE.rglob("*.py")) - MAKERS)
NAMES = [str(path.relative_to(PACKAGE)) for path in FILES]


def part(module: str) -> str:
    """The part of attnviz a module belongs to: ``attnviz.core.layer`` is core's."""
    return module.partition(".")[2].partition(".")[0]


def imports(tree: ast.AST) -> Iterator[str]:
    """Everything imported anywhere in a file, in functions and under TYPE_CHECKING too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            for alias in node.names:
                deeper = f"{node.module}.{alias.name}"
                whole = is_module(deeper) or node.module == "attnviz"
                yield deeper if whole else str(node.module)


def is_module(name: str) -> bool:
    path = PACKAGE.parent.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_imports_go_one_way(path):
    module = ".".join(["attnviz", *path.relative_to(PACKAGE).with_suffix("").parts])
    own = "" if module == "attnviz.__init__" else part(module)
    allowed = ARROWS[own] | {own, "brief", "cores", "errors", "lazy", "memory"}
    found = {name for name in imports(tree_of(path)) if name.split(".")[0] == "attnviz"}
    assert {name for name in found if part(name) not in allowed} == set()


def test_there_is_no_circle():
    """A graph with a circle has no order; the package's face is on top of it."""
    order = list(TopologicalSorter(ARROWS).static_order())
    assert order.index("errors") < order.index("result") < order.index("display")


def test_no_import_hides_in_a_string():
    """Unless it is looked up in a table: public names, commands, and families."""
    hiding = {
        str(path.relative_to(PACKAGE))
        for path in FILES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Name | ast.Attribute)
        and ast.unparse(node) in ("import_module", "importlib.import_module", "__import__")
    }
    assert hiding == {"__init__.py", "cli/__init__.py", "families/__init__.py"}


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_nothing_is_asserted_unpickled_or_caught_wholesale(path):
    for node in ast.walk(tree_of(path)):
        assert not isinstance(node, ast.Assert)
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else "everything"
            assert path in WARY or caught not in ("everything", "Exception", "BaseException")
    pickle = set() if path == SPEAKS_PICKLES else {"pickle"}
    assert not ({"torch", "transformers"} | pickle) & set(imports(tree_of(path)))


CORE = sorted(PACKAGE.joinpath("core").glob("*.py"))


def test_the_core_can_be_read_in_an_hour():
    lines = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in CORE}
    assert sum(lines.values()) <= 2000, lines


@pytest.mark.parametrize("path", CORE, ids=[path.name for path in CORE])
def test_no_function_of_the_core_is_longer_than_a_screen(path):
    functions = (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef))
    assert [f.name for f in functions if (f.end_lineno or 0) - f.lineno >= 40] == []


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_every_module_says_what_lives_here(path):
    assert ast.get_docstring(tree_of(path))


def loaded(*command: str) -> set[str]:
    """The top-level packages that a program has loaded when it ends."""
    said = subprocess.run(
        [sys.executable, "-X", "importtime", *command], capture_output=True, text=True, check=True
    )
    times = [line for line in said.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().split(".")[0] for line in times}


HEAVY = {
    *("numpy", "matplotlib", "rich", "tokenizers", "huggingface_hub", "pydantic"),
    *("orjson", "wcwidth", "jinja2"),
}


@pytest.mark.parametrize(
    "command",
    [
        ["-c", "import attnviz"],
        *(["-m", "attnviz", *more] for more in ([], ["--help"], ["run", "-h"])),
    ],
    ids=" ".join,
)
def test_nothing_heavy_is_loaded_before_it_is_needed(command):
    assert loaded(*command) & HEAVY == set()


def test_completion_loads_nothing_heavy(monkeypatch):
    monkeypatch.setenv("_ATTNVIZ_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "attnviz run --pal")
    monkeypatch.setenv("COMP_CWORD", "2")
    assert loaded("-c", "from attnviz.cli import main; main()") & HEAVY == set()
